#pragma once
// One target, measured from two places: is the fault here, there, or at the server for both? The rules stand
// in docs/how-it-tells.md.

#include "checks/comparison.h"
#include "checks/investigation.h"

namespace fwprobe::checks {

/// Both have settings and are concluded. `there` is the control; null when it does not hold the target.
Comparison compare_vantages(const Investigation& here, const Investigation* there);

}  // namespace fwprobe::checks
