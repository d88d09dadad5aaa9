#include "reports/formats.h"

#include <algorithm>

namespace fwprobe::reports {
namespace {

constexpr Format table[] = {
    {"text", "for people",
     [](const Report& report, const RenderOptions& options) { return render_text(report, options.text); }},
    {"json", "everything, to be judged again",
     [](const Report& report, const RenderOptions&) { return render_json(report); }},
    {"html", "a page to look at, one file", render_html},
    {"markdown", "a comment on a pull request or work item", render_markdown},
    {"junit", "JUnit XML for CI", render_junit},
    {"tap", "TAP 14", render_tap},
    {"csv", "for spreadsheets, a row for each finding", render_csv},
    {"prometheus", "metrics for node_exporter's textfile collector", render_prometheus},
    {"nagios", "a monitoring plugin's output and exit codes", render_nagios, ExitCodes::monitoring_plugin},
};

}  // namespace

std::span<const Format> formats() { return table; }

const Format* find_format(std::string_view name) {
  const auto* const at = std::ranges::find(table, name, &Format::name);
  return at == std::end(table) ? nullptr : at;
}

std::string format_names() {
  std::string names;
  for (const auto& format : table) {
    if (!names.empty()) names += &format == &table[std::size(table) - 1] ? " and " : ", ";
    names += format.name;
  }
  return names;
}

}  // namespace fwprobe::reports
