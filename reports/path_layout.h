#pragma once
// Where everything of a picture of the path stands.

#include <vector>

#include "reports/path_picture.h"

namespace fwprobe::reports {

inline constexpr double label_line = 14;  ///< from one line of a label to the next

struct Spot {
  double x = 0, y = 0;
};

/// Where everything stands: `along` the way the places, `across` it the layers' lines.
struct PathLayout {
  bool upright = false;  ///< the way leads down, for narrow screens; else to the right
  double width = 0, height = 0;
  std::vector<double> along, across;
  double nodes = 0;  ///< across: of the places' signs
  std::size_t label_columns = 0, label_rows = 3;

  Spot spot(double far, double side) const { return upright ? Spot{side, far} : Spot{far, side}; }
  double at(const Point& point) const {
    const auto here = along[point.place];
    if (!point.behind || point.place + 1 == along.size()) return here;
    return (here + along[point.place + 1]) / 2;
  }
};

/// From left to right, 1000 units wide.
PathLayout lying(const PathPicture& picture);
/// From top to bottom, 330 units wide.
PathLayout standing(const PathPicture& picture);

}  // namespace fwprobe::reports
