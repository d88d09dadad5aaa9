#pragma once
// Parts that several JSON documents have.

#include "checks/finding.h"
#include "reports/json_forms.h"
#include "reports/report.h"

namespace fwprobe::reports {

Json finding_json(const checks::Finding& finding);
Json location_json(const checks::Location& location);
Json vantage_json(const Vantage& vantage);

}  // namespace fwprobe::reports
