#pragma once
// A bar on a terminal while a list is probed: how much is done, and how long it may still take.

#include <asio/awaitable.hpp>

#include "checks/reach_survey.h"
#include "cli/live_lines.h"

namespace fwprobe::cli {

class ReachProgressBar : public checks::ReachObserver {
 public:
  explicit ReachProgressBar(LiveLines::Mode mode) : lines_{mode} {}

  void moved(const checks::ReachProgress& progress) override {
    progress_ = progress;
    draw();
  }
  void clear() { lines_.clear(); }
  /// Draws again now and then, while nothing moves, until it is cancelled; at once nothing when nothing is
  /// to be shown.
  asio::awaitable<void> keep_drawing();

 private:
  void draw();

  LiveLines lines_;
  checks::ReachProgress progress_;
  probe::Clock::time_point began_ = probe::Clock::now();
};

}  // namespace fwprobe::cli
