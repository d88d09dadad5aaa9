#pragma once
// A bar on a terminal while a list is probed: how much is done, and how long it may still take.

#include "checks/reach_survey.h"
#include "cli/live_lines.h"

namespace fwprobe::cli {

class ReachProgressBar : public checks::ReachObserver {
 public:
  explicit ReachProgressBar(LiveLines::Mode mode) : lines_{mode} {}

  void moved(const checks::ReachProgress& progress) override;
  void clear() { lines_.clear(); }

 private:
  LiveLines lines_;
  probe::Clock::time_point began_ = probe::Clock::now();
};

}  // namespace fwprobe::cli
