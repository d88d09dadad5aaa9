#pragma once
// Ranges of numbers, and putting many of them in order.

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

namespace fwprobe::allowlist {

/// Both ends belong to it.
template <typename Value>
struct Range {
  Value first{};
  Value last{};
  bool operator==(const Range&) const = default;
};

/// By their first numbers.
template <typename Value>
void sort(std::vector<Range<Value>>& ranges) {
  if (!std::ranges::is_sorted(ranges, {}, &Range<Value>::first))
    std::ranges::sort(ranges, {}, &Range<Value>::first);
}

/// A million prefixes in any order are what published lists add up to: three passes over them instead of
/// twenty.
inline void sort(std::vector<Range<std::uint32_t>>& ranges) {
  constexpr std::size_t few = 2048;
  constexpr unsigned bits = 11;
  constexpr std::uint32_t buckets = 1U << bits;
  if (std::ranges::is_sorted(ranges, {}, &Range<std::uint32_t>::first)) return;
  if (ranges.size() < few) {
    std::ranges::sort(ranges, {}, &Range<std::uint32_t>::first);
    return;
  }
  std::vector<Range<std::uint32_t>> other(ranges.size());
  for (unsigned shift = 0; shift < 32; shift += bits) {
    std::array<std::size_t, buckets + 1> starts{};
    for (const auto& range : ranges) ++starts[((range.first >> shift) & (buckets - 1)) + 1];
    for (std::uint32_t i = 1; i <= buckets; ++i) starts[i] += starts[i - 1];
    for (const auto& range : ranges) other[starts[(range.first >> shift) & (buckets - 1)]++] = range;
    ranges.swap(other);
  }
}

}  // namespace fwprobe::allowlist
