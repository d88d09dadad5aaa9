#pragma once
// Lines on a terminal that change in place, and disappear when the report comes.

#include <cstdint>
#include <string>
#include <vector>

#include "probe/clock.h"

namespace fwprobe::cli {

class LiveLines {
 public:
  enum class Mode : std::uint8_t { silent, live };
  /// Live when standard error is a terminal and nobody asked for quiet.
  static Mode mode(bool quiet);
  explicit LiveLines(Mode mode) : mode_{mode} {}
  ~LiveLines() { clear(); }
  LiveLines(const LiveLines&) = delete;
  LiveLines& operator=(const LiveLines&) = delete;

  bool silent() const { return mode_ == Mode::silent; }
  /// Ten screens a second are all that an eye can follow, and a healthy run should not pay for more.
  bool due(probe::Clock::time_point now) const {
    return shown_ == 0 || now - last_ >= std::chrono::milliseconds{100};
  }
  /// In place of those that stand there. None is wider than the terminal.
  void show(const std::vector<std::string>& lines, probe::Clock::time_point now);
  void clear();

 private:
  Mode mode_;
  std::size_t shown_ = 0;  ///< lines on the screen
  probe::Clock::time_point last_;
};

/// "[####......]", so many columns between the brackets; empty when there is nothing to do.
std::string progress_bar(std::size_t done, std::size_t all, std::size_t columns);

}  // namespace fwprobe::cli
