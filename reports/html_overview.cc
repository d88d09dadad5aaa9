// Many targets: a grid with one cell each, the worst first.

#include "reports/html_overview.h"

#include <algorithm>

#include <fmt/format.h>

#include "reports/html_marks.h"
#include "reports/layers.h"

namespace fwprobe::reports {
namespace {

using checks::Investigation;
using checks::Status;

constexpr std::size_t most_cells = 5000;
constexpr Status order[] = {Status::fail, Status::error, Status::warn, Status::pass, Status::skip};

/// "TCP: No answer: the connection is filtered": the first layer that is not well, and the cause.
std::string summary(const Investigation& target) {
  const auto* diagnosis = trouble(target);
  auto said = diagnosis != nullptr ? diagnosis->title : std::string{status_word(target.status)};
  for (const auto& layer : layers()) {
    const auto status = status_of(target, layer.check);
    if (status == Status::fail || status == Status::error) return fmt::format("{}: {}", layer.label, said);
  }
  return said;
}

Html cell(const Investigation& target, std::string_view anchor) {
  Html parts = mark(target.status);
  parts += element("b", {}, text(target.target.text(), 80));
  parts += element("span", {}, text(summary(target), 120));
  const auto kind = "cell " + status_class(target.status);
  return element("li", {},
                 anchor.empty()
                     ? element("div", {{"class", kind}}, parts)
                     : element("a", {{"class", kind}, {"href", fmt::format("#{}-title", anchor)}}, parts));
}

}  // namespace

std::vector<std::size_t> worst_first(const Report& report) {
  std::vector<std::size_t> places;
  for (const auto status : order)
    for (std::size_t i = 0; i < report.targets.size(); ++i)
      if (report.targets[i].status == status) places.push_back(i);
  return places;
}

std::string counts_text(const Report& report) {
  std::string counts;
  for (const auto status : order) {
    const auto count = std::ranges::count(report.targets, status, &Investigation::status);
    if (count > 0) counts += fmt::format("{}{} {}", counts.empty() ? "" : ", ", count, status_word(status));
  }
  return fmt::format("{} targets: {}", report.targets.size(), counts);
}

Html overview(const Report& report, const Anchors& anchors) {
  Html cells;
  const auto places = worst_first(report);
  for (std::size_t i = 0; i < std::min(places.size(), most_cells); ++i)
    cells += cell(report.targets[places[i]], anchors[places[i]]);
  Html parts = element("h1", {}, mark(report.status()), text(" " + counts_text(report)));
  parts += element("ul", {{"class", "grid"}}, cells);
  if (places.size() > most_cells)
    parts += element("p", {{"class", "more"}},
                     text(fmt::format("… {} more in the JSON report", places.size() - most_cells)));
  return element("section", {{"class", "overview"}}, parts);
}

}  // namespace fwprobe::reports
