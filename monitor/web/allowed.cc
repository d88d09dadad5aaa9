#include "monitor/web/allowed.h"

#include <algorithm>

#include <fmt/format.h>

namespace fwprobe::monitor {
namespace {

bool holds(const allowlist::Domain& domain, const probe::Host& host) {
  return !host.address && allowlist::holds_name(domain, host.name);
}

bool holds(const allowlist::Prefix& prefix, const probe::Host& host) {
  if (!host.address) return false;
  // The kernel connects to ::ffff:192.0.2.1 over IPv4 (RFC 4291 §2.5.5.2): it is that address.
  const auto& address = *host.address;
  const bool mapped = address.is_v6() && address.to_v6().is_v4_mapped();
  return prefix.contains(mapped ? asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()) : address);
}

}  // namespace

std::optional<std::string> refusal(const checks::Target& target, std::span<const AllowedTarget> allowed) {
  const bool is_allowed = std::ranges::any_of(allowed, [&target](const AllowedTarget& one) {
    const bool port = one.ports.empty() || std::ranges::any_of(one.ports, [&target](const auto& range) {
                        return range.contains(target.port);
                      });
    return port && std::visit([&target](const auto& where) { return holds(where, target.host); }, one.where);
  });
  if (is_allowed) return std::nullopt;
  return fmt::format(
      "{} port {} is no target that may be asked about here{}; whoever runs this service can add {} with its "
      "port to 'allow' below 'serve' in the suite file",
      target.host.name, target.port, allowed.empty() ? " (none is)" : "",
      target.host.address ? "the address or a prefix around it"
                          : "the name or a pattern such as '*.example.com'");
}

}  // namespace fwprobe::monitor
