#pragma once
// One line on a terminal that says what is going on, and disappears when the report comes.

#include <chrono>
#include <string>

#include "checks/investigation.h"

namespace fwprobe::cli {

class Progress : public checks::Observer {
 public:
  enum class Mode : std::uint8_t { silent, line };
  explicit Progress(Mode mode) : mode_{mode} {}
  ~Progress() override { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void asking(const checks::Target& target, const probe::Question& question) override;
  void clear();

 private:
  void show(const std::string& text);
  Mode mode_;
  bool shown_ = false;
  probe::Clock::time_point last_;
};

}  // namespace fwprobe::cli
