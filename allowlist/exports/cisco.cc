// Cisco IOS: extended access lists. IPv4 has wildcard masks; IPv6 a list of its own, with prefixes.

#include <algorithm>
#include <cctype>

#include <fmt/format.h>

#include "allowlist/exports/export.h"

namespace fwprobe::allowlist {
namespace {

/// "host 192.0.2.1", "192.0.2.0 0.0.0.255"
std::string wildcard(const Prefix& prefix) {
  if (prefix.length() == 32) return "host " + prefix.network().to_string();
  const auto mask = prefix.last().to_v4().to_uint() ^ prefix.network().to_v4().to_uint();
  return fmt::format("{} {}", prefix.network().to_string(), asio::ip::address_v4{mask}.to_string());
}

std::string prefix_text(const Prefix& prefix) { return prefix.text(); }

std::string port_match(const PortRange& range) {
  return range.first == range.last ? fmt::format(" eq {}", range.first)
                                   : fmt::format(" range {} {}", range.first, range.last);
}

std::string entries(const Export& wanted, std::vector<Prefix> (*prefixes)(const RuleGroup& group),
                    std::string (*address)(const Prefix& prefix)) {
  const bool inbound = wanted.list.direction == Direction::inbound;
  std::string lines;
  for (const auto& group : wanted.groups)
    for (const auto& prefix : prefixes(group)) {
      const auto line =
          inbound ? fmt::format(" permit {} {} any", protocol_name(group.protocol), address(prefix))
                  : fmt::format(" permit {} any {}", protocol_name(group.protocol), address(prefix));
      if (group.ports.empty()) lines += line + "\n";
      for (const auto& range : group.ports) lines += line + port_match(range) + "\n";
    }
  return lines;
}

}  // namespace

/// A list replaces the one that was loaded before. Emptied, it keeps a rule: an access list without any, or
/// one that is gone, lets everything through where it is applied.
std::string export_cisco(const Export& wanted) {
  constexpr std::size_t longest = 64;
  constexpr std::size_t longest_remark = 100;
  auto name = wanted.name;
  std::ranges::transform(name, name.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  std::string lines;
  const auto remark = heading(wanted, longest_remark);
  const auto v4 = entries(wanted, prefixes4, wildcard);
  lines += fmt::format("no ip access-list extended {0}\nip access-list extended {0}\n remark {1}\n{2}",
                       short_name(name, "", longest), remark, v4.empty() ? " deny ip any any\n" : v4);
  // What stands unwritten at the end of each IPv6 list: neighbours are found by ICMP.
  constexpr std::string_view nothing =
      " permit icmp any any nd-na\n permit icmp any any nd-ns\n deny ipv6 any any\n";
  const auto v6 = entries(wanted, prefixes6, prefix_text);
  lines += fmt::format("no ipv6 access-list {0}\nipv6 access-list {0}\n remark {1}\n{2}",
                       short_name(name, "-V6", longest), remark, v6.empty() ? nothing : v6);
  return lines + "exit\n";
}

}  // namespace fwprobe::allowlist
