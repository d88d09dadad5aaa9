#pragma once
#include "monitor/board.h"
#include "monitor/web/request.h"

namespace fwprobe::monitor {

inline constexpr std::size_t targets_of_a_page = 100;

/// `/`: the targets that the query selects, worst first, a page of them; or what is wrong with the query.
Answer status_page(const Board& board, const Request& request, probe::WallClock::time_point now);

}  // namespace fwprobe::monitor
