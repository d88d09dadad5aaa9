#pragma once
// Which rules have a say about some addresses, found without looking at all rules.

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "allowlist/rules/evaluate.h"

namespace fwprobe::checks {

class TouchIndex {
 public:
  TouchIndex(std::span<const allowlist::Touch> touches, allowlist::Direction side) : side_{side} {
    for (std::uint32_t i = 0; i < touches.size(); ++i) add(addresses_of(touches[i].flows), i);
    std::ranges::sort(spans_, {}, &Span::first);
    allowlist::Uint128 reach = 0;
    for (auto& span : spans_) reach = span.reach = std::max(reach, span.last);
  }

  /// In the touches' order, each once.
  std::vector<std::uint32_t> about(const allowlist::FlowSet& flows) const {
    std::vector<std::uint32_t> found;
    for (const auto& range : numbers(addresses_of(flows))) look_up(range, found);
    std::ranges::sort(found);
    found.erase(std::ranges::unique(found).begin(), found.end());
    return found;
  }

 private:
  struct Span {
    allowlist::Uint128 first;
    allowlist::Uint128 last;
    allowlist::Uint128 reach;  ///< the largest `last` up to here
    std::uint32_t touch;
  };
  using Range = allowlist::Range<allowlist::Uint128>;

  allowlist::PrefixSet addresses_of(const allowlist::FlowSet& flows) const {
    return side_ == allowlist::Direction::inbound ? flows.sources() : flows.destinations();
  }

  /// IPv4 as mapped addresses, so that both families are in one order.
  static std::vector<Range> numbers(const allowlist::PrefixSet& set) {
    constexpr auto mapped = static_cast<allowlist::Uint128>(0xffff) << 32;
    std::vector<Range> all{set.v6().ranges().begin(), set.v6().ranges().end()};
    for (const auto& range : set.v4().ranges()) all.push_back({mapped | range.first, mapped | range.last});
    return all;
  }

  void add(const allowlist::PrefixSet& set, std::uint32_t touch) {
    for (const auto& range : numbers(set)) spans_.push_back({range.first, range.last, 0, touch});
  }

  void look_up(const Range& range, std::vector<std::uint32_t>& found) const {
    constexpr std::size_t most = 200;  // more would not be shown
    auto span = std::ranges::upper_bound(spans_, range.last, {}, &Span::first);
    while (span != spans_.begin() && found.size() < most) {
      --span;
      if (span->reach < range.first) break;
      if (range.first <= span->last) found.push_back(span->touch);
    }
  }

  allowlist::Direction side_;
  std::vector<Span> spans_;
};

}  // namespace fwprobe::checks
