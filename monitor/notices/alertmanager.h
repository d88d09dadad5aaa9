#pragma once
// Alertmanager's API v2: it is told what is the case, again and again, and groups, silences and sends by
// itself.

#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "monitor/notices/event.h"

namespace fwprobe::monitor {

/// An alert that is not repeated ends by itself: after four of these, as those of Prometheus do.
inline constexpr std::chrono::minutes alert_resend{1};
inline constexpr std::chrono::minutes alert_lasts{4};
/// So long after its end it is still told that an alert has ended.
inline constexpr std::chrono::minutes alert_end_told{15};
/// In one request.
inline constexpr std::size_t most_alerts = 256;

/// Views into the board.
struct Alert {
  const Watched* watched = nullptr;
  const Verdict* verdict = nullptr;
  std::string_view summary;
  probe::WallClock::time_point started;
  std::optional<probe::WallClock::time_point> ended;

  /// The same for alerts that have the same labels.
  std::string key() const;
};

/// What the receiver should know now: what is the case, and what has ended a short while ago.
std::vector<Alert> alerts_of(const Board& board, const Receiver& receiver, probe::WallClock::time_point now);

/// The body of POST /api/v2/alerts.
std::string render_alerts(std::span<const Alert> alerts, const Board& board,
                          probe::WallClock::time_point now);

}  // namespace fwprobe::monitor
