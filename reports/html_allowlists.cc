// How the target and this machine stand in the published lists.

#include <fmt/format.h>

#include "reports/html_marks.h"
#include "reports/html_sections.h"
#include "reports/value_text.h"

namespace fwprobe::reports {
namespace {

constexpr std::size_t most_rows = 200;

Html lists(const checks::Investigation& target) {
  Html items;
  if (!target.settings) return items;
  for (const auto& list : target.settings->allowlists) {
    const bool outbound = list.direction == allowlist::Direction::outbound;
    Html item = element("b", {}, text(list.title.empty() ? list.name : list.title, 120));
    item += text(fmt::format(": {}, {} entries, read on {}",
                             outbound ? "destinations to reach" : "sources to let in", list.entries.size(),
                             date(list.retrieved)));
    if (!list.source.empty()) item += text(" from " + list.source, 200);
    items += element("li", {}, item);
  }
  return items.empty() ? items : element("ul", {}, items);
}

Html head(std::string_view name) { return element("th", {{"scope", "col"}}, name); }

}  // namespace

Html allowlists_section(const Section& section) {
  Html rows;
  std::size_t count = 0;
  for (const auto& finding : section.target.findings) {
    if (finding.check != checks::Check::allowlist || ++count > most_rows) continue;
    const auto word = finding.status == checks::Status::skip ? "not compared" : status_word(finding.status);
    rows +=
        element("tr", {}, element("th", {{"scope", "row"}}, element("code", {}, text(finding.subject, 120))),
                element("td", {{"class", status_class(finding.status)}}, mark(finding.status),
                        text(fmt::format(" {}", word))),
                element("td", {}, folded(section.target, finding, text(finding.summary))));
  }
  if (rows.empty()) return {};
  Html content = lists(section.target);
  content += element("table", {{"class", "allowlist"}},
                     element("thead", {}, element("tr", {}, head("What"), head("Result"), head("Why"))),
                     element("tbody", {}, rows));
  if (count > most_rows)
    content += element("p", {{"class", "more"}},
                       text(fmt::format("… {} more in the JSON report", count - most_rows)));
  return titled(section, "allowlists", "Compared with published lists", content);
}

}  // namespace fwprobe::reports
