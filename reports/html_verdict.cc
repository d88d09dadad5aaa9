// The verdict and what to do: what a reader sees first, and all that many will read.

#include <fmt/format.h>

#include "checks/flow_rules.h"
#include "reports/html_marks.h"
#include "reports/html_sections.h"
#include "reports/layers.h"
#include "reports/path_picture.h"
#include "reports/remedies.h"
#include "reports/value_text.h"

namespace fwprobe::reports {
namespace {

using checks::Investigation;
using checks::Status;

std::string upper(std::string_view word) {
  std::string text{word};
  for (auto& c : text) c = static_cast<char>('a' <= c && c <= 'z' ? c - 'a' + 'A' : c);
  return text;
}

Html badge(Status status) {
  return element("span", {{"class", "badge " + status_class(status)}}, mark(status),
                 text(" " + upper(checks::name(status))));
}

std::string title_of(const Investigation& target) {
  if (const auto* diagnosis = trouble(target)) return diagnosis->title;
  switch (target.status) {
    case Status::pass:
      return "It works, all the way";
    case Status::warn:
      return "It works, with warnings";
    case Status::fail:
      return "It does not work";
    case Status::error:
    case Status::skip:
      break;
  }
  return "It could not be measured";
}

/// The layers as a row, for readers of the narrow picture, which has no room for their times.
Html layer_row(const Investigation& target) {
  Html row;
  for (const auto& lane : path_picture(target).lanes) {
    Html item = mark(lane.status);
    item += text(fmt::format(" {} ", lane.label));
    item +=
        element("small", {}, lane.took ? duration_text(*lane.took) : std::string{status_word(lane.status)});
    row += element("li", {{"class", status_class(lane.status)}}, item);
  }
  return row.empty() ? row : element("ol", {{"class", "layers"}, {"aria-label", "Layers"}}, row);
}

Html fact(std::string_view name, const Html& value) {
  return element("div", {}, element("dt", {}, name), element("dd", {}, value));
}

Html facts(const checks::Diagnosis& diagnosis) {
  Html rows;
  if (diagnosis.cause) rows += fact("Cause", element("code", {}, checks::row(*diagnosis.cause).code));
  rows += fact("Where", text(where_text(diagnosis.location)));
  rows += fact("Who mends", text(who_text(diagnosis.responsible)));
  rows += fact("Certainty", text(checks::name(diagnosis.confidence)));
  return element("dl", {{"class", "facts"}}, rows);
}

Html list(std::string_view kind, const std::vector<std::string>& steps) {
  constexpr std::size_t most = 40;
  Html items;
  for (std::size_t i = 0; i < std::min(steps.size(), most); ++i) items += element("li", {}, text(steps[i]));
  if (steps.size() > most) items += element("li", {}, text(fmt::format("… {} more", steps.size() - most)));
  return element(kind, {}, items);
}

std::string heading(const Section& section, int below) { return fmt::format("h{}", section.level + below); }

/// Rules are fixed text, addresses and numbers (flow_rules.h), so that their lines stay as they are.
Html rule_text(std::string_view rules) {
  constexpr std::size_t most = 16 * 1024;
  const auto shown = clipped(rules, most);
  Html lines;
  for (auto rest = shown; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size());
    lines += text(rest.substr(0, end), most);
    lines += line_break();
    rest.remove_prefix(std::min(rest.size(), end + 1));
  }
  if (shown.size() < rules.size()) lines += text(fmt::format("… (+{} bytes)", rules.size() - shown.size()));
  return element("pre", {{"tabindex", "0"}}, lines);
}

Html flow(const Section& section, const checks::Flow& flow) {
  Html parts = element("p", {{"class", "flow"}}, text(checks::sentence(flow)));
  for (const auto& remark : checks::remarks(flow)) parts += element("p", {}, text(remark));
  const auto formats = checks::rules_for(flow);
  if (formats.empty()) return parts;
  Html rules = element("summary", {}, "As rules to paste");
  for (const auto& format : formats) {
    rules += element(heading(section, 2), {}, format.title);
    rules += rule_text(format.text);
  }
  return parts += element("details", {{"class", "rules"}}, rules);
}

Html to_do(const Section& section) {
  Html parts;
  if (const auto* diagnosis = trouble(section.target); diagnosis != nullptr) {
    if (!diagnosis->remedy.empty()) parts += list("ol", diagnosis->remedy);
    if (diagnosis->flow) parts += flow(section, *diagnosis->flow);
  }
  const auto warnings = warning_steps(section.target);
  if (!parts.empty()) parts = titled(section, "todo", "What to do", parts);
  if (!warnings.empty()) parts += titled(section, "warnings", "For the warnings", list("ul", warnings));
  return parts;
}

}  // namespace

Html titled(const Section& section, std::string_view kind, std::string_view title, const Html& content) {
  if (content.empty()) return {};
  return element("section", {{"class", std::string{kind}}}, element(heading(section, 1), {}, title), content);
}

Html verdict_section(const Section& section) {
  const auto& target = section.target;
  Html top = element(heading(section, 0), {{"id", section.anchor + "-title"}}, badge(target.status),
                     text(" " + title_of(target)));
  top += element("p", {{"class", "target"}}, element("code", {}, text(target.target.text())));
  if (const auto* diagnosis = trouble(target)) {
    top += element("p", {}, text(diagnosis->explanation));
    top += facts(*diagnosis);
  }
  if (!target.complete) top += element("p", {}, "Interrupted: this is what was measured until then.");
  top += layer_row(target);
  return element("div", {{"class", "verdict " + status_class(target.status)}}, element("div", {}, top),
                 to_do(section));
}

Html comparison_section(const Section& section) {
  if (!section.target.comparison) return {};
  const auto& comparison = *section.target.comparison;
  Html rows = fact("Fault", text(fault_text(comparison.fault)));
  if (comparison.fault != checks::Fault::unknown)
    rows += fact("Certainty", text(checks::name(comparison.confidence)));
  if (comparison.control_status)
    rows += fact("Control",
                 text(fmt::format("{}{}", status_word(*comparison.control_status),
                                  comparison.control_cause
                                      ? fmt::format(", {}", checks::row(*comparison.control_cause).code)
                                      : "")));
  Html parts = element("p", {}, text(comparison.summary));
  parts += element("dl", {{"class", "facts"}}, rows);
  if (!comparison.notes.empty()) parts += list("ul", comparison.notes);
  return titled(section, "comparison", "Compared with " + comparison.control, parts);
}

}  // namespace fwprobe::reports
