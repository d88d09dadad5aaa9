#pragma once
// What comes of a target: the measurements, what the checks find in them, and the verdict.

#include <memory>
#include <optional>
#include <string>

#include "checks/checks.h"
#include "checks/comparison.h"
#include "checks/evidence.h"
#include "checks/expectation.h"

namespace fwprobe::checks {

struct Investigation {
  Target target;
  /// What it was asked and judged by, shared by the targets of a run; null: not known. A report holds it, so
  /// that it can be judged again.
  std::shared_ptr<const Settings> settings;
  Evidence evidence;
  Findings findings;
  Status status = Status::error;
  std::optional<Diagnosis> diagnosis;
  bool complete = true;                  ///< false: interrupted before nothing was left to ask
  std::optional<Comparison> comparison;  ///< with a run from another vantage, when there is one
  /// What it should say, when that is a failure: `status` and `diagnosis` are about whether it does.
  std::optional<Held> held;
};

/// Of a target of which nothing is known yet.
Investigation begun(Target target, Expectation expected);

/// Of a target that was never begun: judged, and not complete.
Investigation unmeasured(Target target, const Settings& settings, Expectation expected = {});

/// Judges recorded measurements, and what they say against what `held` expects: what investigate() does after
/// its last measurement, and all that a replay does.
void conclude(Investigation& investigation, const Settings& settings);

}  // namespace fwprobe::checks
