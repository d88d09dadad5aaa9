#include "reports/remedies.h"

#include <algorithm>

namespace fwprobe::reports {

std::vector<std::string> warning_steps(const checks::Investigation& investigation) {
  std::vector<std::string> steps;
  for (const auto& finding : investigation.findings) {
    const bool diagnosed = investigation.diagnosis && finding.cause == investigation.diagnosis->cause;
    if (finding.status != checks::Status::warn || diagnosed) continue;
    for (const auto& step : finding.remedy)
      if (std::ranges::find(steps, step) == steps.end()) steps.push_back(step);
  }
  return steps;
}

}  // namespace fwprobe::reports
