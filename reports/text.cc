// The report for people: the verdict, the path, the cause, the evidence, and what to do.

#include <algorithm>

#include <fmt/format.h>

#include "checks/flow_rules.h"
#include "reports/escape.h"
#include "reports/layers.h"
#include "reports/measurement_json.h"
#include "reports/measurement_text.h"
#include "reports/remedies.h"
#include "reports/report.h"
#include "reports/text_layout.h"
#include "reports/value_text.h"

namespace fwprobe::reports {
namespace {

using checks::Check;
using checks::Finding;
using checks::Investigation;
using checks::Status;

constexpr std::size_t most_measurements = 6;  ///< of the evidence, unless verbose
constexpr std::size_t most_details = 8;       ///< of one measurement, unless verbose
constexpr std::size_t label_columns = 11;

struct Look {
  const char* word;
  const char* mark;
  Color color;
};

Look look(Status status) {
  switch (status) {
    case Status::pass:
      return {"PASS", "✓", Color::green};
    case Status::warn:
      return {"WARN", "!", Color::yellow};
    case Status::fail:
      return {"FAIL", "✗", Color::red};
    case Status::error:
      return {"ERROR", "?", Color::red};
    case Status::skip:
      break;
  }
  return {"SKIP", "·", Color::dim};
}

std::string lead(std::string_view word, std::size_t width) { return fmt::format("{:<{}}", word, width); }

std::string ids_text(const std::vector<probe::MeasurementId>& ids) {
  std::string text;
  for (const auto id : ids) text += (text.empty() ? "" : " ") + id_text(id);
  return text.empty() ? "" : " [" + text + "]";
}

// ---- the path

/// "✓ DNS 2 ms ── ✗ TCP ╳╌ · TLS": whole, or broken behind the layer where it breaks.
void path_row(Page& page, const Investigation& investigation) {
  std::vector<std::pair<std::string, Color>> parts;
  Status before = Status::skip;
  for (const auto& layer : layers()) {
    const auto status = status_of(investigation, layer.check);
    if (!status) continue;
    // Without a proxy there is no such stretch of the way; why it is direct stands among the findings.
    if (layer.check == Check::proxy && status == Status::skip) continue;
    if (!parts.empty()) {
      const bool works = before == Status::pass || before == Status::warn;
      parts.back().first += works ? " ──" : before == Status::skip ? " ╌╌" : " ╳╌";
    }
    const auto how = look(*status);
    const auto took = *status == Status::skip ? std::nullopt : time_of(investigation, layer.kind);
    parts.emplace_back(fmt::format("{} {}{}", how.mark, layer.label, took ? " " + duration_text(*took) : ""),
                       how.color);
    before = *status;
  }
  if (parts.empty()) return;
  page.blank();
  page.row(2, parts);
}

// ---- the cause

void section(Page& page, std::string_view title) {
  page.blank();
  page.item("", title, Color::none, Color::bold);
}

void labelled(Page& page, std::string_view label, std::string_view text) {
  page.item(lead(label, label_columns), text, Color::bold);
}

void steps(Page& page, const std::vector<std::string>& remedy) {
  if (remedy.empty()) return;
  section(page, "What to do");
  for (std::size_t i = 0; i < remedy.size(); ++i)
    page.item(fmt::format("  {}. ", i + 1), printable(remedy[i]));
}

/// The same for a firewall's administrator: one sentence, and rules to paste.
void flow_part(Page& page, const checks::Flow& flow) {
  page.blank();
  page.item("  ", printable(checks::sentence(flow), 1000), Color::none, Color::bold);
  for (const auto& remark : checks::remarks(flow)) page.item("  ", printable(remark, 1000));
  const auto rules = checks::rules_for(flow);
  if (rules.empty()) return;
  if (!page.style().verbose) {
    std::string names;
    for (const auto& format : rules) names += fmt::format("{}{}", names.empty() ? "" : ", ", format.name);
    page.item("  ", fmt::format("As rules ({}): --verbose, or --format json.", names), Color::none,
              Color::dim);
    return;
  }
  section(page, "Rules");
  for (const auto& format : rules) {
    page.item("  ", format.title, Color::none, Color::bold);
    std::string_view text = format.text;
    while (!text.empty()) {
      const auto end = text.find('\n');
      page.verbatim("    ", text.substr(0, end));
      text.remove_prefix(end + 1);
    }
  }
}

void measurement(Page& page, const Investigation& investigation, const probe::Measurement& measured) {
  const auto lines = describe(measured, investigation.evidence);
  const auto most = page.style().verbose ? lines.size() : std::min(lines.size(), most_details);
  for (std::size_t i = 0; i < most; ++i) {
    const auto text =
        i == 0 ? fmt::format("{} ({})", lines[i], duration_text(measured.time.elapsed)) : lines[i];
    page.item(i == 0 ? fmt::format("  {:<5}", id_text(measured.id)) : "         ", text, Color::dim);
    if (i == 0 && !measured.because.empty())
      page.item("         ", "asked because " + printable(measured.because), Color::none, Color::dim);
  }
  if (most < lines.size())
    page.item("         ", fmt::format("… {} more", lines.size() - most), Color::none, Color::dim);
}

void finding_line(Page& page, const Finding& finding) {
  const auto how = look(finding.status);
  page.item(fmt::format("  {} ", how.mark),
            fmt::format("{}: {}{}", checks::name(finding.check), printable(finding.summary),
                        ids_text(finding.evidence)),
            how.color);
}

/// The findings that say what the diagnosis says, then the measurements that it stands on.
void evidence(Page& page, const Investigation& investigation, const checks::Diagnosis& diagnosis) {
  section(page, "Evidence");
  for (const auto& finding : investigation.findings)
    if (diagnosis.cause && finding.cause == diagnosis.cause) finding_line(page, finding);
  std::size_t shown = 0;
  for (const auto id : diagnosis.evidence) {
    const auto* measured = investigation.evidence.find(id);
    if (!measured || page.style().verbose) continue;
    if (++shown <= most_measurements) measurement(page, investigation, *measured);
  }
  if (shown > most_measurements)
    page.item("       ", fmt::format("… {} more with --verbose", shown - most_measurements), Color::none,
              Color::dim);
}

void diagnosis_part(Page& page, const Investigation& investigation, const checks::Diagnosis& diagnosis) {
  page.blank();
  if (diagnosis.cause) labelled(page, "Cause", checks::row(*diagnosis.cause).code);
  labelled(page, "", printable(diagnosis.explanation, 1000));
  labelled(page, "Where", where_text(diagnosis.location));
  labelled(page, "Who mends", who_text(diagnosis.responsible));
  labelled(page, "Certainty", checks::name(diagnosis.confidence));
  evidence(page, investigation, diagnosis);
  steps(page, diagnosis.remedy);
  if (diagnosis.flow) flow_part(page, *diagnosis.flow);
}

// ---- two vantages

void comparison_part(Page& page, const checks::Comparison& comparison) {
  section(page, "Compared with " + printable(comparison.control));
  labelled(page, "Fault", fault_text(comparison.fault));
  labelled(page, "", printable(comparison.summary, 1000));
  if (comparison.fault != checks::Fault::unknown)
    labelled(page, "Certainty", checks::name(comparison.confidence));
  if (comparison.control_status)
    labelled(page, "Control",
             fmt::format("{}{}", checks::name(*comparison.control_status),
                         comparison.control_cause
                             ? fmt::format(", {}", checks::row(*comparison.control_cause).code)
                             : ""));
  for (const auto& note : comparison.notes) page.item("  - ", printable(note));
}

// ---- everything else

/// What a person wants to know besides the diagnosis: other troubles, and what could not be checked when
/// nothing else explains it; how the name was resolved and which proxy was used.
bool matters(const Investigation& investigation, const Finding& finding) {
  if (finding.cause && investigation.diagnosis && finding.cause == investigation.diagnosis->cause)
    return false;
  const bool went_well = investigation.status == Status::pass || investigation.status == Status::warn;
  switch (finding.status) {
    case Status::skip:
      return went_well || finding.check == Check::allowlist;
    case Status::pass:
      return finding.check == Check::dns || finding.check == Check::path || finding.check == Check::proxy ||
             (finding.check == Check::environment && investigation.held);
    default:
      return true;
  }
}

void other_findings(Page& page, const Investigation& investigation) {
  const bool all = page.style().verbose;
  std::vector<const Finding*> chosen;
  for (const auto& finding : investigation.findings)
    if (all || matters(investigation, finding)) chosen.push_back(&finding);
  if (chosen.empty()) return;
  section(page, all ? "Findings" : "Also");
  for (const auto* finding : chosen) finding_line(page, *finding);
}

void warnings_to_do(Page& page, const Investigation& investigation) {
  const auto steps = warning_steps(investigation);
  if (steps.empty()) return;
  section(page, "For the warnings");
  for (const auto& step : steps) page.item("  - ", printable(step));
}

void measurements(Page& page, const Investigation& investigation) {
  section(page, "Measurements");
  for (const auto& measured : investigation.evidence.measurements())
    measurement(page, investigation, measured);
}

std::string title_of(const Investigation& investigation) {
  if (investigation.diagnosis && investigation.status != Status::pass)
    return ": " + printable(investigation.diagnosis->title);
  return "";
}

void target(Page& page, const Investigation& investigation) {
  const auto how = look(investigation.status);
  page.item(lead(how.word, 6), printable(investigation.target.text()) + title_of(investigation), how.color,
            Color::bold);
  path_row(page, investigation);
  if (investigation.diagnosis && investigation.status != Status::pass)
    diagnosis_part(page, investigation, *investigation.diagnosis);
  if (investigation.comparison) comparison_part(page, *investigation.comparison);
  other_findings(page, investigation);
  warnings_to_do(page, investigation);
  if (page.style().verbose) measurements(page, investigation);
}

void summary(Page& page, const Report& report) {
  section(page, "Summary");
  for (const auto& investigation : report.targets) {
    const auto how = look(investigation.status);
    const auto& diagnosis = investigation.diagnosis;
    const bool named = investigation.status != Status::pass && diagnosis && diagnosis->cause;
    page.item("  " + lead(how.word, 6),
              printable(investigation.target.text()) +
                  (named ? "  " + std::string{checks::row(*diagnosis->cause).code} : ""),
              how.color);
  }
  std::string counts;
  for (const auto status : {Status::pass, Status::warn, Status::fail, Status::error}) {
    const auto count = std::ranges::count(report.targets, status, &Investigation::status);
    if (count > 0) counts += fmt::format(", {} {}", count, checks::name(status));
  }
  page.item("  ", fmt::format("{} targets{}", report.targets.size(), counts));
}

void vantage(Page& page, const Report& report) {
  const auto& from = report.vantage;
  std::string text = "measured from " + printable(from.host);
  if (from.site) text += fmt::format(" ({})", printable(*from.site));
  for (const auto& address : from.egress) text += fmt::format(", outside as {}", address.to_string());
  text +=
      fmt::format(" at {}, in {}", rfc3339(report.started), duration_text(report.finished - report.started));
  page.blank();
  page.item("", text, Color::none, Color::dim);
}

}  // namespace

std::string render_text(const Report& report, const TextStyle& style) {
  Page page{style};
  for (const auto& investigation : report.targets) {
    page.blank();
    target(page, investigation);
  }
  if (report.targets.size() > 1) summary(page, report);
  if (!report.complete) {
    page.blank();
    page.item("", "interrupted: this is what was measured until then", Color::none, Color::yellow);
  }
  vantage(page, report);
  return std::move(page).take();
}

}  // namespace fwprobe::reports
