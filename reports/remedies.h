#pragma once
// What to do besides what the diagnosis says, in the words that every report uses.

#include <string>
#include <vector>

#include "checks/investigation.h"

namespace fwprobe::reports {

/// The steps for warnings that the diagnosis does not speak of, each once; as they came.
std::vector<std::string> warning_steps(const checks::Investigation& investigation);

}  // namespace fwprobe::reports
