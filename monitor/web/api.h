#pragma once
// The JSON of `/api/v1/…` (docs/api.schema.json).

#include <string>
#include <vector>

#include "monitor/web/standing.h"

namespace fwprobe::monitor {

/// `places` are those of one page, of `total`.
std::string targets_json(const Board& board, const std::vector<std::size_t>& places, std::size_t total,
                         std::size_t offset);
std::string target_json(const Board& board, std::size_t place);
/// Newest first.
std::string history_json(const Watched& watched, const std::vector<Outcome>& outcomes);

}  // namespace fwprobe::monitor
