#pragma once
// Two different answers to one DNS query: one of them is forged. Asked about only where an answer is in
// doubt.

#include <vector>

#include "checks/evidence.h"
#include "checks/finding.h"
#include "checks/ledger.h"
#include "checks/resolution.h"

namespace fwprobe::checks {

/// The answers to ask for once more, listening on, when what they led to does not work or cannot be right.
/// Nothing for a target that works. `overdue`: as for next_questions().
std::vector<Planned> forgery_questions(const Case& the_case, const std::vector<probe::Question>& overdue);

/// What came of it: at most one finding.
std::vector<Finding> judge_forgery(const Case& the_case, const Resolution& resolution);

}  // namespace fwprobe::checks
