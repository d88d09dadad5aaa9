// The HTML report: one file without scripts, whose markup is well-formed XML as well.

#include <fmt/format.h>

#include "reports/formats.h"
#include "reports/html_marks.h"
#include "reports/html_overview.h"
#include "reports/html_sections.h"
#include "reports/layers.h"
#include "reports/value_text.h"
#include "version.h"

namespace fwprobe::reports {
namespace {

/// Of the parts of all targets; what many mail servers take is 10 MB, with the overview.
constexpr std::size_t most_bytes = 6 * 1024 * 1024;

constexpr std::string_view css =
#include "report_css.inc"
    ;

Html meta(std::string name, std::string content) {
  return empty_element("meta", {{"name", std::move(name)}, {"content", std::move(content)}});
}

Html head(const std::string& title) {
  Html parts = empty_element("meta", {{"charset", "utf-8"}});
  parts += empty_element("meta", {{"http-equiv", "Content-Security-Policy"},
                                  {"content", "default-src 'none'; style-src 'unsafe-inline'"}});
  parts += meta("viewport", "width=device-width, initial-scale=1");
  parts += meta("color-scheme", "light dark");
  parts += element("title", {}, text(title, 200));
  parts += style_sheet(css);
  return element("head", {}, parts);
}

Html target_part(const checks::Investigation& target, std::string anchor, int level) {
  const Section section{target, std::move(anchor), level};
  Html parts = verdict_section(section);
  for (const auto part : {path_section, comparison_section, timings_section, findings_section,
                          certificates_section, allowlists_section, other_measurements_section})
    parts += part(section);
  return element("article", {{"aria-labelledby", section.anchor + "-title"}}, parts);
}

Html where_from(const Report& report) {
  const auto& from = report.vantage;
  Html parts = text("Measured from ");
  parts += element("b", {}, text(from.host.empty() ? "an unknown host" : from.host, 120));
  if (from.site) parts += text(fmt::format(" ({})", *from.site), 120);
  for (const auto& address : from.egress) parts += text(fmt::format(", outside as {}", address.to_string()));
  parts += text(
      fmt::format(" at {}, in {}", rfc3339(report.started), duration_text(report.finished - report.started)));
  if (!report.complete) parts += element("b", {}, ". Interrupted: this is what was measured until then");
  return element("p", {}, parts);
}

Html footer(const Report& report) {
  return element(
      "footer", {},
      element("p", {}, text(fmt::format("fwprobe {} · run {}", FWPROBE_VERSION, report.run_id), 200)));
}

std::string title_of(const Report& report) {
  if (report.targets.size() != 1) return counts_text(report);
  const auto& target = report.targets.front();
  const auto* diagnosis = trouble(target);
  return fmt::format("{}: {}{}", target.target.text(), status_word(target.status),
                     diagnosis != nullptr ? ", " + diagnosis->title : "");
}

Html main_part(const Report& report) {
  if (report.targets.size() == 1) return target_part(report.targets.front(), "t1", 1);
  // The worst have their parts first, as far as there is room.
  Anchors anchors(report.targets.size());
  Html parts;
  std::size_t shown = 0;
  for (const auto place : worst_first(report)) {
    if (parts.size() > most_bytes) break;
    anchors[place] = fmt::format("t{}", place + 1);
    parts += target_part(report.targets[place], anchors[place], 2);
    ++shown;
  }
  Html all = overview(report, anchors);
  all += parts;
  if (shown < report.targets.size())
    all += element(
        "p", {{"class", "more"}},
        text(fmt::format("The parts of {} more targets are left out to keep this file small; they are in "
                         "the JSON report.",
                         report.targets.size() - shown)));
  return all;
}

}  // namespace

std::string render_html(const Report& report, const RenderOptions& /*options*/) {
  const auto page = element(
      "html", {{"xmlns", "http://www.w3.org/1999/xhtml"}, {"lang", "en"}}, head(title_of(report)),
      element("body", {},
              element("header", {}, element("p", {{"class", "brand"}}, "fwprobe"), where_from(report)),
              element("main", {}, main_part(report)), footer(report)));
  return "<!DOCTYPE html>\n" + page.markup() + "\n";
}

}  // namespace fwprobe::reports
