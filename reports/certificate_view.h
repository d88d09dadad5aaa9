#pragma once
#include <optional>

#include "checks/investigation.h"

namespace fwprobe::reports {

/// The leaf that the target itself presented, over any of its addresses; of several the one that ends first.
/// Null when there was none.
const probe::Certificate* own_certificate(const checks::Investigation& target);

}  // namespace fwprobe::reports
