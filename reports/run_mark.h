#pragma once
// What a report says about its run: which one it was, and when.

#include <string>

#include "probe/clock.h"

namespace fwprobe::reports {

/// RFC 9562 §5.4: what tells one run from another.
std::string random_uuid();
/// The time as precisely as reports say it.
probe::WallClock::time_point report_time();

}  // namespace fwprobe::reports
