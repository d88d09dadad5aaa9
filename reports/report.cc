#include "reports/report.h"

#include <algorithm>

namespace fwprobe::reports {

checks::Status Report::status() const {
  using checks::Status;
  const auto any = [&](Status status) {
    return std::ranges::any_of(targets, [&](const auto& target) { return target.status == status; });
  };
  // A failure that was seen says more than something that could not be measured: it decides the exit code.
  for (const auto status : {Status::fail, Status::error, Status::warn})
    if (any(status)) return status;
  return Status::pass;
}

}  // namespace fwprobe::reports
