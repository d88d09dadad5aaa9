#pragma once
#include "reports/report.h"

namespace fwprobe::reports {

/// Gives every target of `report` its comparison with the same target of `control`; both are judged. A
/// diagnosis says in its explanation what came of it.
void compare_with(Report& report, const Report& control);

}  // namespace fwprobe::reports
