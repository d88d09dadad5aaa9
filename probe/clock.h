#pragma once
// The two clocks: one that never jumps, for durations; one that people and certificates use, for dates.

#include <chrono>

namespace fwprobe::probe {

using Clock = std::chrono::steady_clock;
using WallClock = std::chrono::system_clock;

/// When a measurement began and how long it took.
struct Span {
  WallClock::time_point started;
  Clock::duration elapsed{};
};

/// Runs from its construction; `span()` is what has passed since.
class Stopwatch {
 public:
  Span span() const { return {started_, elapsed()}; }
  Clock::duration elapsed() const { return Clock::now() - begin_; }

 private:
  WallClock::time_point started_ = WallClock::now();
  Clock::time_point begin_ = Clock::now();
};

}  // namespace fwprobe::probe
