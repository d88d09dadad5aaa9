#pragma once
// Messages as receivers read them. Each is bounded: what does not fit is counted.

#include <string>
#include <string_view>

#include "monitor/notices/digest.h"

namespace fwprobe::monitor {

inline constexpr std::size_t listed_by_webhook = 100;
inline constexpr std::size_t listed_by_slack = 20;

/// fwprobe/notice/v1 (docs/notice.schema.json).
std::string render_webhook(const Digest& digest, const Board& board, std::string_view receiver,
                           probe::WallClock::time_point now);
/// The body of an incoming webhook of Slack, Mattermost or Rocket.Chat.
std::string render_slack(const Digest& digest, const Board& board);

}  // namespace fwprobe::monitor
