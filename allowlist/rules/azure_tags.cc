#include "allowlist/rules/azure_tags.h"

#include <algorithm>

#include <fmt/format.h>

#include "text/ascii.h"

namespace fwprobe::allowlist {
namespace {

/// "What is IP address 168.63.129.16?": health probes come from it; in IPv6 from fe80::1234:5678:9abc.
PrefixSet azures_own() { return prefixes_of({"168.63.129.16", "fe80::1234:5678:9abc"}); }

constexpr std::string_view from_azure = "it comes from Azure itself, such as a health probe";

}  // namespace

PrefixSet perhaps_in_virtual_network() { return not_public() | azures_own(); }

bool is_service_tag(std::string_view text) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  constexpr std::string_view others = "0123456789._-";
  return !text.empty() && letters.contains(text.front()) &&
         std::ranges::all_of(text, [&](char c) { return letters.contains(c) || others.contains(c); });
}

void set_apart_azures_own(Addresses& addresses) {
  if (addresses.sure.v4().is_all()) return;
  const auto own = addresses.sure & azures_own();
  if (own.empty()) return;
  addresses.sure = addresses.sure - own;
  addresses.add_doubtful(own, from_azure);
}

void add_service_tag(Addresses& addresses, std::string_view tag, NsgSide side) {
  const auto lower = ascii_lower(tag);
  const bool far = side == NsgSide::far;
  if (lower == "virtualnetwork" && !far) return addresses.add(PrefixSet::everything());
  if (lower == "virtualnetwork")
    return addresses.add_doubtful(perhaps_in_virtual_network(),
                                  "the address is in VirtualNetwork (not in this file)");
  if (lower == "azureloadbalancer" && far) return addresses.add_doubtful(azures_own(), from_azure);
  if (lower == "internet" && far) {
    addresses.add(~perhaps_in_virtual_network());
    return addresses.add_doubtful(perhaps_in_virtual_network(),
                                  "the address is outside VirtualNetwork (not in this file)");
  }
  addresses.add_doubtful(PrefixSet::everything(),
                         fmt::format("the address is in the service tag {} (not in this file)", tag));
}

}  // namespace fwprobe::allowlist
