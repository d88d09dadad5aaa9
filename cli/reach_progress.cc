#include "cli/reach_progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include "cli/terminal.h"

namespace fwprobe::cli {
namespace {

constexpr std::size_t bar_columns = 20;

/// As fast as until now.
std::string time_left(const checks::ReachProgress& progress, probe::Clock::duration passed) {
  if (progress.ended == 0 || progress.ended == progress.connections) return {};
  const auto left = std::chrono::duration<double>(passed) *
                    static_cast<double>(progress.connections - progress.ended) /
                    static_cast<double>(progress.ended);
  return left.count() < 90 ? fmt::format(", {:.0f} s left", left.count())
                           : fmt::format(", {:.0f} min left", left.count() / 60);
}

}  // namespace

void ReachProgressBar::moved(const checks::ReachProgress& progress) {
  const auto now = probe::Clock::now();
  if (lines_.silent() || !lines_.due(now)) return;
  auto text = fmt::format("{} {} of {} connections, {} accepted",
                          progress_bar(progress.ended, progress.connections, bar_columns), progress.ended,
                          progress.connections, progress.accepted);
  if (progress.names_open > 0) text += fmt::format(", {} names to resolve", progress.names_open);
  if (progress.traces_open > 0) text += fmt::format(", {} traces", progress.traces_open);
  text += time_left(progress, now - began_);
  const auto width = static_cast<std::size_t>(terminal_width(STDERR_FILENO));
  lines_.show({text.substr(0, width - 1)}, now);
}

}  // namespace fwprobe::cli
