#include "cli/serve_pages.h"

#include <asio/experimental/awaitable_operators.hpp>
#include <asio/steady_timer.hpp>

#include "probe/deadline.h"

namespace fwprobe::cli {
namespace {

/// Certificates that were renewed in place, too: whoever renews them asks for a reload.
asio::awaitable<void> follow_reloads(monitor::Service& service, monitor::Server& server) {
  asio::steady_timer tick{co_await asio::this_coro::executor};
  auto generation = service.generation();
  while (true) {
    tick.expires_after(std::chrono::milliseconds{200});
    co_await tick.async_wait(asio::use_awaitable);
    if (service.generation() == generation) continue;
    generation = service.generation();
    const auto taken = server.configure(service.board().plan.web.config);
    if (!taken)
      service.log().write(monitor::LogLevel::error, "web-config refused", {{"reason", taken.error()}});
  }
}

}  // namespace

asio::awaitable<void> serve_pages(monitor::Service& service, monitor::Server& server) {
  using namespace asio::experimental::awaitable_operators;
  co_await (server.run() || follow_reloads(service, server));
}

}  // namespace fwprobe::cli
