#pragma once
// Which entry of a list holds an address, for millions of addresses.

#include <chrono>
#include <cstdint>
#include <vector>

#include "allowlist/allowlist.h"
#include "allowlist/prefix_set.h"

namespace fwprobe::allowlist {

/// Cuts the addresses of one family where an entry begins or ends, and where another one becomes the nearest;
/// each piece belongs to the longest prefix there.
template <typename Value>
class FamilyIndex {
 public:
  /// `entries`: indexes of a list's entries beside their ranges, which are nested or apart.
  struct Item {
    Range<Value> range;
    std::uint32_t entry = 0;
  };
  explicit FamilyIndex(std::vector<Item> items);

  static constexpr std::uint32_t none = ~0U;
  struct Found {
    std::uint32_t entry = none;  ///< `none` in an empty index
    bool holds = false;
  };
  /// The entry that holds `value`, or else the one that shares the most leading bits with it.
  Found find(Value value) const { return found_[piece(value)]; }
  /// The next longer entry around one of the index, or one of equal length behind it in the list; or `none`.
  std::uint32_t around(std::uint32_t entry) const { return around_[entry]; }

 private:
  void begin_piece(Value first, std::uint32_t entry);
  void give_gaps_to_neighbours();
  std::size_t piece(Value value) const;
  void make_buckets();
  std::vector<Value> firsts_;          ///< of the pieces, in order; the first begins at 0
  std::vector<Found> found_;           ///< of each piece
  std::vector<std::uint32_t> around_;  ///< by entry
  /// Of IPv4: the piece that holds the first address of each /16, and one more behind the last. IPv6 lists
  /// sit in a few /16s, which would tell nothing.
  std::vector<std::uint32_t> buckets_;
};

/// Refers to the list, which outlives it.
class EntryIndex {
 public:
  EntryIndex(const Allowlist& list, std::chrono::year_month_day day);

  struct Found {
    const Entry* entry = nullptr;  ///< nothing when the list has no prefix of the family
    bool holds = false;
  };
  /// The entry with the longest prefix in force that holds an address, or else the one that shares the most
  /// leading bits with it.
  Found find(std::uint32_t ipv4) const;
  Found find(Uint128 ipv6) const;
  /// The entry with the longest prefix in force that holds an address, for TCP port `port` when it is not 0;
  /// nothing when none does.
  const Entry* holder(std::uint32_t ipv4, std::uint16_t port) const;
  const Entry* holder(Uint128 ipv6, std::uint16_t port) const;

 private:
  template <typename Value>
  const Entry* holder(const FamilyIndex<Value>& index, Value value, std::uint16_t port) const;

  const Allowlist& list_;
  FamilyIndex<std::uint32_t> v4_;
  FamilyIndex<Uint128> v6_;
};

}  // namespace fwprobe::allowlist
