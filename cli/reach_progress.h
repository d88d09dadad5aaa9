#pragma once
// A bar on a terminal while a list is probed: how much is done, and how long it may still take.

#include "checks/reach_survey.h"

namespace fwprobe::cli {

class ReachProgressBar : public checks::ReachObserver {
 public:
  enum class Mode : std::uint8_t { silent, line };
  explicit ReachProgressBar(Mode mode) : mode_{mode} {}
  ~ReachProgressBar() override { clear(); }
  ReachProgressBar(const ReachProgressBar&) = delete;
  ReachProgressBar& operator=(const ReachProgressBar&) = delete;

  void moved(const checks::ReachProgress& progress) override;
  void clear();

 private:
  Mode mode_;
  bool shown_ = false;
  probe::Clock::time_point began_ = probe::Clock::now();
  probe::Clock::time_point last_;
};

}  // namespace fwprobe::cli
