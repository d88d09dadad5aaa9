#pragma once
// Which target is due next. A target that is being measured stands in no place until it is added again.

#include <queue>
#include <vector>

#include "probe/clock.h"

namespace fwprobe::monitor {

class Agenda {
 public:
  void add(std::size_t target, probe::Clock::time_point due) { entries_.push({due, target}); }
  void clear() { entries_ = {}; }
  bool empty() const { return entries_.empty(); }
  /// time_point::max() when nothing is to be done.
  probe::Clock::time_point next() const {
    return entries_.empty() ? probe::Clock::time_point::max() : entries_.top().due;
  }
  /// The first target; only when there is one.
  std::size_t take() {
    const auto target = entries_.top().target;
    entries_.pop();
    return target;
  }

 private:
  struct Entry {
    probe::Clock::time_point due;
    std::size_t target = 0;
    bool operator>(const Entry& other) const { return due > other.due; }
  };
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> entries_;
};

}  // namespace fwprobe::monitor
