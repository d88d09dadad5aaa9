#pragma once
// A target's findings as test cases, for the formats that machines count: JUnit, TAP, CSV.

#include <chrono>
#include <string>
#include <vector>

#include "reports/formats.h"

namespace fwprobe::reports {

/// A finding that warns has passed, unless --strict.
enum class Outcome : std::uint8_t { passed, skipped, failed, error };

struct TestCase {
  std::string name;  ///< "tcp 203.0.113.9:443"; no other of the target has it. Not escaped
  checks::Finding finding;
  Outcome outcome = Outcome::passed;
  std::chrono::nanoseconds took{};  ///< the longest of its measurements
};

/// At least one: a target that could not be measured says so, also where no finding does.
std::vector<TestCase> test_cases(const checks::Investigation& target, const RenderOptions& options);

/// What stands behind a finding: the steps of its remedy, then its measurements. Printable lines.
std::vector<std::string> details(const checks::Investigation& target, const checks::Finding& finding);

}  // namespace fwprobe::reports
