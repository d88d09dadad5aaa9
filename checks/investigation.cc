#include "checks/investigation.h"

#include <utility>

namespace fwprobe::checks {

Investigation begun(Target target, Expectation expected) {
  Investigation investigation;
  investigation.target = std::move(target);
  if (expected.status == Status::fail) investigation.held = Held{expected, {}, {}};
  return investigation;
}

Investigation unmeasured(Target target, const Settings& settings, Expectation expected) {
  auto investigation = begun(std::move(target), expected);
  investigation.complete = false;
  conclude(investigation, settings);
  return investigation;
}

void conclude(Investigation& investigation, const Settings& settings) {
  const Case the_case{investigation.target, settings, investigation.evidence};
  investigation.findings = judge(the_case);
  if (!investigation.complete) {
    investigation.findings.push_back({Check::environment,
                                      investigation.target.text(),
                                      Status::error,
                                      std::nullopt,
                                      "stopped before everything was measured",
                                      {},
                                      {},
                                      Confidence::high,
                                      std::nullopt});
  }
  investigation.status = worst(investigation.findings);
  investigation.diagnosis = diagnose(the_case, investigation.findings);
  if (investigation.held) hold(investigation);
}

}  // namespace fwprobe::checks
