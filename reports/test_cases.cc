#include "reports/test_cases.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "reports/escape.h"
#include "reports/measurement_text.h"
#include "reports/value_text.h"

namespace fwprobe::reports {
namespace {

using checks::Finding;
using checks::Status;

Outcome outcome_of(Status status, const RenderOptions& options) {
  switch (status) {
    case Status::skip:
      return Outcome::skipped;
    case Status::warn:
      return options.strict ? Outcome::failed : Outcome::passed;
    case Status::fail:
      return Outcome::failed;
    case Status::error:
      return Outcome::error;
    case Status::pass:
      break;
  }
  return Outcome::passed;
}

std::chrono::nanoseconds longest(const checks::Investigation& target, const Finding& finding) {
  std::chrono::nanoseconds most{};
  for (const auto id : finding.evidence)
    if (const auto* measured = target.evidence.find(id)) most = std::max(most, measured->time.elapsed);
  return most;
}

/// What is wrong with a target that should fail, and does, is as it should be; what was expected in vain is
/// told by a finding of its own, so that the others are only what was met.
bool is_no_news(const checks::Investigation& target, const Finding& finding) {
  return target.held && (finding.status == Status::fail || finding.status == Status::error) &&
         target.held->measured == Status::fail && finding.cause != checks::Cause::expect_other_cause;
}

/// The target's own verdict, for when none of its findings has it.
Finding verdict_of(const checks::Investigation& target) {
  Finding finding;
  finding.subject = target.target.text();
  finding.status = target.status;
  finding.summary = target.diagnosis ? target.diagnosis->title : "nothing was measured";
  if (target.diagnosis) finding.cause = target.diagnosis->cause;
  return finding;
}

}  // namespace

std::vector<TestCase> test_cases(const checks::Investigation& target, const RenderOptions& options) {
  auto findings = target.findings;
  if (findings.empty() || (target.status == Status::error &&
                           std::ranges::find(findings, Status::error, &Finding::status) == findings.end()))
    findings.push_back(verdict_of(target));
  std::vector<TestCase> cases;
  std::map<std::string, int> names;
  for (auto& finding : findings) {
    auto name = fmt::format("{} {}", checks::name(finding.check), finding.subject);
    if (const int count = ++names[name]; count > 1) name += fmt::format(" ({})", count);
    const auto outcome = is_no_news(target, finding) ? Outcome::passed : outcome_of(finding.status, options);
    const auto took = longest(target, finding);
    cases.push_back({std::move(name), std::move(finding), outcome, took});
  }
  return cases;
}

std::vector<std::string> details(const checks::Investigation& target, const Finding& finding) {
  constexpr std::size_t most_measurements = 6;
  std::vector<std::string> lines;
  for (const auto& step : finding.remedy) lines.push_back("to do: " + printable(step, prose));
  std::size_t shown = 0;
  for (const auto id : finding.evidence) {
    const auto* measured = target.evidence.find(id);
    if (!measured) continue;
    if (++shown > most_measurements) break;
    bool first = true;
    for (const auto& line : describe(*measured, target.evidence)) {
      lines.push_back((first ? id_text(id) + ": " : "  ") + line);
      first = false;
    }
  }
  if (finding.evidence.size() > shown || shown > most_measurements)
    lines.push_back("… more measurements stand in the JSON report");
  return lines;
}

}  // namespace fwprobe::reports
