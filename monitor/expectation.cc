#include "monitor/outcome.h"

namespace fwprobe::monitor {

bool meets(const Expectation& expectation, const checks::Investigation& investigation) {
  using checks::Status;
  const auto is = investigation.status;
  if (expectation.status == Status::pass) return is == Status::pass || is == Status::warn;
  if (is != Status::fail) return false;
  if (!expectation.cause) return true;
  return investigation.diagnosis && investigation.diagnosis->cause == expectation.cause;
}

}  // namespace fwprobe::monitor
