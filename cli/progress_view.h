#pragma once
// What is going on, as lines for a terminal. Pure: progress.h shows it.

#include <array>
#include <string>
#include <vector>

#include "checks/investigate.h"
#include "cli/terminal.h"

namespace fwprobe::cli {

/// A few targets have a line each, with their layers; many have a bar with counts and the time left.
class ProgressView {
 public:
  ProgressView(std::size_t targets, probe::Clock::time_point started)
      : targets_{targets}, started_{started} {}

  void asking(const checks::Target& target, const probe::Question& question);
  void answered(const checks::Target& target, const probe::Measurement& measurement);
  void finished(const checks::Target& target, checks::Status status);

  /// None is wider than the screen, and together they are not higher than half of it.
  std::vector<std::string> lines(ScreenSize screen, probe::Clock::time_point now) const;

 private:
  static constexpr std::size_t layer_count = 6;
  struct Layer {
    int asked = 0;
    int answered = 0;
    int succeeded = 0;
  };
  struct Row {
    const checks::Target* target = nullptr;  ///< for telling targets apart while they run
    std::string text;
    std::array<Layer, layer_count> layers{};
    std::string doing;
    checks::Status status = checks::Status::skip;  ///< when it is done
  };

  Row& row_of(const checks::Target& target);
  static std::string line(const Row& row);
  std::string bar(int columns, probe::Clock::time_point now) const;
  bool few(ScreenSize screen) const;

  std::size_t targets_;
  probe::Clock::time_point started_;
  std::vector<Row> rows_;  ///< of many targets only those that run
  std::size_t done_ = 0;
  std::size_t failed_ = 0;
};

}  // namespace fwprobe::cli
