#include <algorithm>

#include "allowlist/prefix.h"

namespace fwprobe::allowlist {
namespace {

/// Whether a range that begins at `next` joins one that ends at `last`: overlapping or adjacent.
bool joins(std::uint32_t last, std::uint32_t next) { return next <= last || next - 1 == last; }

bool joins(const asio::ip::address_v6::bytes_type& last, const asio::ip::address_v6::bytes_type& next) {
  if (next <= last) return true;
  auto successor = last;
  for (auto byte = successor.rbegin(); byte != successor.rend(); ++byte)
    if (++*byte != 0) break;
  return successor == next;
}

template <typename Range>
void make_disjoint(std::vector<Range>& ranges) {
  std::ranges::sort(ranges, {}, &Range::first);
  std::size_t kept = 0;
  for (const auto& range : ranges) {
    if (kept > 0 && joins(ranges[kept - 1].last, range.first))
      ranges[kept - 1].last = std::max(ranges[kept - 1].last, range.last);
    else
      ranges[kept++] = range;
  }
  ranges.resize(kept);
}

template <typename Range, typename Value>
bool holds(const std::vector<Range>& ranges, const Value& value) {
  const auto after = std::ranges::upper_bound(ranges, value, {}, &Range::first);
  return after != ranges.begin() && value <= std::prev(after)->last;
}

}  // namespace

PrefixSet::PrefixSet(std::span<const Prefix> prefixes) {
  for (const auto& prefix : prefixes) {
    if (prefix.network().is_v4())
      v4_.push_back({prefix.network().to_v4().to_uint(), prefix.last().to_v4().to_uint()});
    else
      v6_.push_back({prefix.network().to_v6().to_bytes(), prefix.last().to_v6().to_bytes()});
  }
  make_disjoint(v4_);
  make_disjoint(v6_);
}

bool PrefixSet::contains(const asio::ip::address& address) const {
  if (address.is_v4()) return holds(v4_, address.to_v4().to_uint());
  const auto v6 = address.to_v6();
  if (v6.is_v4_mapped()) return holds(v4_, asio::ip::make_address_v4(asio::ip::v4_mapped, v6).to_uint());
  return holds(v6_, v6.to_bytes());
}

}  // namespace fwprobe::allowlist
