#include "allowlist/prefix_set.h"

#include <bit>

#include <fmt/format.h>

namespace fwprobe::allowlist {
namespace {

using asio::ip::address;
using asio::ip::address_v4;

constexpr unsigned half = 64;

int trailing_zeros(std::uint32_t value) { return std::countr_zero(value); }
int trailing_zeros(Uint128 value) {
  const auto low = static_cast<std::uint64_t>(value);
  return low != 0 ? std::countr_zero(low) : 64 + std::countr_zero(static_cast<std::uint64_t>(value >> half));
}

int width(std::uint32_t value) { return static_cast<int>(std::bit_width(value)); }
int width(Uint128 value) {
  const auto high = static_cast<std::uint64_t>(value >> half);
  return static_cast<int>(high != 0 ? 64 + std::bit_width(high)
                                    : std::bit_width(static_cast<std::uint64_t>(value)));
}

template <typename Value>
int host_bits_of(const Range<Value>& range) {
  // A range of 2^n numbers has last - first = 2^n - 1, which no type is too small for.
  const auto distance = static_cast<Value>(range.last - range.first);
  const int whole =
      static_cast<Value>(distance & (distance + 1)) == 0 ? width(distance) : width(distance) - 1;
  return std::min(whole, trailing_zeros(range.first));
}

template <typename Value>
AddressCount count(const RangeSet<Value>& set) {
  AddressCount sum;
  for (const auto& range : set.ranges()) {
    sum += AddressCount{Uint128{static_cast<Value>(range.last - range.first)}};
    sum += AddressCount{1};
  }
  return sum;
}

}  // namespace

Uint128 number(const asio::ip::address_v6& address) {
  Uint128 value = 0;
  for (const auto byte : address.to_bytes()) value = value << 8 | byte;
  return value;
}

asio::ip::address_v6 address_v6(Uint128 number) {
  asio::ip::address_v6::bytes_type bytes{};
  for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte, number >>= 8)
    *byte = static_cast<std::uint8_t>(number & 0xff);
  return asio::ip::address_v6{bytes};
}

Uint128 number_of(const address& a) { return a.is_v4() ? a.to_v4().to_uint() : number(a.to_v6()); }

address address_of(Uint128 number, const address& family) {
  if (family.is_v4()) return address_v4{static_cast<std::uint32_t>(number)};
  return address_v6(number);
}

address address_of(std::uint32_t number) { return address_v4{number}; }
address address_of(Uint128 number) { return address_v6(number); }

int host_bits(const Range<std::uint32_t>& range) { return host_bits_of(range); }
int host_bits(const Range<Uint128>& range) { return host_bits_of(range); }

std::string AddressCount::text() const {
  if (high_ == 0) return fmt::format("{}", low_);
  // Nothing is above 2^128 + 2^32, and 2^128 = 10 × (the tenth of the largest number) + 6.
  const auto last = low_ % 10 + 6;
  return fmt::format("{}{}", ~Uint128{0} / 10 + low_ / 10 + last / 10, last % 10);
}

PrefixSet::PrefixSet(std::span<const Prefix> prefixes) {
  std::vector<Ranges4::Item> v4;
  std::vector<Ranges6::Item> v6;
  for (const auto& prefix : prefixes) {
    if (prefix.network().is_v4())
      v4.push_back({prefix.network().to_v4().to_uint(), prefix.last().to_v4().to_uint()});
    else
      v6.push_back({number(prefix.network().to_v6()), number(prefix.last().to_v6())});
  }
  v4_ = Ranges4{std::move(v4)};
  v6_ = Ranges6{std::move(v6)};
}

PrefixSet::PrefixSet(const AddressRange& range) {
  const auto is_v4 = [](const address& a) { return a.is_v4() || a.to_v6().is_v4_mapped(); };
  const auto v4 = [](const address& a) {
    return (a.is_v4() ? a.to_v4() : asio::ip::make_address_v4(asio::ip::v4_mapped, a.to_v6())).to_uint();
  };
  if (is_v4(range.first) && is_v4(range.last))
    v4_ = Ranges4{v4(range.first), v4(range.last)};
  else
    v6_ = Ranges6{number(range.first.to_v6()), number(range.last.to_v6())};
}

bool PrefixSet::contains(const address& a) const {
  if (a.is_v4()) return v4_.contains(a.to_v4().to_uint());
  const auto v6 = a.to_v6();
  if (v6.is_v4_mapped()) return v4_.contains(asio::ip::make_address_v4(asio::ip::v4_mapped, v6).to_uint());
  return v6_.contains(number(v6));
}

AddressCount PrefixSet::size() const {
  auto sum = count(v4_);
  sum += count(v6_);
  return sum;
}

std::vector<Prefix> PrefixSet::prefixes() const {
  std::vector<Prefix> prefixes;
  const auto append = [&](const Prefix& prefix) { prefixes.push_back(prefix); };
  for (const auto& range : v4_.ranges()) for_each_prefix(range, append);
  for (const auto& range : v6_.ranges()) for_each_prefix(range, append);
  return prefixes;
}

std::vector<AddressRange> PrefixSet::ranges() const {
  std::vector<AddressRange> ranges;
  for (const auto& [first, last] : v4_.ranges()) ranges.push_back({address_of(first), address_of(last)});
  for (const auto& [first, last] : v6_.ranges()) ranges.push_back({address_of(first), address_of(last)});
  return ranges;
}

PrefixSet prefixes_of(std::initializer_list<std::string_view> texts) {
  std::vector<Prefix> prefixes;
  for (const auto text : texts) prefixes.push_back(parse_prefix(text).value().prefix);
  return PrefixSet{prefixes};
}

}  // namespace fwprobe::allowlist
