// nft(8): in one file, so in one transaction; loading it again replaces what the list was before.

#include <fmt/format.h>

#include "allowlist/exports/export.h"

namespace fwprobe::allowlist {
namespace {

constexpr std::string_view table = "inet filter";

/// "tcp dport { 22, 443 }"
std::string match(const RuleGroup& group) {
  if (group.ports.empty()) return fmt::format("meta l4proto {}", protocol_name(group.protocol));
  std::string ports;
  for (const auto& range : group.ports) ports += (ports.empty() ? "" : ", ") + text(range);
  return fmt::format("{} dport {{ {} }}", protocol_name(group.protocol), ports);
}

std::string set_lines(std::string_view name, std::string_view type, const std::vector<Prefix>& prefixes) {
  auto lines =
      fmt::format("add set {0} {1} {{ type {2}; flags interval; }}\nflush set {0} {1}\n", table, name, type);
  lines += fmt::format("add element {} {} {{\n", table, name);
  for (const auto& prefix : prefixes) lines += fmt::format("  {},\n", prefix.text());
  return lines + "}\n";
}

}  // namespace

std::string export_nftables(const Export& wanted) {
  constexpr std::size_t longest = 120;
  const bool inbound = wanted.list.direction == Direction::inbound;
  const auto chain = short_name(wanted.name, "", longest);
  auto text = fmt::format(
      "# {}\n"
      "# nft -f FILE, and once: nft insert rule {} {} jump {}\n"
      "add table {}\nadd chain {} {}\nflush chain {} {}\n",
      heading(wanted), table, inbound ? "input" : "output", chain, table, table, chain, table, chain);
  for (std::size_t i = 0; i < wanted.groups.size(); ++i) {
    const auto& group = wanted.groups[i];
    const auto number = wanted.groups.size() == 1 ? "" : fmt::format("_{}", i + 1);
    const auto add = [&](std::string_view family, std::string_view type, const std::vector<Prefix>& prefixes,
                         std::string_view suffix) {
      if (prefixes.empty()) return;
      const auto set = short_name(wanted.name, fmt::format("{}{}", number, suffix), longest);
      text += set_lines(set, type, prefixes);
      text += fmt::format("add rule {} {} {} {} @{} {} accept\n", table, chain, family,
                          inbound ? "saddr" : "daddr", set, match(group));
    };
    add("ip", "ipv4_addr", prefixes4(group), "_v4");
    add("ip6", "ipv6_addr", prefixes6(group), "_v6");
  }
  return text;
}

}  // namespace fwprobe::allowlist
