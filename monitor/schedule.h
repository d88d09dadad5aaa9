#pragma once
// When a target is measured next: pure functions of the steady clock, so that a wall clock that jumps changes
// nothing.

#include <cstdint>
#include <string_view>

#include "monitor/board.h"

namespace fwprobe::monitor {

struct Due {
  probe::Clock::time_point at;
  probe::Clock::time_point rhythm;  ///< of the regular run before, or this one, as it stands without jitter
  std::uint64_t round = 0;          ///< regular runs until then, this one included
  bool operator==(const Due&) const = default;
};

/// The first runs spread over their interval, each at a place of its own that its id decides: nothing is
/// asked of the network all at once, and a restart keeps the order.
Due first_due(const Watched& watched, probe::Clock::time_point start);

/// After a run that ended at `now`. Regular runs keep to the rhythm of those before, each moved by at most
/// half of `jitter` of the interval; rounds that have passed meanwhile are left out. While a run says
/// something new, it is asked again at once: after a second, then two, four, …, never later than the next
/// regular run.
Due next_due(const Watched& watched, const std::optional<Candidate>& candidate, double jitter, Due last,
             probe::Clock::time_point now);

/// Runs begin in beats, those together that have become due since the last one: a thread that wakes for each
/// finds its caches cold and takes twice as long. A twentieth of the shortest interval, and a second at most.
probe::Clock::duration beat(const Plan& plan);
/// The first beat that is not before `due`.
probe::Clock::time_point on_beat(probe::Clock::time_point due, probe::Clock::duration beat);

/// Whether a run begins later than its interval allows: by a tenth of it, and a second at least.
bool is_overdue(const Watched& watched, const Due& due, probe::Clock::time_point began);

}  // namespace fwprobe::monitor
