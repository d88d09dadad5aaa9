#include "allowlist/rules/azure_tags.h"

#include <algorithm>

#include <fmt/format.h>

#include "text/ascii.h"

namespace fwprobe::allowlist {
namespace {

PrefixSet set_of(std::initializer_list<std::string_view> texts) {
  std::vector<Prefix> prefixes;
  for (const auto text : texts) prefixes.push_back(parse_prefix(text).value().prefix);
  return PrefixSet{prefixes};
}

/// "What is IP address 168.63.129.16?": health probes come from it; in IPv6 from fe80::1234:5678:9abc.
PrefixSet azures_own() { return set_of({"168.63.129.16", "fe80::1234:5678:9abc"}); }

constexpr std::string_view from_azure = "it comes from Azure itself, such as a health probe";

/// Not reachable from the Internet, so that a virtual network, its peers and its branches may have them.
PrefixSet not_public() {
  return set_of({"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
                 "192.168.0.0/16", "224.0.0.0/3", "168.63.129.16", "::/127", "fc00::/7", "fe80::/10",
                 "ff00::/8"});
}

}  // namespace

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
    return addresses.add_doubtful(not_public(), "the address is in VirtualNetwork (not in this file)");
  if (lower == "azureloadbalancer" && far) return addresses.add_doubtful(azures_own(), from_azure);
  if (lower == "internet" && far) {
    addresses.add(~not_public());
    return addresses.add_doubtful(not_public(), "the address is outside VirtualNetwork (not in this file)");
  }
  addresses.add_doubtful(PrefixSet::everything(),
                         fmt::format("the address is in the service tag {} (not in this file)", tag));
}

}  // namespace fwprobe::allowlist
