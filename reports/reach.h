#pragma once
// The report of `fwprobe allowlist check`: what of an outbound list can be reached.

#include <string>
#include <vector>

#include "checks/reach_survey.h"
#include "reports/report.h"

namespace fwprobe::reports {

struct ReachReport {
  std::string run_id;
  probe::WallClock::time_point started;
  probe::WallClock::time_point finished;
  Vantage vantage;
  const allowlist::Allowlist* list = nullptr;
  std::vector<checks::Finding> findings;  ///< of the list itself
  checks::ReachSurvey survey;

  /// Fail before error before warn; an error as well when nothing at all could be probed.
  checks::Status status() const;
};

/// For people: entries that are not reachable with their cause, place and remedy; of a long list the others
/// only in numbers, unless verbose.
std::string render_text(const ReachReport& report, const TextStyle& style);
/// One document of schema fwprobe/allowlist-check/v1 (docs/allowlist-check.schema.json).
std::string render_json(const ReachReport& report);

}  // namespace fwprobe::reports
