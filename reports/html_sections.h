#pragma once
// The parts of the HTML report, each a function of one target; empty where there is nothing to show.

#include <string>
#include <string_view>

#include "checks/investigation.h"
#include "reports/html.h"

namespace fwprobe::reports {

/// A target's place in the document.
struct Section {
  const checks::Investigation& target;
  std::string anchor;  ///< "t3": begins every id of the target
  int level = 1;       ///< of its heading
};

/// A heading below the target's own, and what stands under it; nothing when that is empty.
Html titled(const Section& section, std::string_view kind, std::string_view title, const Html& content);

Html verdict_section(const Section& section);
Html path_section(const Section& section);
Html comparison_section(const Section& section);
Html timings_section(const Section& section);
Html findings_section(const Section& section);
Html certificates_section(const Section& section);
Html allowlists_section(const Section& section);
/// What no finding stands on.
Html other_measurements_section(const Section& section);

/// A finding's line, and folded under it what it stands on and what to do.
Html folded(const checks::Investigation& target, const checks::Finding& finding, const Html& line);
/// What was asked, and what came back.
Html measurements(const checks::Investigation& target, const std::vector<probe::MeasurementId>& ids);

}  // namespace fwprobe::reports
