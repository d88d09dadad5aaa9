// Which entries of a list speak about an address or a name.

#include <algorithm>
#include <bit>

#include "allowlist/allowlist.h"

namespace fwprobe::allowlist {
namespace {

using std::chrono::year_month_day;

template <typename Holds>
std::vector<const Entry*> select(const Allowlist& list, year_month_day day, Holds holds) {
  std::vector<const Entry*> found;
  for (const auto& entry : list.entries)
    if (in_force(entry, day) && holds(entry)) found.push_back(&entry);
  return found;
}

template <typename Bytes>
int common_bits(const Bytes& a, const Bytes& b) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto different = static_cast<std::uint8_t>(a[i] ^ b[i]);
    if (different != 0) return static_cast<int>(i) * 8 + std::countl_zero(different);
  }
  return static_cast<int>(a.size()) * 8;
}

/// Leading bits that an address shares with a prefix, -1 for another family.
int shared_bits(const Prefix& prefix, const asio::ip::address& address) {
  const auto& network = prefix.network();
  if (network.is_v4() != address.is_v4()) return -1;
  const int common = address.is_v4() ? common_bits(network.to_v4().to_bytes(), address.to_v4().to_bytes())
                                     : common_bits(network.to_v6().to_bytes(), address.to_v6().to_bytes());
  return std::min(common, prefix.length());
}

}  // namespace

bool in_force(const Entry& entry, year_month_day day) {
  return (!entry.since || *entry.since <= day) && (!entry.until || day < *entry.until);
}

bool holds_name(const Domain& domain, std::string_view name) {
  if (!domain.wildcard) return name == domain.name;
  return name.size() > domain.name.size() + 1 && name.ends_with(domain.name) &&
         name[name.size() - domain.name.size() - 1] == '.';
}

bool for_port(const Entry& entry, std::uint16_t port) {
  const auto holds = [port](const PortRange& range) { return range.contains(port); };
  return entry.protocol == Protocol::tcp && (entry.ports.empty() || std::ranges::any_of(entry.ports, holds));
}

std::vector<const Entry*> entries_for(const Allowlist& list, const asio::ip::address& address,
                                      year_month_day day) {
  return select(list, day, [&](const Entry& entry) {
    const auto* prefix = std::get_if<Prefix>(&entry.what);
    return prefix && prefix->contains(address);
  });
}

std::vector<const Entry*> entries_for(const Allowlist& list, std::string_view name, year_month_day day) {
  return select(list, day, [&](const Entry& entry) {
    const auto* domain = std::get_if<Domain>(&entry.what);
    return domain && holds_name(*domain, name);
  });
}

const Entry* nearest(const Allowlist& list, const asio::ip::address& address, year_month_day day) {
  const Entry* best = nullptr;
  int most = -1;
  for (const auto& entry : list.entries) {
    const auto* prefix = std::get_if<Prefix>(&entry.what);
    const int shared = prefix && in_force(entry, day) ? shared_bits(*prefix, address) : -1;
    if (shared > most) {
      most = shared;
      best = &entry;
    }
  }
  return best;
}

}  // namespace fwprobe::allowlist
