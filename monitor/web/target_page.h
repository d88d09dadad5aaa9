#pragma once
#include <expected>
#include <string>
#include <vector>

#include "monitor/board.h"
#include "monitor/web/answer.h"

namespace fwprobe::monitor {

inline constexpr std::size_t runs_of_a_page = 200;

/// `/targets/ID`: `history` is the newest first; its error says why there is none.
Answer target_page(const Board& board, std::size_t place,
                   const std::expected<std::vector<Outcome>, std::string>& history,
                   probe::WallClock::time_point now);

}  // namespace fwprobe::monitor
