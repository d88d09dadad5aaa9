#pragma once
// The thread that measures and does nothing else, so that nothing disturbs its timings.

#include <chrono>
#include <cstddef>
#include <memory>

#include <asio/awaitable.hpp>

#include "checks/investigation.h"
#include "monitor/plan.h"
#include "probe/clock.h"

namespace fwprobe::monitor {

struct Measured {
  checks::Investigation investigation;
  probe::WallClock::time_point began;  ///< after it waited for its turn
  probe::Clock::duration took{};
};

struct MeasuringLimits {
  std::size_t jobs = 1;             ///< at the same time
  std::size_t per_destination = 1;  ///< of them, to one host and port
  bool operator==(const MeasuringLimits&) const = default;
};

class Measuring {
 public:
  explicit Measuring(MeasuringLimits limits);
  /// Cancels what runs, and waits for it.
  ~Measuring();
  Measuring(const Measuring&) = delete;
  Measuring& operator=(const Measuring&) = delete;

  /// Measured on the thread of its own; the result comes back to the caller's executor. At `until`, or when
  /// the caller is cancelled, what is measured by then is judged and comes back with complete = false.
  asio::awaitable<Measured> measure(checks::Target target, Manner manner,
                                    probe::Clock::time_point until = probe::Clock::time_point::max());

  /// For runs that begin from now on.
  void limit(MeasuringLimits limits);
  /// Ends all that runs or waits for its turn: each returns with complete = false.
  void cancel_all();
  /// Returns when the thread has answered.
  asio::awaitable<void> ping();

 private:
  class Thread;
  std::unique_ptr<Thread> thread_;
};

}  // namespace fwprobe::monitor
