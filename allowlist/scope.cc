#include <array>
#include <ranges>

#include "allowlist/prefix.h"
#include "allowlist/public_addresses.h"

namespace fwprobe::allowlist {
namespace {

struct Row {
  const char* prefix;
  Scope scope;
};

/// IANA IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890 and its updates), the more specific rows
/// first.
constexpr Row rows[] = {
    {"0.0.0.0/8", Scope::unspecified},          // RFC 791 §3.2, "this network"
    {"10.0.0.0/8", Scope::private_use},         // RFC 1918
    {"100.64.0.0/10", Scope::shared},           // RFC 6598
    {"127.0.0.0/8", Scope::loopback},           // RFC 1122 §3.2.1.3
    {"169.254.0.0/16", Scope::link_local},      // RFC 3927
    {"172.16.0.0/12", Scope::private_use},      // RFC 1918
    {"192.0.0.9/32", Scope::global},            // RFC 7723
    {"192.0.0.10/32", Scope::global},           // RFC 8155
    {"192.0.0.0/24", Scope::reserved},          // RFC 6890 §2.1
    {"192.0.2.0/24", Scope::documentation},     // RFC 5737
    {"192.168.0.0/16", Scope::private_use},     // RFC 1918
    {"198.18.0.0/15", Scope::reserved},         // RFC 2544
    {"198.51.100.0/24", Scope::documentation},  // RFC 5737
    {"203.0.113.0/24", Scope::documentation},   // RFC 5737
    {"224.0.0.0/4", Scope::multicast},          // RFC 5771
    {"240.0.0.0/4", Scope::reserved},           // RFC 1112 §4
    {"::/128", Scope::unspecified},             // RFC 4291
    {"::1/128", Scope::loopback},               // RFC 4291
    {"64:ff9b:1::/48", Scope::private_use},     // RFC 8215
    {"100::/64", Scope::reserved},              // RFC 6666
    {"2001::/32", Scope::global},               // RFC 4380
    {"2001:1::1/128", Scope::global},           // RFC 7723
    {"2001:1::2/128", Scope::global},           // RFC 8155
    {"2001:1::3/128", Scope::global},           // RFC 9665
    {"2001:3::/32", Scope::global},             // RFC 7450
    {"2001:4:112::/48", Scope::global},         // RFC 7535
    {"2001:20::/28", Scope::global},            // RFC 7343
    {"2001:30::/28", Scope::global},            // RFC 9374
    {"2001::/23", Scope::reserved},             // RFC 2928
    {"2001:db8::/32", Scope::documentation},    // RFC 3849
    {"3fff::/20", Scope::documentation},        // RFC 9637
    {"5f00::/16", Scope::reserved},             // RFC 9602
    {"fc00::/7", Scope::unique_local},          // RFC 4193
    {"fe80::/10", Scope::link_local},           // RFC 4291
    {"ff00::/8", Scope::multicast},             // RFC 4291
};

struct ParsedRow {
  Prefix prefix;
  Scope scope;
};

std::array<ParsedRow, std::size(rows)> parsed() {
  std::array<ParsedRow, std::size(rows)> table;
  for (std::size_t i = 0; i < table.size(); ++i)
    table[i] = {parse_prefix(rows[i].prefix).value().prefix, rows[i].scope};
  return table;
}

const std::array<ParsedRow, std::size(rows)>& table() {
  static const auto parsed_rows = parsed();
  return parsed_rows;
}

}  // namespace

Scope scope(const asio::ip::address& address) {
  for (const auto& row : table())
    if (row.prefix.contains(address)) return row.scope;
  return Scope::global;
}

const PrefixSet& public_addresses() {
  static const PrefixSet set = [] {
    auto all = prefixes_of({"0.0.0.0/0", "2000::/3"});
    for (const auto& row : table() | std::views::reverse)
      all = row.scope == Scope::global ? all | PrefixSet{row.prefix} : all - PrefixSet{row.prefix};
    return all;
  }();
  return set;
}

bool is_private(Scope scope) {
  return scope == Scope::private_use || scope == Scope::shared || scope == Scope::link_local ||
         scope == Scope::unique_local;
}

}  // namespace fwprobe::allowlist
