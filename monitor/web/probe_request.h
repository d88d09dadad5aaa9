#pragma once
// `/probe?target=…&module=…` (blackbox_exporter's multi-target pattern) read into what is to be measured.

#include <expected>

#include "monitor/plan.h"
#include "monitor/web/request.h"
#include "probe/clock.h"

namespace fwprobe::monitor {

struct ProbeRequest {
  checks::Target target;
  Manner manner;
  probe::Clock::duration timeout{};  ///< from now until the answer has to be there
  bool debug = false;                ///< for people: the report as text
};

/// The error is the answer: 400 with what would be right, or 403 for a target that is not allowed.
std::expected<ProbeRequest, Answer> read_probe(const Request& request, const Web& web);

}  // namespace fwprobe::monitor
