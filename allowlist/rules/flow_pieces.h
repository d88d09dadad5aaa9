#pragma once
// Many sets of flows as one: the cost of a union or difference with a large set is paid once for many small
// ones.

#include <utility>
#include <vector>

#include "allowlist/flow_set.h"

namespace fwprobe::allowlist {

/// By halves, so that no large set is copied for each small one.
inline FlowSet united(std::vector<FlowSet> pieces) {
  if (pieces.empty()) return {};
  while (pieces.size() > 1) {
    const auto half = (pieces.size() + 1) / 2;
    for (std::size_t i = half; i < pieces.size(); ++i) pieces[i - half] |= pieces[i];
    pieces.resize(half);
  }
  return std::move(pieces.front());
}

/// Each of its boxes as `change` makes it.
template <typename Change>
FlowSet with_each_box(const FlowSet& flows, Change change) {
  FlowSet all;
  for (auto& box : flows.boxes()) {
    change(box);
    all |= FlowSet{box};
  }
  return all;
}

/// Flows of which rule after rule takes a part.
class RemainingFlows {
 public:
  explicit RemainingFlows(FlowSet flows) : flows_{std::move(flows)} {}

  FlowSet within(const FlowSet& match) const {
    if (!match.intersects(flows_)) return {};
    auto part = match & flows_;
    for (const auto& gone : taken_) part -= gone;
    return part;
  }
  void take(FlowSet part) {
    constexpr std::size_t most_waiting = 64;  // about the square root of a large ruleset's length
    taken_.push_back(std::move(part));
    if (taken_.size() == most_waiting) settle();
  }
  const FlowSet& all() {
    settle();
    return flows_;
  }
  std::size_t box_count() const { return flows_.box_count(); }

 private:
  void settle() {
    if (!taken_.empty()) flows_ -= united(std::exchange(taken_, {}));
  }

  FlowSet flows_;
  std::vector<FlowSet> taken_;
};

}  // namespace fwprobe::allowlist
