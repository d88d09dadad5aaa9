#pragma once
// What a run should say. A firewall has both sides: what must be open, and what must stay closed.

#include <optional>
#include <string>

#include "checks/finding.h"

namespace fwprobe::checks {

/// What must be open, or what must stay closed.
struct Expectation {
  Status status = Status::pass;  ///< pass or fail; a warning passes, unless under --strict
  std::optional<Cause> cause;    ///< of the failure; none: any
  bool operator==(const Expectation&) const = default;
};

/// "pass", "fail", "fail tcp.rejected".
std::string text(const Expectation& expectation);

/// What was measured, kept beside what it was held against.
struct Held {
  Expectation expected;
  Status measured = Status::error;
  std::optional<Cause> cause;  ///< of what was measured
};

struct Investigation;

/// Judges what was measured against the failure that `held` expects: one that comes as expected passes, and
/// its findings stay as they were measured. A failure with another cause, and none at all, fail with a cause
/// of their own; what could not be measured stays an error.
void hold(Investigation& investigation);

}  // namespace fwprobe::checks
