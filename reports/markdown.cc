// Markdown for a comment on GitHub, GitLab or Azure DevOps: an overview, then the targets that did not pass,
// the worst first, with their evidence folded.

#include <algorithm>

#include <fmt/format.h>

#include "checks/flow_rules.h"
#include "reports/escape.h"
#include "reports/formats.h"
#include "reports/layers.h"
#include "reports/test_cases.h"
#include "reports/value_text.h"
#include "version.h"

namespace fwprobe::reports {
namespace {

using checks::Investigation;
using checks::Status;

/// GitHub takes comments of 65,536 characters, Azure DevOps of 150,000. Bytes are never fewer.
constexpr std::size_t comment_limit = 65'000;
constexpr std::size_t overview_limit = 20'000;
constexpr std::size_t evidence_limit = 12'000;

std::string_view mark(Status status) {
  switch (status) {
    case Status::pass:
      return "✅ pass";
    case Status::warn:
      return "⚠️ warn";
    case Status::fail:
      return "❌ fail";
    case Status::error:
      return "❔ error";
    case Status::skip:
      break;
  }
  return "➖ skip";
}

/// The worst first, else in the report's order.
std::vector<const Investigation*> sorted(const Report& report) {
  std::vector<const Investigation*> targets;
  for (const auto status : {Status::fail, Status::error, Status::warn, Status::pass, Status::skip})
    for (const auto& target : report.targets)
      if (target.status == status) targets.push_back(&target);
  return targets;
}

std::string overview(const std::vector<const Investigation*>& targets) {
  std::string text = "| status | target | cause |\n| --- | --- | --- |\n";
  std::size_t shown = 0;
  for (const auto* target : targets) {
    const auto* diagnosis = trouble(*target);
    const bool named = diagnosis && diagnosis->cause;
    const auto row =
        fmt::format("| {} | {} | {} |\n", mark(target->status), markdown_code(target->target.text(), 200),
                    named ? markdown_code(checks::row(*diagnosis->cause).code) : "");
    if (text.size() + row.size() > overview_limit) break;
    text += row;
    ++shown;
  }
  if (shown < targets.size()) text += fmt::format("\n… and {} more targets\n", targets.size() - shown);
  return text + "\n";
}

/// Lines as they are, in a fence that nothing in them ends (CommonMark §4.5).
std::string fenced(const std::vector<std::string>& lines) {
  std::string text;
  std::size_t longest = 2, run = 0, shown = 0;
  for (const auto& line : lines) {
    if (text.size() + line.size() > evidence_limit) break;
    text += line + "\n";
    ++shown;
  }
  for (const char c : text) {
    run = c == '`' ? run + 1 : 0;
    longest = std::max(longest, run);
  }
  if (shown < lines.size()) text += fmt::format("… {} more lines\n", lines.size() - shown);
  const std::string fence(longest + 1, '`');
  return fmt::format("{0}text\n{1}{0}\n", fence, text);
}

std::string folded(std::string_view summary, const std::string& content) {
  return fmt::format("<details><summary>{}</summary>\n\n{}\n</details>\n\n", summary, content);
}

std::string diagnosis_part(const Investigation& target, const checks::Diagnosis& diagnosis) {
  std::string text = markdown_text(diagnosis.explanation) + "\n\n";
  if (diagnosis.cause)
    text += fmt::format("- **Cause:** {}\n", markdown_code(checks::row(*diagnosis.cause).code));
  text += fmt::format("- **Where:** {}\n- **Who mends:** {}\n- **Certainty:** {}\n",
                      markdown_text(where_text(diagnosis.location)), who_text(diagnosis.responsible),
                      checks::name(diagnosis.confidence));
  if (target.comparison)
    text += fmt::format("- **Compared with {}:** {}\n", markdown_text(target.comparison->control),
                        markdown_text(target.comparison->summary));
  if (!diagnosis.remedy.empty()) text += "\n**What to do**\n\n";
  for (std::size_t i = 0; i < diagnosis.remedy.size(); ++i)
    text += fmt::format("{}. {}\n", i + 1, markdown_text(diagnosis.remedy[i]));
  if (diagnosis.flow) text += "\n" + markdown_text(checks::sentence(*diagnosis.flow)) + "\n";
  return text + "\n";
}

std::string rules(const checks::Flow& flow) {
  std::vector<std::string> lines;
  for (const auto& format : checks::rules_for(flow)) {
    lines.push_back(fmt::format("# {}", format.title));
    std::string_view text = format.text;
    while (!text.empty()) {
      const auto end = std::min(text.find('\n'), text.size());
      lines.push_back(printable(text.substr(0, end), 4 * prose));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    lines.emplace_back();
  }
  return lines.empty() ? "" : folded("Rules to paste", fenced(lines));
}

std::string evidence(const Investigation& target) {
  std::vector<std::string> lines;
  for (const auto& finding : target.findings) {
    lines.push_back(fmt::format("{:5} {}: {}", checks::name(finding.status), checks::name(finding.check),
                                printable(finding.summary, prose)));
    if (finding.status == Status::pass || finding.status == Status::skip) continue;
    for (const auto& line : details(target, finding)) lines.push_back("      " + line);
  }
  return folded(fmt::format("Evidence ({} findings)", target.findings.size()), fenced(lines));
}

std::string section(const Investigation& target) {
  const auto* diagnosis = trouble(target);
  std::string text =
      fmt::format("### {} {}\n\n", mark(target.status), markdown_code(target.target.text(), 200));
  if (diagnosis) {
    text += "**" + markdown_text(diagnosis->title) + "**\n\n" + diagnosis_part(target, *diagnosis);
    if (diagnosis->flow) text += rules(*diagnosis->flow);
  }
  return text + evidence(target);
}

std::string footer(const Report& report) {
  auto text = "fwprobe " FWPROBE_VERSION ", from " + markdown_code(report.vantage.host, 100);
  if (report.vantage.site) text += " " + markdown_code(*report.vantage.site, 100);
  text += fmt::format(", {} in {}", markdown_code(rfc3339(report.started)),
                      duration_text(report.finished - report.started));
  return text + (report.complete ? "" : "; interrupted: this is what was measured until then") + "\n";
}

}  // namespace

std::string render_markdown(const Report& report, const RenderOptions& options) {
  const auto targets = sorted(report);
  const auto end = footer(report);
  std::string text = fmt::format("## {} fwprobe: {} of {} targets passed\n\n", mark(report.status()),
                                 std::ranges::count(report.targets, Status::pass, &Investigation::status),
                                 report.targets.size());
  text += overview(targets);
  std::size_t left_out = 0;
  for (const auto* target : targets) {
    if (target->status == Status::pass && !options.text.verbose) continue;
    const auto part = section(*target);
    // Room for the sentence below.
    constexpr std::size_t reserve = 100;
    if (text.size() + part.size() + end.size() + reserve > comment_limit)
      ++left_out;
    else
      text += part;
  }
  if (left_out > 0)
    text += fmt::format("… {} more targets did not fit here; --format json has everything\n\n", left_out);
  return text + end;
}

}  // namespace fwprobe::reports
