#pragma once
// Shows on a terminal what is going on, and disappears when the report comes.

#include "cli/live_lines.h"
#include "cli/progress_view.h"

namespace fwprobe::cli {

class Progress : public checks::Observer {
 public:
  Progress(LiveLines::Mode mode, std::size_t targets) : lines_{mode}, view_{targets, probe::Clock::now()} {}

  void asking(const checks::Target& target, const probe::Question& question) override;
  void answered(const checks::Target& target, const probe::Measurement& measurement) override;
  void finished(const checks::Target& target, checks::Status status) override;
  void clear() { lines_.clear(); }

 private:
  void show(bool at_once);
  LiveLines lines_;
  ProgressView view_;
};

}  // namespace fwprobe::cli
