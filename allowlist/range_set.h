#pragma once
// Sets of whole numbers as sorted, disjoint ranges with a gap between each two: one set has one form, and
// every operation is a single walk.

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

#include "allowlist/range_sort.h"

namespace fwprobe::allowlist {

/// `Value` is an unsigned type; both operands of an operator may be large, and equal cost is linear in both.
/// A small operand beside a large one is found by leaping, so that looking is cheap; a result that is large
/// costs its copy.
template <typename Value>
class RangeSet {
 public:
  using Item = Range<Value>;
  static constexpr Value lowest = 0;
  static constexpr Value highest = static_cast<Value>(~Value{0});

  RangeSet() = default;
  /// One range; `first` is not behind `last`.
  RangeSet(Value first, Value last) : ranges_{Item{first, last}} {}
  /// Ranges in any order, which may overlap, touch or repeat; none is backwards.
  explicit RangeSet(std::vector<Item> ranges) : ranges_{std::move(ranges)} {
    sort(ranges_);
    join();
  }
  static RangeSet all() { return {lowest, highest}; }

  std::span<const Item> ranges() const { return ranges_; }
  bool empty() const { return ranges_.empty(); }
  bool is_all() const { return ranges_.size() == 1 && ranges_.front() == Item{lowest, highest}; }

  bool contains(Value value) const {
    const auto after = std::ranges::upper_bound(ranges_, value, {}, &Item::first);
    return after != ranges_.begin() && value <= std::prev(after)->last;
  }
  bool contains(const RangeSet& other) const {
    auto mine = ranges_.begin();
    for (const auto& range : other.ranges_) {
      mine = leap(mine, ranges_.end(), range.first);
      if (mine == ranges_.end() || range.first < mine->first || mine->last < range.last) return false;
    }
    return true;
  }
  bool intersects(const RangeSet& other) const {
    auto x = ranges_.begin();
    auto y = other.ranges_.begin();
    while (x != ranges_.end() && y != other.ranges_.end()) {
      if (x->first <= y->last && y->first <= x->last) return true;
      if (x->last < y->first)
        x = leap(x, ranges_.end(), y->first);
      else
        y = leap(y, other.ranges_.end(), x->first);
    }
    return false;
  }

  friend RangeSet operator|(const RangeSet& a, const RangeSet& b) {
    if (a.empty()) return b;
    if (b.empty()) return a;
    RangeSet both;
    both.ranges_.reserve(a.ranges_.size() + b.ranges_.size());
    auto x = a.ranges_.begin();
    auto y = b.ranges_.begin();
    while (x != a.ranges_.end() || y != b.ranges_.end()) {
      const bool from_a = y == b.ranges_.end() || (x != a.ranges_.end() && x->first <= y->first);
      both.append(from_a ? *x++ : *y++);
    }
    return both;
  }

  friend RangeSet operator&(const RangeSet& a, const RangeSet& b) {
    RangeSet common;
    for_each_common(a, b, [&](const Item& range) { common.ranges_.push_back(range); });
    return common;
  }

  friend RangeSet operator-(const RangeSet& a, const RangeSet& b) {
    RangeSet rest;
    for_each_left(a, b, [&](const Item& range) { rest.ranges_.push_back(range); });
    return rest;
  }

  /// Calls `visit` with each range of a & b in order, where a set of them would cost too much memory.
  template <typename Visit>
  friend void for_each_common(const RangeSet& a, const RangeSet& b, const Visit& visit) {
    auto x = a.ranges_.begin();
    auto y = b.ranges_.begin();
    while (x != a.ranges_.end() && y != b.ranges_.end()) {
      const Item both{std::max(x->first, y->first), std::min(x->last, y->last)};
      if (both.first <= both.last) visit(both);
      if (x->last < y->last)
        x = leap(std::next(x), a.ranges_.end(), y->first);
      else
        y = leap(std::next(y), b.ranges_.end(), x->first);
    }
  }

  /// The same of a - b.
  template <typename Visit>
  friend void for_each_left(const RangeSet& a, const RangeSet& b, const Visit& visit) {
    auto y = b.ranges_.begin();
    for (const auto& range : a.ranges_) {
      y = leap(y, b.ranges_.end(), range.first);
      auto from = range.first;
      // A range of b that goes on behind this one may cut the next one as well, so it is not left.
      while (y != b.ranges_.end() && y->last < range.last) {
        if (from < y->first) visit(Item{from, static_cast<Value>(y->first - 1)});
        from = static_cast<Value>(y->last + 1);
        ++y;
      }
      if (y == b.ranges_.end() || range.last < y->first)
        visit(Item{from, range.last});
      else if (from < y->first)
        visit(Item{from, static_cast<Value>(y->first - 1)});
    }
  }

  friend RangeSet operator~(const RangeSet& a) { return all() - a; }
  bool operator==(const RangeSet&) const = default;

 private:
  using Place = typename std::vector<Item>::const_iterator;

  /// The first range from `from` on that ends at `value` or behind it: by steps that double, then by halves.
  static Place leap(Place from, Place end, Value value) {
    auto step = std::ptrdiff_t{1};
    while (end - from > step && (from + step)->last < value) {
      from += step;
      step *= 2;
    }
    const auto until = end - from > step ? from + step + 1 : end;
    return std::ranges::lower_bound(from, until, value, {}, &Item::last);
  }

  void append(const Item& next) {
    if (!ranges_.empty() && joins(ranges_.back(), next))
      ranges_.back().last = std::max(ranges_.back().last, next.last);
    else
      ranges_.push_back(next);
  }

  /// Whether `next`, which begins no earlier, overlaps or touches.
  static bool joins(const Item& range, const Item& next) {
    return next.first <= range.last || next.first - 1 == range.last;
  }

  void join() {
    std::size_t kept = 0;
    for (const auto& range : ranges_) {
      if (kept > 0 && joins(ranges_[kept - 1], range))
        ranges_[kept - 1].last = std::max(ranges_[kept - 1].last, range.last);
      else
        ranges_[kept++] = range;
    }
    ranges_.resize(kept);
  }

  std::vector<Item> ranges_;
};

}  // namespace fwprobe::allowlist
