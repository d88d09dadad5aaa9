#pragma once
// What the HTML report of many targets begins with.

#include <string>
#include <vector>

#include "reports/html.h"
#include "reports/report.h"

namespace fwprobe::reports {

/// By a target's place in the report; empty for those without a part of their own.
using Anchors = std::vector<std::string>;

/// The places of the targets in the order in which they are shown.
std::vector<std::size_t> worst_first(const Report& report);
/// "3 targets: 1 failed, 2 passed"
std::string counts_text(const Report& report);
Html overview(const Report& report, const Anchors& anchors);

}  // namespace fwprobe::reports
