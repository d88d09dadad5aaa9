#include "cli/reach_progress.h"

#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "cli/terminal.h"
#include "probe/deadline.h"

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

asio::awaitable<void> ReachProgressBar::keep_drawing() {
  constexpr std::chrono::milliseconds often{250};
  if (lines_.silent()) co_return;
  asio::steady_timer pause{co_await asio::this_coro::executor};
  for (;;) {
    pause.expires_after(often);
    if (const auto [cancelled] = co_await pause.async_wait(probe::as_result); cancelled) co_return;
    draw();
  }
}

void ReachProgressBar::draw() {
  const auto now = probe::Clock::now();
  if (lines_.silent() || !lines_.due(now)) return;
  const auto passed = now - began_;
  auto text = fmt::format("{} {} of {} connections, {} accepted",
                          progress_bar(progress_.ended, progress_.connections, bar_columns), progress_.ended,
                          progress_.connections, progress_.accepted);
  if (progress_.names_open > 0) text += fmt::format(", {} names to resolve", progress_.names_open);
  if (progress_.traces_open > 0) text += fmt::format(", {} traces", progress_.traces_open);
  text += fmt::format(", {} s", std::chrono::floor<std::chrono::seconds>(passed).count());
  text += time_left(progress_, passed);
  // Less than a line, so that the cursor does not stand in the next one.
  lines_.show({text.substr(0, static_cast<std::size_t>(screen_size(STDERR_FILENO).columns - 1))}, now);
}

}  // namespace fwprobe::cli
