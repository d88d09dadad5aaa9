#include "checks/expectation.h"

#include <utility>

#include <fmt/format.h>

#include "checks/builders.h"
#include "checks/investigation.h"

namespace fwprobe::checks {
namespace {

/// What shows that it works: the evidence of the layer that it got to.
Ids proof(const Findings& findings) {
  Ids ids;
  auto reached = Check::environment;
  for (const auto& finding : findings) {
    const bool good = finding.status == Status::pass || finding.status == Status::warn;
    if (!good || finding.evidence.empty() || finding.check < reached || finding.check == Check::allowlist)
      continue;
    reached = finding.check;
    ids = finding.evidence;
  }
  return ids;
}

Diagnosis diagnosis_of(const Finding& finding, Location location) {
  const auto& cause = row(*finding.cause);
  return {finding.cause,
          std::string{cause.title},
          fmt::format("{}: {}. {}", finding.subject, finding.summary, cause.meaning),
          std::move(location),
          finding.confidence,
          cause.responsible,
          finding.remedy,
          finding.evidence,
          {}};
}

}  // namespace

std::string text(const Expectation& expectation) {
  return fmt::format("{}{}{}", name(expectation.status), expectation.cause ? " " : "",
                     code_of(expectation.cause));
}

void hold(Investigation& investigation) {
  auto& held = *investigation.held;
  auto& diagnosis = investigation.diagnosis;
  const auto subject = investigation.target.text();
  const auto& wanted = held.expected.cause;
  held.measured = investigation.status;
  held.cause = diagnosis ? diagnosis->cause : std::nullopt;
  const auto expected = fmt::format("expected to fail{}{}", wanted ? " with " : "", code_of(wanted));
  const std::string measured{code_of(held.cause)};
  const Facts facts{{"host", investigation.target.host.name},
                    {"port", std::to_string(investigation.target.port)},
                    {"expected", text(held.expected)},
                    {"measured", measured}};

  if (held.measured == Status::error) {
    investigation.findings.push_back(
        skip(Check::environment, subject, expected + "; whether it does could not be measured"));
    return;
  }
  if (held.measured != Status::fail) {
    auto finding = problem(Status::fail, Check::environment, subject, Cause::expect_open,
                           expected + ", and works", proof(investigation.findings), facts);
    investigation.status = Status::fail;
    diagnosis = diagnosis_of(finding, {Where::path, {}, {}, {}, {}});
    investigation.findings.push_back(std::move(finding));
    return;
  }
  if (wanted && held.cause != wanted) {
    auto finding = problem(Status::fail, Check::environment, subject, Cause::expect_other_cause,
                           fmt::format("{}, and fails with {} ({})", expected, measured, diagnosis->title),
                           diagnosis->evidence, facts);
    finding.confidence = diagnosis->confidence;
    diagnosis = diagnosis_of(finding, diagnosis->location);
    investigation.findings.push_back(std::move(finding));
    return;
  }
  investigation.findings.push_back(
      pass(Check::environment, subject,
           wanted ? expected + ", and does" : fmt::format("{}, and does, with {}", expected, measured),
           diagnosis->evidence));
  investigation.status = Status::pass;
  diagnosis.reset();
}

}  // namespace fwprobe::checks
