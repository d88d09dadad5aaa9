#pragma once
// What the pages have in common: their frame, their look, and the words for times.

#include <string>
#include <string_view>

#include "monitor/board.h"
#include "monitor/web/answer.h"
#include "monitor/web/standing.h"
#include "reports/html.h"

namespace fwprobe::monitor {

/// A page whose `live` part a little script fetches anew every 15 s, when the browser runs scripts; `still`
/// stands before it and stays.
struct PageParts {
  std::string title;
  reports::Html still, live;
};
Answer page_answer(const Board& board, const PageParts& parts, probe::WallClock::time_point now);

/// The cause in words, or the status: "TCP: …", "passed".
std::string verdict_title(const Verdict& verdict);
/// "45 s", "12 min", "5 h", "3 days"
std::string age_text(std::chrono::nanoseconds age);
/// "2026-01-31 09:30:00 UTC" with its machine-readable form.
reports::Html time_element(probe::WallClock::time_point time);
/// Coloured sign and words.
reports::Html standing_element(Standing standing);
/// The last 24 hours as a strip: the higher and redder, the worse.
reports::Html strip(const TargetState& state, probe::WallClock::time_point now);
/// "/targets/ID"
std::string target_path(const Watched& watched);

}  // namespace fwprobe::monitor
