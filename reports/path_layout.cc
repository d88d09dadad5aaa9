#include "reports/path_layout.h"

#include <algorithm>

#include "reports/picture_text.h"

namespace fwprobe::reports {
namespace {

constexpr double lane_gap = 28;
constexpr double letter = 6.6;  ///< width, of a label's small text

}  // namespace

PathLayout lying(const PathPicture& picture) {
  constexpr double width = 1000, labels = 172, signs = 30, texts = 84;
  PathLayout plan{false, width, 0, {}, {}, signs, 0, 4};
  const auto step = (width - labels) / static_cast<double>(picture.places.size());
  for (std::size_t i = 0; i < picture.places.size(); ++i)
    plan.along.push_back(labels + step * (static_cast<double>(i) + 0.5));
  plan.label_columns = std::min<std::size_t>(24, static_cast<std::size_t>((step - 6) / letter));
  std::size_t rows = 1;
  for (const auto& place : picture.places) {
    std::size_t own = 0;
    for (const auto& line : place.lines) own += label_lines(line, plan.label_columns, 2).size();
    rows = std::max(rows, std::min(own, plan.label_rows));
  }
  double across = texts + label_line * static_cast<double>(rows) + 12;
  for (std::size_t i = 0; i < picture.lanes.size(); ++i, across += lane_gap) plan.across.push_back(across);
  plan.height = across - 8;
  return plan;
}

PathLayout standing(const PathPicture& picture) {
  constexpr double width = 330, head = 84, step = 62, lane = 20;
  PathLayout plan{true, width, 0, {}, {}, 0, 0, 3};
  double across = 14;
  for (std::size_t i = 0; i < picture.lanes.size(); ++i, across += lane) plan.across.push_back(across);
  plan.nodes = across + 14;
  for (std::size_t i = 0; i < picture.places.size(); ++i)
    plan.along.push_back(head + step * static_cast<double>(i) + 20);
  plan.label_columns = static_cast<std::size_t>((width - plan.nodes - 26) / letter);
  plan.height = plan.along.back() + step / 2 + 6;
  return plan;
}

}  // namespace fwprobe::reports
