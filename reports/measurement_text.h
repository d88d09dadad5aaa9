#pragma once
// A measurement for people: what was asked, what came back, and the facts that an admin looks for.

#include <string>
#include <string_view>
#include <vector>

#include "checks/evidence.h"
#include "probe/measurement.h"

namespace fwprobe::reports {

/// Printable lines: the first says what was asked and what came of it, the others give details.
std::vector<std::string> describe(const probe::Measurement& measurement, const checks::Evidence& evidence);

/// What came back from one hop, on one line: "198.51.100.1 r1.example.net (0.4 ms)".
std::string answer_text(const probe::PathStep& step, std::string_view hop_name);

}  // namespace fwprobe::reports
