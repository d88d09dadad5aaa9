#include "cli/progress.h"

#include <unistd.h>

#include "cli/terminal.h"

namespace fwprobe::cli {

void Progress::asking(const checks::Target& target, const probe::Question& question) {
  if (lines_.silent()) return;
  view_.asking(target, question);
  show(std::holds_alternative<probe::IdleQuestion>(question));  // nothing else may come for minutes
}

void Progress::answered(const checks::Target& target, const probe::Measurement& measurement) {
  if (lines_.silent()) return;
  view_.answered(target, measurement);
  show(false);
}

void Progress::finished(const checks::Target& target, checks::Status status) {
  if (lines_.silent()) return;
  view_.finished(target, status);
  show(false);
}

void Progress::show(bool at_once) {
  const auto now = probe::Clock::now();
  if (at_once || lines_.due(now)) lines_.show(view_.lines(screen_size(STDERR_FILENO), now), now);
}

}  // namespace fwprobe::cli
