#pragma once
// Which paths to trace: the follow-ups that find the hop at which a flow ends.

#include <vector>

#include "checks/evidence.h"
#include "checks/ledger.h"
#include "probe/measurement.h"

namespace fwprobe::checks {

/// `PathQuestion`s: traces of what failed, or is `overdue` (asked, and unanswered for longer than usual), on
/// the way to the target or its proxy: the flow itself, and where that alone proves nothing, others as its
/// control.
std::vector<Planned> path_questions(const Case& the_case, const std::vector<probe::Question>& overdue);

}  // namespace fwprobe::checks
