#include "cli/live_lines.h"

#include <algorithm>

#include <fmt/format.h>
#include <unistd.h>

#include "cli/output.h"

namespace fwprobe::cli {
namespace {

/// To the first of `lines` lines above the cursor's, and nothing from there on (ECMA-48 CUU, ED).
std::string back_over(std::size_t lines) {
  return lines < 2 ? "\r\x1b[J" : fmt::format("\r\x1b[{}A\x1b[J", lines - 1);
}

}  // namespace

LiveLines::Mode LiveLines::mode(bool quiet) {
  return !quiet && ::isatty(STDERR_FILENO) == 1 ? Mode::live : Mode::silent;
}

void LiveLines::show(const std::vector<std::string>& lines, probe::Clock::time_point now) {
  last_ = now;
  auto text = shown_ > 0 ? back_over(shown_) : std::string{};
  for (const auto& line : lines) text += (&line == &lines.front() ? "" : "\n") + line;
  shown_ = write_all(STDERR_FILENO, text) ? lines.size() : 0;
}

void LiveLines::clear() {
  if (shown_ > 0 && write_all(STDERR_FILENO, back_over(shown_))) shown_ = 0;
}

std::string progress_bar(std::size_t done, std::size_t all, std::size_t columns) {
  const auto full = columns * done / std::max<std::size_t>(all, 1);
  return fmt::format("[{}{}]", std::string(full, '#'), std::string(columns - full, '.'));
}

}  // namespace fwprobe::cli
