// JUnit XML as Jenkins' xUnit plugin, GitLab and Azure Pipelines read it (tests/reports/junit.xsd): a suite
// for each target, a case for each finding.

#include <algorithm>

#include <fmt/format.h>

#include "reports/escape.h"
#include "reports/layers.h"
#include "reports/test_cases.h"
#include "reports/value_text.h"
#include "version.h"

namespace fwprobe::reports {
namespace {

using checks::Status;

std::string seconds(std::chrono::nanoseconds duration) {
  return fmt::format("{:.3f}", std::max(milliseconds(duration), 0.0) / 1e3);
}

std::string property(std::string_view name, std::string_view value) {
  return fmt::format("      <property name=\"{}\" value=\"{}\"/>\n", name, xml_text(value));
}

/// Lines that are printable already.
std::string body(const std::vector<std::string>& lines) {
  constexpr std::size_t longest_line = 4000;
  std::string text;
  for (const auto& line : lines) text += xml_text(line, longest_line) + "\n";
  return text;
}

std::string_view cause_code(const checks::Finding& finding) {
  return finding.cause ? checks::row(*finding.cause).code : checks::name(finding.status);
}

std::string problem(std::string_view element, const checks::Investigation& target,
                    const checks::Finding& finding) {
  return fmt::format("      <{0} type=\"{1}\" message=\"{2}\">{3}</{0}>\n", element, cause_code(finding),
                     xml_text(finding.summary), body(details(target, finding)));
}

std::string case_xml(const checks::Investigation& target, const TestCase& test) {
  const auto& finding = test.finding;
  std::string inside;
  switch (test.outcome) {
    case Outcome::failed:
      inside = problem("failure", target, finding);
      break;
    case Outcome::error:
      inside = problem("error", target, finding);
      break;
    case Outcome::skipped:
      inside = fmt::format("      <skipped message=\"{}\"/>\n", xml_text(finding.summary));
      break;
    case Outcome::passed: {
      auto lines = std::vector{printable(finding.summary, prose)};
      if (finding.status == Status::warn) {
        lines.front() = fmt::format("warning, {}: {}", cause_code(finding), lines.front());
        std::ranges::copy(details(target, finding), std::back_inserter(lines));
      }
      inside = fmt::format("      <system-out>{}</system-out>\n", body(lines));
    }
  }
  // Jenkins and GitLab tell cases by class and name, whatever their suite.
  return fmt::format("    <testcase classname=\"fwprobe.{}\" name=\"{}\" time=\"{}\">\n{}    </testcase>\n",
                     checks::name(finding.check), xml_text(target.target.text() + " " + test.name),
                     seconds(test.took), inside);
}

std::string diagnosis_xml(const checks::Investigation& target) {
  const auto* diagnosis = trouble(target);
  if (!diagnosis) return {};
  std::vector lines{diagnosis->title, diagnosis->explanation, "where: " + where_text(diagnosis->location),
                    fmt::format("who mends: {}", who_text(diagnosis->responsible)),
                    fmt::format("certainty: {}", checks::name(diagnosis->confidence))};
  for (const auto& step : diagnosis->remedy) lines.push_back("to do: " + step);
  return fmt::format("    <system-out>{}</system-out>\n", body(lines));
}

struct Counts {
  std::ptrdiff_t tests = 0, failures = 0, errors = 0, skipped = 0;
};

std::string suite_xml(const Report& report, const checks::Investigation& target, const RenderOptions& options,
                      Counts& total) {
  const auto cases = test_cases(target, options);
  const auto count = [&](Outcome outcome) { return std::ranges::count(cases, outcome, &TestCase::outcome); };
  const Counts own{std::ssize(cases), count(Outcome::failed), count(Outcome::error), count(Outcome::skipped)};
  total = {total.tests + own.tests, total.failures + own.failures, total.errors + own.errors,
           total.skipped + own.skipped};
  std::chrono::nanoseconds took{};
  for (const auto& test : cases) took = std::max(took, test.took);

  std::string text = fmt::format(
      "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"{}\" "
      "timestamp=\"{}\" hostname=\"{}\">\n    <properties>\n",
      xml_text(target.target.text()), own.tests, own.failures, own.errors, own.skipped, seconds(took),
      rfc3339(report.started).substr(0, 19), xml_text(report.vantage.host));
  text += property("fwprobe.version", FWPROBE_VERSION) + property("fwprobe.run", report.run_id) +
          property("fwprobe.status", checks::name(target.status));
  if (report.vantage.site) text += property("fwprobe.site", *report.vantage.site);
  if (const auto* diagnosis = trouble(target); diagnosis && diagnosis->cause)
    text += property("fwprobe.cause", checks::row(*diagnosis->cause).code);
  text += "    </properties>\n";
  for (const auto& test : cases) text += case_xml(target, test);
  return text + diagnosis_xml(target) + "  </testsuite>\n";
}

}  // namespace

std::string render_junit(const Report& report, const RenderOptions& options) {
  Counts total;
  std::string suites;
  for (const auto& target : report.targets) suites += suite_xml(report, target, options, total);
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"fwprobe\" tests=\"{}\" failures=\"{}\" "
      "errors=\"{}\" time=\"{}\">\n{}</testsuites>\n",
      total.tests, total.failures, total.errors, seconds(report.finished - report.started), suites);
}

}  // namespace fwprobe::reports
