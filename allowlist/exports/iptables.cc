// iptables-restore(8): a chain of its own, which --noflush replaces and nothing else.

#include <fmt/format.h>

#include "allowlist/exports/export.h"

namespace fwprobe::allowlist {
namespace {

/// " --dport 443" or " -m multiport --dports 22,443": iptables-extensions(8) takes 15 ports a rule, a range
/// counts for two.
std::vector<std::string> matches(const RuleGroup& group) {
  constexpr int most = 15;
  if (group.ports.empty()) return {""};
  if (group.ports.size() == 1) return {" --dport " + text(group.ports.front(), ":")};
  std::vector<std::string> all;
  int slots = most;
  for (const auto& range : group.ports) {
    const int needed = range.first == range.last ? 1 : 2;
    if (slots + needed > most) {
      all.emplace_back(" -m multiport --dports ");
      slots = 0;
    } else {
      all.back() += ',';
    }
    all.back() += text(range, ":");
    slots += needed;
  }
  return all;
}

std::string restore(const Export& wanted, std::string_view program,
                    std::vector<Prefix> (*prefixes)(const RuleGroup& group)) {
  constexpr std::size_t longest = 28;  // XT_EXTENSION_MAXNAMELEN less its end
  const bool inbound = wanted.list.direction == Direction::inbound;
  const auto chain = short_name(wanted.name, "", longest);
  auto lines =
      fmt::format("# {}\n# {}-restore --noflush FILE, and once: {} -I {} -j {}\n*filter\n:{} - [0:0]\n",
                  heading(wanted), program, program, inbound ? "INPUT" : "OUTPUT", chain, chain);
  for (const auto& group : wanted.groups)
    for (const auto& match : matches(group))
      for (const auto& prefix : prefixes(group))
        lines += fmt::format("-A {} {} {} -p {}{} -j ACCEPT\n", chain, inbound ? "-s" : "-d", prefix.text(),
                             protocol_name(group.protocol), match);
  return lines + "COMMIT\n";
}

}  // namespace

std::string export_iptables(const Export& wanted) { return restore(wanted, "iptables", prefixes4); }
std::string export_ip6tables(const Export& wanted) { return restore(wanted, "ip6tables", prefixes6); }

}  // namespace fwprobe::allowlist
