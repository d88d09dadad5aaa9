#include "cli/serve_pages.h"

#include <asio/experimental/awaitable_operators.hpp>

namespace fwprobe::cli {
namespace {

/// Certificates that were renewed in place, too: whoever renews them asks for a reload.
asio::awaitable<void> follow_reloads(monitor::Service& service, monitor::Server& server) {
  while (true) {
    co_await service.reloaded();
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
