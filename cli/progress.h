#pragma once
// Shows on a terminal what is going on, and disappears when the report comes.

#include "cli/progress_view.h"

namespace fwprobe::cli {

class Progress : public checks::Observer {
 public:
  enum class Mode : std::uint8_t { silent, live };
  /// Live when standard error is a terminal and nobody asked for quiet.
  static Mode mode(bool quiet);
  Progress(Mode mode, std::size_t targets) : mode_{mode}, view_{targets, probe::Clock::now()} {}
  ~Progress() override { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void asking(const checks::Target& target, const probe::Question& question) override;
  void answered(const checks::Target& target, const probe::Measurement& measurement) override;
  void finished(const checks::Target& target, checks::Status status) override;
  void clear();

 private:
  void show(bool at_once);
  Mode mode_;
  ProgressView view_;
  std::size_t shown_ = 0;  ///< lines on the screen
  probe::Clock::time_point last_;
};

}  // namespace fwprobe::cli
