#pragma once
// A measurement for people: what was asked, what came back, and the facts that an admin looks for.

#include <string>
#include <vector>

#include "checks/evidence.h"
#include "probe/measurement.h"

namespace fwprobe::reports {

/// Printable lines: the first says what was asked and what came of it, the others give details.
std::vector<std::string> describe(const probe::Measurement& measurement, const checks::Evidence& evidence);

}  // namespace fwprobe::reports
