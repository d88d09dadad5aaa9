#pragma once
// Sets of addresses of both families: exact, in one form (two sets are the same when they compare equal).

#include <compare>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <asio/ip/address.hpp>

#include "allowlist/prefix.h"
#include "allowlist/range_set.h"

namespace fwprobe::allowlist {

__extension__ typedef unsigned __int128 Uint128;  // C++ has no such type; both compilers do

using Ranges4 = RangeSet<std::uint32_t>;
using Ranges6 = RangeSet<Uint128>;

/// Addresses of one family, both ends included.
struct AddressRange {
  asio::ip::address first;
  asio::ip::address last;
  bool operator==(const AddressRange&) const = default;
};

/// A number of addresses; all of both families together (2^128 + 2^32) can be told.
class AddressCount {
 public:
  AddressCount() = default;
  explicit AddressCount(Uint128 low) : low_{low} {}
  AddressCount& operator+=(const AddressCount& other) {
    low_ += other.low_;
    high_ += other.high_ + (low_ < other.low_ ? 1U : 0U);
    return *this;
  }
  auto operator<=>(const AddressCount&) const = default;
  std::string text() const;  ///< decimal

 private:
  std::uint64_t high_ = 0;  ///< times 2^128
  Uint128 low_ = 0;
};

/// IPv4-mapped IPv6 addresses are IPv4 addresses to every function that takes addresses or prefixes; a range
/// of IPv6 addresses that runs through ::ffff:0:0/96 stays IPv6.
class PrefixSet {
 public:
  PrefixSet() = default;
  explicit PrefixSet(std::span<const Prefix> prefixes);
  explicit PrefixSet(const Prefix& prefix) : PrefixSet{std::span{&prefix, 1}} {}
  /// Ends of one family, in order.
  explicit PrefixSet(const AddressRange& range);
  PrefixSet(Ranges4 v4, Ranges6 v6) : v4_{std::move(v4)}, v6_{std::move(v6)} {}
  static PrefixSet everything() { return {Ranges4::all(), Ranges6::all()}; }

  bool contains(const asio::ip::address& address) const;
  bool contains(const Prefix& prefix) const { return contains(PrefixSet{prefix}); }
  bool contains(const PrefixSet& other) const { return v4_.contains(other.v4_) && v6_.contains(other.v6_); }
  bool intersects(const PrefixSet& other) const {
    return v4_.intersects(other.v4_) || v6_.intersects(other.v6_);
  }
  bool empty() const { return v4_.empty() && v6_.empty(); }
  AddressCount size() const;

  /// The fewest prefixes that hold exactly these addresses, IPv4 first, in order.
  std::vector<Prefix> prefixes() const;
  /// The fewest ranges, IPv4 first, in order.
  std::vector<AddressRange> ranges() const;
  const Ranges4& v4() const { return v4_; }
  const Ranges6& v6() const { return v6_; }

  friend PrefixSet operator|(const PrefixSet& a, const PrefixSet& b) {
    return {a.v4_ | b.v4_, a.v6_ | b.v6_};
  }
  friend PrefixSet operator&(const PrefixSet& a, const PrefixSet& b) {
    return {a.v4_ & b.v4_, a.v6_ & b.v6_};
  }
  friend PrefixSet operator-(const PrefixSet& a, const PrefixSet& b) {
    return {a.v4_ - b.v4_, a.v6_ - b.v6_};
  }
  /// All addresses of both families but these.
  friend PrefixSet operator~(const PrefixSet& a) { return {~a.v4_, ~a.v6_}; }
  bool operator==(const PrefixSet&) const = default;

 private:
  Ranges4 v4_;
  Ranges6 v6_;
};

/// Of prefixes as parse_prefix() reads them; for those that are written in the program.
PrefixSet prefixes_of(std::initializer_list<std::string_view> texts);

Uint128 number(const asio::ip::address_v6& address);
asio::ip::address_v6 address_v6(Uint128 number);
/// Of any address; an IPv4 number stands in the low bits.
Uint128 number_of(const asio::ip::address& address);
/// The other way round, for an address of the same family.
asio::ip::address address_of(Uint128 number, const asio::ip::address& family);

/// How many host bits the largest prefix has that begins at range.first and does not end behind range.last.
int host_bits(const Range<std::uint32_t>& range);
int host_bits(const Range<Uint128>& range);

asio::ip::address address_of(std::uint32_t number);
asio::ip::address address_of(Uint128 number);

/// Calls `visit` with each of the fewest prefixes that hold exactly these addresses, in order.
template <typename Value, typename Visit>
void for_each_prefix(Range<Value> range, const Visit& visit) {
  constexpr int bits = sizeof(Value) * 8;
  for (;;) {
    const int free = host_bits(range);
    visit(Prefix{address_of(range.first), bits - free});
    const auto end = static_cast<Value>(range.first + (free == bits ? ~Value{0} : (Value{1} << free) - 1));
    if (end == range.last) return;
    range.first = static_cast<Value>(end + 1);
  }
}

}  // namespace fwprobe::allowlist
