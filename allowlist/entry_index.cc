#include "allowlist/entry_index.h"

#include <algorithm>
#include <bit>
#include <tuple>
#include <utility>

namespace fwprobe::allowlist {
namespace {

constexpr int bucket_bits = 16;
/// Pieces of a bucket that are compared all at once.
constexpr std::size_t few = 8;

int leading_zeros(std::uint32_t value) { return std::countl_zero(value); }
int leading_zeros(Uint128 value) {
  const auto high = static_cast<std::uint64_t>(value >> 64);
  return high != 0 ? std::countl_zero(high) : 64 + std::countl_zero(static_cast<std::uint64_t>(value));
}

template <typename Value>
std::vector<typename FamilyIndex<Value>::Item> items(const Allowlist& list, std::chrono::year_month_day day) {
  std::vector<typename FamilyIndex<Value>::Item> found;
  for (std::uint32_t i = 0; i < list.entries.size(); ++i) {
    const auto& entry = list.entries[i];
    const auto* prefix = std::get_if<Prefix>(&entry.what);
    if (!prefix || !in_force(entry, day) || prefix->network().is_v6() != (sizeof(Value) > 4)) continue;
    found.push_back(
        {{static_cast<Value>(number_of(prefix->network())), static_cast<Value>(number_of(prefix->last()))},
         i});
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
  std::uint32_t entries = 0;
  for (const auto& item : items) entries = std::max(entries, item.entry + 1);
  around_.resize(entries, none);
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
    if (!open.empty()) around_[item.entry] = open.back()->entry;
    open.push_back(&item);
  }
  while (!open.empty()) close();
  give_gaps_to_neighbours();
  if constexpr (sizeof(Value) == sizeof(std::uint32_t)) make_buckets();
}

template <typename Value>
void FamilyIndex<Value>::begin_piece(Value first, std::uint32_t entry) {
  if (!firsts_.empty() && firsts_.back() == first) {
    found_.back() = {entry, entry != none};
  } else if (firsts_.empty() || found_.back().entry != entry) {
    firsts_.push_back(first);
    found_.push_back({entry, entry != none});
  }
}

/// The last address before a gap and the first one behind it share the most bits with one in it that any
/// listed address can. They differ from each other in one bit first, which decides.
template <typename Value>
void FamilyIndex<Value>::give_gaps_to_neighbours() {
  const auto firsts = std::exchange(firsts_, {});
  const auto found = std::exchange(found_, {});
  const auto add = [this](Value first, Found what) {
    firsts_.push_back(first);
    found_.push_back(what);
  };
  for (std::size_t i = 0; i < firsts.size(); ++i) {
    const bool has_before = i > 0;
    const bool has_after = i + 1 < firsts.size();
    if (found[i].holds || (!has_before && !has_after)) {
      add(firsts[i], found[i]);
      continue;
    }
    auto split = has_after ? firsts[i] : Value{0};
    if (has_before && has_after) {
      const auto differ = static_cast<Value>((firsts[i] - 1) ^ firsts[i + 1]);
      const int bit = static_cast<int>(sizeof(Value)) * 8 - 1 - leading_zeros(differ);
      split = static_cast<Value>(firsts[i + 1] >> bit << bit);
    }
    if (has_before && (!has_after || firsts[i] < split)) add(firsts[i], {found[i - 1].entry, false});
    if (has_after && split < firsts[i + 1]) add(split, {found[i + 1].entry, false});
  }
}

template <typename Value>
void FamilyIndex<Value>::make_buckets() {
  buckets_.reserve((1U << bucket_bits) + 1);
  std::uint32_t at = 0;
  for (std::uint32_t high = 0; high < 1U << bucket_bits; ++high) {
    while (at + 1 < firsts_.size() && firsts_[at + 1] <= static_cast<Value>(high) << bucket_bits) ++at;
    buckets_.push_back(at);
  }
  buckets_.push_back(static_cast<std::uint32_t>(firsts_.size() - 1));
  firsts_.resize(firsts_.size() + few, ~Value{0});
}

/// Without a branch that depends on the data: a random address would mispredict half of them.
template <typename Value>
std::size_t FamilyIndex<Value>::piece(Value value) const {
  const auto* base = firsts_.data();
  auto length = found_.size();
  if constexpr (sizeof(Value) == sizeof(std::uint32_t)) {
    const auto* bucket = &buckets_[value >> bucket_bits];
    base += bucket[0];
    length = bucket[1] - bucket[0] + 1;
    if (length <= few) {
      std::uint32_t behind = 0;  // those of the next buckets begin later, and are not counted
      for (std::size_t i = 1; i <= few; ++i) behind += base[i] <= value ? 1U : 0U;
      return bucket[0] + std::min<std::size_t>(behind, length - 1);
    }
  }
  while (length > 1) {
    const auto half = length / 2;
    base += base[half] <= value ? half : 0;
    length -= half;
  }
  return static_cast<std::size_t>(base - firsts_.data());
}

EntryIndex::EntryIndex(const Allowlist& list, std::chrono::year_month_day day)
    : list_{list}, v4_{items<std::uint32_t>(list, day)}, v6_{items<Uint128>(list, day)} {}

EntryIndex::Found EntryIndex::find(std::uint32_t ipv4) const {
  const auto [entry, holds] = v4_.find(ipv4);
  return {entry == FamilyIndex<std::uint32_t>::none ? nullptr : &list_.entries[entry], holds};
}

EntryIndex::Found EntryIndex::find(Uint128 ipv6) const {
  const auto [entry, holds] = v6_.find(ipv6);
  return {entry == FamilyIndex<Uint128>::none ? nullptr : &list_.entries[entry], holds};
}

/// Entries around the innermost one may be for other ports.
template <typename Value>
const Entry* EntryIndex::holder(const FamilyIndex<Value>& index, Value value, std::uint16_t port) const {
  auto [entry, holds] = index.find(value);
  if (!holds) return nullptr;
  while (entry != index.none && port != 0 && !for_port(list_.entries[entry], port))
    entry = index.around(entry);
  return entry == index.none ? nullptr : &list_.entries[entry];
}

const Entry* EntryIndex::holder(std::uint32_t ipv4, std::uint16_t port) const {
  return holder(v4_, ipv4, port);
}

const Entry* EntryIndex::holder(Uint128 ipv6, std::uint16_t port) const { return holder(v6_, ipv6, port); }

}  // namespace fwprobe::allowlist
