#include "cli/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include "cli/output.h"
#include "cli/terminal.h"

namespace fwprobe::cli {
namespace {

/// To the first of `lines` lines above the cursor's, and nothing from there on (ECMA-48 CUU, ED).
std::string back_over(std::size_t lines) {
  return lines < 2 ? "\r\x1b[J" : fmt::format("\r\x1b[{}A\x1b[J", lines - 1);
}

}  // namespace

Progress::Mode Progress::mode(bool quiet) {
  return !quiet && ::isatty(STDERR_FILENO) == 1 ? Mode::live : Mode::silent;
}

void Progress::asking(const checks::Target& target, const probe::Question& question) {
  if (mode_ == Mode::silent) return;
  view_.asking(target, question);
  show(std::holds_alternative<probe::IdleQuestion>(question));  // nothing else may come for minutes
}

void Progress::answered(const checks::Target& target, const probe::Measurement& measurement) {
  if (mode_ == Mode::silent) return;
  view_.answered(target, measurement);
  show(false);
}

void Progress::finished(const checks::Target& target, checks::Status status) {
  if (mode_ == Mode::silent) return;
  view_.finished(target, status);
  show(false);
}

void Progress::show(bool at_once) {
  // Ten screens a second are all that an eye can follow, and a healthy check should not pay for more.
  const auto now = probe::Clock::now();
  if (!at_once && shown_ > 0 && now - last_ < std::chrono::milliseconds{100}) return;
  last_ = now;
  const auto lines = view_.lines(screen_size(STDERR_FILENO), now);
  auto text = shown_ > 0 ? back_over(shown_) : std::string{};
  for (const auto& line : lines) text += (&line == &lines.front() ? "" : "\n") + line;
  shown_ = write_all(STDERR_FILENO, text) ? lines.size() : 0;
}

void Progress::clear() {
  if (shown_ > 0 && write_all(STDERR_FILENO, back_over(shown_))) shown_ = 0;
}

}  // namespace fwprobe::cli
