#include "allowlist/entry_index.h"

#include <algorithm>
#include <bit>
#include <tuple>

namespace fwprobe::allowlist {
namespace {

constexpr int bucket_bits = 16;

int leading_zeros(std::uint32_t value) { return std::countl_zero(value); }
int leading_zeros(Uint128 value) {
  const auto high = static_cast<std::uint64_t>(value >> 64);
  return high != 0 ? std::countl_zero(high) : 64 + std::countl_zero(static_cast<std::uint64_t>(value));
}

std::uint32_t number_of(const asio::ip::address& address, std::uint32_t) { return address.to_v4().to_uint(); }
Uint128 number_of(const asio::ip::address& address, Uint128) { return number(address.to_v6()); }

template <typename Value>
std::vector<typename FamilyIndex<Value>::Item> items(const Allowlist& list, std::chrono::year_month_day day) {
  std::vector<typename FamilyIndex<Value>::Item> found;
  for (std::uint32_t i = 0; i < list.entries.size(); ++i) {
    const auto& entry = list.entries[i];
    const auto* prefix = std::get_if<Prefix>(&entry.what);
    if (!prefix || !in_force(entry, day) || prefix->network().is_v6() != (sizeof(Value) > 4)) continue;
    found.push_back({{number_of(prefix->network(), Value{}), number_of(prefix->last(), Value{})}, i});
  }
  return found;
}

}  // namespace

template <typename Value>
FamilyIndex<Value>::FamilyIndex(std::vector<Item> items) {
  // An enclosing prefix comes before what is in it; of equal ones the first in the list stays innermost.
  std::ranges::sort(items, [](const Item& a, const Item& b) {
    return std::tuple{a.range.first, b.range.last, b.entry} <
           std::tuple{b.range.first, a.range.last, a.entry};
  });
  const auto begin_piece = [&](Value first, std::uint32_t entry) {
    if (!pieces_.empty() && pieces_.back().first == first)
      pieces_.back().entry = entry;
    else if (pieces_.empty() || pieces_.back().entry != entry)
      pieces_.push_back({first, entry});
  };
  begin_piece(0, none);
  std::vector<const Item*> open;
  constexpr auto highest = static_cast<Value>(~Value{0});
  const auto close = [&] {
    const auto last = open.back()->range.last;
    open.pop_back();
    if (last != highest) begin_piece(static_cast<Value>(last + 1), open.empty() ? none : open.back()->entry);
  };
  for (const auto& item : items) {
    while (!open.empty() && open.back()->range.last < item.range.first) close();
    begin_piece(item.range.first, item.entry);
    open.push_back(&item);
  }
  while (!open.empty()) close();
  if constexpr (sizeof(Value) == sizeof(std::uint32_t)) make_buckets();
}

template <typename Value>
void FamilyIndex<Value>::make_buckets() {
  buckets_.reserve((1U << bucket_bits) + 1);
  std::uint32_t at = 0;
  for (std::uint32_t high = 0; high < 1U << bucket_bits; ++high) {
    while (at + 1 < pieces_.size() && pieces_[at + 1].first <= static_cast<Value>(high) << bucket_bits) ++at;
    buckets_.push_back(at);
  }
  buckets_.push_back(static_cast<std::uint32_t>(pieces_.size() - 1));
}

template <typename Value>
std::size_t FamilyIndex<Value>::piece(Value value) const {
  const Piece* base = pieces_.data();
  auto length = pieces_.size();
  if constexpr (sizeof(Value) == sizeof(std::uint32_t)) {
    const auto* bucket = &buckets_[value >> bucket_bits];
    base += bucket[0];
    length = bucket[1] - bucket[0] + 1;
  }
  // Without a branch that depends on the data: a random address would mispredict half of them.
  while (length > 1) {
    const auto half = length / 2;
    base += base[half].first <= value ? half : 0;
    length -= half;
  }
  return static_cast<std::size_t>(base - pieces_.data());
}

template <typename Value>
std::uint32_t FamilyIndex<Value>::nearest(Value value) const {
  const auto at = piece(value);
  const bool has_before = at > 0;
  const bool has_after = at + 1 < pieces_.size();
  if (!has_before && !has_after) return none;
  if (!has_after) return pieces_[at - 1].entry;
  if (!has_before) return pieces_[at + 1].entry;
  // The last address before and the first one behind share the most bits that any listed address can.
  const auto before = static_cast<Value>(value ^ static_cast<Value>(pieces_[at].first - 1));
  const auto after = static_cast<Value>(value ^ pieces_[at + 1].first);
  return pieces_[leading_zeros(before) >= leading_zeros(after) ? at - 1 : at + 1].entry;
}

EntryIndex::EntryIndex(const Allowlist& list, std::chrono::year_month_day day)
    : list_{list}, day_{day}, v4_{items<std::uint32_t>(list, day)}, v6_{items<Uint128>(list, day)} {}

/// Entries around the innermost one may be for other ports.
const Entry* EntryIndex::for_port(const Entry* entry, const asio::ip::address& address,
                                  std::uint16_t port) const {
  if (!entry || port == 0 || allowlist::for_port(*entry, port)) return entry;
  for (const auto* other : entries_for(list_, address, day_))
    if (allowlist::for_port(*other, port)) return other;
  return nullptr;
}

const Entry* EntryIndex::holder(std::uint32_t ipv4, std::uint16_t port) const {
  const auto at = v4_.holder(ipv4);
  const auto* entry = at == FamilyIndex<std::uint32_t>::none ? nullptr : &list_.entries[at];
  return port == 0 ? entry : for_port(entry, asio::ip::address_v4{ipv4}, port);
}

const Entry* EntryIndex::holder(Uint128 ipv6, std::uint16_t port) const {
  const auto at = v6_.holder(ipv6);
  const auto* entry = at == FamilyIndex<Uint128>::none ? nullptr : &list_.entries[at];
  return port == 0 ? entry : for_port(entry, address_v6(ipv6), port);
}

const Entry* EntryIndex::nearest(std::uint32_t ipv4) const {
  const auto at = v4_.nearest(ipv4);
  return at == FamilyIndex<std::uint32_t>::none ? nullptr : &list_.entries[at];
}

const Entry* EntryIndex::nearest(Uint128 ipv6) const {
  const auto at = v6_.nearest(ipv6);
  return at == FamilyIndex<Uint128>::none ? nullptr : &list_.entries[at];
}

}  // namespace fwprobe::allowlist
