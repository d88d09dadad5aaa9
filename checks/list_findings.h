#pragma once
// What a published list is to be warned of by itself, whatever is compared with it or probed.

#include <chrono>
#include <optional>
#include <vector>

#include "allowlist/allowlist.h"
#include "checks/finding.h"

namespace fwprobe::checks {

/// That it was to be renewed before that day.
std::optional<Finding> stale_finding(const allowlist::Allowlist& list, std::chrono::year_month_day day);

/// Its age on that day, then each entry in force that is not written as its network.
std::vector<Finding> list_findings(const allowlist::Allowlist& list, std::chrono::year_month_day day);

}  // namespace fwprobe::checks
