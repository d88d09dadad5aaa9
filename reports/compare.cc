#include "reports/compare.h"

#include <algorithm>

#include <fmt/format.h>

#include "checks/two_vantages.h"

namespace fwprobe::reports {
namespace {

std::string label(const Vantage& vantage) {
  return vantage.site ? fmt::format("{} ({})", vantage.host, *vantage.site) : vantage.host;
}

std::string_view words(checks::Fault fault) {
  using checks::Fault;
  switch (fault) {
    case Fault::here:
      return "the fault is at this vantage";
    case Fault::there:
      return "this is not what the control meets; its own fault is at its vantage";
    case Fault::server:
      return "the control meets the same, the fault is at the server for both";
    case Fault::none:
      return "it works from both";
    case Fault::unknown:
      break;
  }
  return "the two do not decide whose fault it is";
}

}  // namespace

void compare_with(Report& report, const Report& control) {
  for (auto& here : report.targets) {
    const auto there = std::ranges::find(control.targets, here.target, &checks::Investigation::target);
    auto comparison = checks::compare_vantages(here, there == control.targets.end() ? nullptr : &*there);
    comparison.control = label(control.vantage);
    if (here.diagnosis)
      here.diagnosis->explanation +=
          fmt::format(" Compared with {}: {}.", comparison.control, words(comparison.fault));
    here.comparison = std::move(comparison);
  }
}

}  // namespace fwprobe::reports
