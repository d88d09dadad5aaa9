// ipset(8): filled beside the set in use and swapped with it, so that there is no moment without.

#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "allowlist/exports/export.h"

namespace fwprobe::allowlist {
namespace {

constexpr std::size_t longest = 31;  // IPSET_MAXNAMELEN less its end

std::string set_lines(const Export& wanted, std::string_view family, std::string_view suffix,
                      const std::vector<Prefix>& prefixes) {
  const auto name = short_name(wanted.name, suffix, longest);
  const auto fresh = short_name(wanted.name, fmt::format("{}.new", suffix), longest);
  // A set that is there already must have been made alike, however much a list grows. The limit takes no
  // memory.
  constexpr std::size_t most = 1U << 21U;
  const auto made =
      fmt::format("hash:net family {} maxelem {}", family, std::max(std::bit_ceil(prefixes.size()), most));
  auto lines = fmt::format("create {0} {2} -exist\ncreate {1} {2} -exist\nflush {1}\n", name, fresh, made);
  for (const auto& prefix : prefixes) {
    if (prefix.length() > 0) {
      lines += fmt::format("add {} {}\n", fresh, prefix.text());
      continue;
    }
    // A hash:net holds no prefix of length 0.
    const bool ipv6 = prefix.network().is_v6();
    lines += fmt::format("add {0} {1}\nadd {0} {2}\n", fresh, ipv6 ? "::/1" : "0.0.0.0/1",
                         ipv6 ? "8000::/1" : "128.0.0.0/1");
  }
  return lines + fmt::format("swap {0} {1}\ndestroy {0}\n", fresh, name);
}

}  // namespace

std::string export_ipset(const Export& wanted) {
  RuleGroup all;
  for (const auto& group : wanted.groups) all.addresses = all.addresses | group.addresses;
  return set_lines(wanted, "inet", "-v4", prefixes4(all)) + set_lines(wanted, "inet6", "-v6", prefixes6(all));
}

}  // namespace fwprobe::allowlist
