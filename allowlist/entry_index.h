#pragma once
// Which entry of a list holds an address, for millions of addresses.

#include <chrono>
#include <cstdint>
#include <vector>

#include "allowlist/allowlist.h"
#include "allowlist/prefix_set.h"

namespace fwprobe::allowlist {

/// Cuts the addresses of one family where an entry begins or ends; each piece belongs to the longest prefix
/// there.
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
  /// The entry that holds `value`, or `none`.
  std::uint32_t holder(Value value) const { return pieces_[piece(value)].entry; }
  /// The entry that shares the most leading bits with a value that none holds; `none` in an empty index.
  std::uint32_t nearest(Value value) const;

 private:
  std::size_t piece(Value value) const;
  void make_buckets();
  struct Piece {
    Value first = 0;
    std::uint32_t entry = none;
  };
  std::vector<Piece> pieces_;  ///< in order; the first begins at 0
  /// Of IPv4: the piece that holds the first address of each /16, and one more behind the last. IPv6 lists
  /// sit in a few /16s, which would tell nothing.
  std::vector<std::uint32_t> buckets_;
};

/// Refers to the list, which outlives it.
class EntryIndex {
 public:
  EntryIndex(const Allowlist& list, std::chrono::year_month_day day);
  /// The entry with the longest prefix in force that holds an address, for TCP port `port` when it is not 0;
  /// nothing when none does.
  const Entry* holder(std::uint32_t ipv4, std::uint16_t port) const;
  const Entry* holder(Uint128 ipv6, std::uint16_t port) const;
  /// Of an address that no entry holds: the entry that shares the most leading bits.
  const Entry* nearest(std::uint32_t ipv4) const;
  const Entry* nearest(Uint128 ipv6) const;

 private:
  const Entry* for_port(const Entry* entry, const asio::ip::address& address, std::uint16_t port) const;

  const Allowlist& list_;
  std::chrono::year_month_day day_;
  FamilyIndex<std::uint32_t> v4_;
  FamilyIndex<Uint128> v6_;
};

}  // namespace fwprobe::allowlist
