// Every finding with what it stands on, folded.

#include <algorithm>

#include <fmt/format.h>

#include "reports/html_marks.h"
#include "reports/html_sections.h"
#include "reports/measurement_text.h"
#include "reports/value_text.h"

namespace fwprobe::reports {
namespace {

using checks::Finding;
using checks::Investigation;
using checks::Status;
using probe::MeasurementId;

constexpr std::size_t most_findings = 100;
constexpr std::size_t most_measurements = 12;   ///< of one finding
constexpr std::size_t most_details = 40;        ///< of one measurement
constexpr std::size_t most_bytes = 256 * 1024;  ///< of a target's findings; what follows is not unfolded

Html more(std::size_t all, std::size_t shown, std::string_view what) {
  if (all <= shown) return {};
  return element("li", {{"class", "more"}},
                 text(fmt::format("… {} more {} in the JSON report", all - shown, what)));
}

Html measurement(const Investigation& target, const probe::Measurement& measured) {
  const auto lines = describe(measured, target.evidence);
  Html parts = element("code", {}, id_text(measured.id));
  parts +=
      text(fmt::format(" {} ({})", lines.empty() ? "" : lines.front(), duration_text(measured.time.elapsed)));
  if (!measured.because.empty())
    parts += element("p", {{"class", "because"}}, text("Asked because " + measured.because));
  Html details;
  for (std::size_t i = 1; i < std::min(lines.size(), most_details); ++i)
    details += element("li", {}, text(lines[i]));
  details += more(lines.size(), most_details, "lines");
  if (!details.empty()) parts += element("ul", {}, details);
  return element("li", {}, parts);
}

Html finding_line(const Finding& finding) {
  Html line = mark(finding.status);
  line += element("span", {{"class", "check"}}, text(fmt::format(" {} ", checks::name(finding.check))));
  if (!finding.summary.contains(finding.subject)) {
    line += element("code", {}, text(finding.subject, 120));
    line += text(": ");
  }
  line += element("span", {{"class", "summary"}}, text(finding.summary));
  line += element("span", {{"class", "unseen"}}, text(fmt::format(" ({})", status_word(finding.status))));
  return line;
}

Html evidence(const Investigation& target, const Finding& finding) {
  Html facts = text(fmt::format("{} · certainty {}", finding.subject, checks::name(finding.confidence)));
  if (finding.cause) {
    facts += text(" · ");
    facts += element("code", {}, checks::row(*finding.cause).code);
  }
  Html parts = element("p", {{"class", "subject"}}, facts);
  Html steps;
  for (const auto& step : finding.remedy) steps += element("li", {}, text(step));
  if (!steps.empty()) parts += element("ol", {}, steps);
  return parts += measurements(target, finding.evidence);
}

/// The worst first; what the lists say stands in a table of its own. Each kind in the order of the layers.
std::vector<const Finding*> in_order(const Investigation& target) {
  constexpr Status order[] = {Status::fail, Status::error, Status::warn, Status::pass, Status::skip};
  std::vector<const Finding*> all;
  for (const auto status : order)
    for (const auto& finding : target.findings)
      if (finding.status == status && finding.check != checks::Check::allowlist) all.push_back(&finding);
  return all;
}

}  // namespace

Html measurements(const Investigation& target, const std::vector<MeasurementId>& ids) {
  Html items;
  for (std::size_t i = 0; i < std::min(ids.size(), most_measurements); ++i)
    if (const auto* measured = target.evidence.find(ids[i])) items += measurement(target, *measured);
  items += more(ids.size(), most_measurements, "measurements");
  return items.empty() ? items : element("ul", {{"class", "evidence"}}, items);
}

Html folded(const Investigation& target, const Finding& finding, const Html& line) {
  if (finding.evidence.empty() && finding.remedy.empty()) return line;
  return element("details", {}, element("summary", {}, line), evidence(target, finding));
}

Html findings_section(const Section& section) {
  const auto& target = section.target;
  const auto findings = in_order(target);
  Html items;
  for (std::size_t i = 0; i < std::min(findings.size(), most_findings); ++i) {
    const auto& finding = *findings[i];
    const bool folds = items.size() < most_bytes && !(finding.evidence.empty() && finding.remedy.empty());
    const auto line = finding_line(finding);
    items += element(
        "li", {{"class", status_class(finding.status)}},
        folds ? element("details", {}, element("summary", {}, line), evidence(target, finding)) : line);
  }
  items += more(findings.size(), most_findings, "findings");
  if (items.empty()) return {};
  return titled(section, "findings", "Findings", element("ul", {{"class", "list"}}, items));
}

Html other_measurements_section(const Section& section) {
  const auto& target = section.target;
  std::vector<MeasurementId> rest;
  for (const auto& measured : target.evidence.measurements()) {
    const bool cited = std::ranges::any_of(target.findings, [&](const Finding& finding) {
      return std::ranges::find(finding.evidence, measured.id) != finding.evidence.end();
    });
    if (!cited) rest.push_back(measured.id);
  }
  const auto listed = measurements(target, rest);
  if (listed.empty()) return {};
  return element("details", {{"class", "others"}},
                 element("summary", {}, "Measurements that no finding stands on"), listed);
}

}  // namespace fwprobe::reports
