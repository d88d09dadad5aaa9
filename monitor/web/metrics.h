#pragma once
// `/metrics`: what is known of every target, and the service's own health. The series are bounded by the
// plan: labels are a target's id, name and group, the site, and words of ours.

#include <string>
#include <vector>

#include "monitor/board.h"
#include "monitor/web/process_figures.h"

namespace fwprobe::monitor {

/// In pieces that belong one behind the other: 1,000 targets are 2 MiB.
std::vector<std::string> render_metrics(const Board& board, probe::WallClock::time_point now,
                                        const ProcessFigures& process);

}  // namespace fwprobe::monitor
