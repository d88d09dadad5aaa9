// TAP 14 (testanything.org): a subtest for each target, a test point for each finding.

#include <algorithm>

#include <fmt/format.h>

#include "reports/escape.h"
#include "reports/layers.h"
#include "reports/test_cases.h"

namespace fwprobe::reports {
namespace {

bool is_ok(const TestCase& test) {
  return test.outcome == Outcome::passed || test.outcome == Outcome::skipped;
}

/// A YAML diagnostic; `indent` is that of the test point.
class Diagnostic {
 public:
  explicit Diagnostic(std::string indent) : indent_{std::move(indent) + "  "} {}
  void add(std::string_view key, std::string_view value) {
    if (!value.empty()) text_ += fmt::format("{}{}: {}\n", indent_, key, yaml_text(value));
  }
  void add(std::string_view key, const std::vector<std::string>& values) {
    if (values.empty()) return;
    text_ += fmt::format("{}{}:\n", indent_, key);
    for (const auto& value : values) text_ += fmt::format("{}  - {}\n", indent_, yaml_text(value));
  }
  std::string take() && { return fmt::format("{0}---\n{1}{0}...\n", indent_, text_); }

 private:
  std::string indent_;
  std::string text_;
};

std::string point(std::size_t number, const checks::Investigation& target, const TestCase& test) {
  const std::string indent(4, ' ');
  const auto& finding = test.finding;
  auto line = fmt::format("{}{} {} - {}", indent, is_ok(test) ? "ok" : "not ok", number, tap_text(test.name));
  if (test.outcome == Outcome::skipped) return line + " # SKIP " + tap_text(finding.summary) + "\n";
  Diagnostic diagnostic{indent};
  diagnostic.add("message", finding.summary);
  diagnostic.add("severity", checks::name(finding.status));
  if (finding.cause) diagnostic.add("cause", checks::row(*finding.cause).code);
  if (finding.status != checks::Status::pass) diagnostic.add("details", details(target, finding));
  return line + "\n" + std::move(diagnostic).take();
}

std::string diagnosis(const checks::Diagnosis& diagnosis) {
  Diagnostic diagnostic{""};
  diagnostic.add("message", diagnosis.title);
  if (diagnosis.cause) diagnostic.add("cause", checks::row(*diagnosis.cause).code);
  diagnostic.add("explanation", diagnosis.explanation);
  diagnostic.add("where", where_text(diagnosis.location));
  diagnostic.add("who_mends", who_text(diagnosis.responsible));
  diagnostic.add("certainty", checks::name(diagnosis.confidence));
  diagnostic.add("remedy", diagnosis.remedy);
  return std::move(diagnostic).take();
}

}  // namespace

std::string render_tap(const Report& report, const RenderOptions& options) {
  std::string text = fmt::format("TAP version 14\n1..{}\n", report.targets.size());
  std::size_t number = 0;
  for (const auto& target : report.targets) {
    const auto cases = test_cases(target, options);
    const auto name = tap_text(target.target.text());
    text += fmt::format("# Subtest: {}\n    1..{}\n", name, cases.size());
    for (std::size_t i = 0; i < cases.size(); ++i) text += point(i + 1, target, cases[i]);
    text += fmt::format("{} {} - {}\n", std::ranges::all_of(cases, is_ok) ? "ok" : "not ok", ++number, name);
    if (const auto* found = trouble(target)) text += diagnosis(*found);
  }
  if (!report.complete) text += "Bail out! interrupted: this is what was measured until then\n";
  return text;
}

}  // namespace fwprobe::reports
