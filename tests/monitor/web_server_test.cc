#include <chrono>
#include <thread>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <gtest/gtest.h>

#include "monitor/web/server.h"

namespace fwprobe::monitor {
namespace {

using namespace std::chrono_literals;

/// Nothing is asked of it.
class Nobody : public Backend {
 public:
  const Board& board() const override { return board_; }
  asio::awaitable<std::expected<std::vector<Outcome>, std::string>> history(std::string,
                                                                            probe::WallClock::time_point,
                                                                            std::size_t) override {
    co_return std::unexpected{std::string{"nothing"}};
  }
  asio::awaitable<std::expected<std::optional<std::string>, std::string>> report(std::string) override {
    co_return std::unexpected{std::string{"nothing"}};
  }
  asio::awaitable<checks::Investigation> probe(checks::Target, Manner, probe::Clock::time_point) override {
    co_return checks::Investigation{};
  }
  asio::awaitable<std::expected<void, std::string>> reload() override {
    co_return std::unexpected{std::string{"nothing"}};
  }

 private:
  Board board_;
};

TEST(WebServer, HearsAnEndThatComesWhenItsClockHasStruck) {
  Nobody nobody;
  asio::io_context context{1};
  auto server = Server::open(context, Web{}, nobody);
  ASSERT_TRUE(server) << server.error();
  asio::cancellation_signal end;
  bool ended = false;
  asio::co_spawn(context, server->run(),
                 asio::bind_cancellation_slot(end.slot(), [&](const std::exception_ptr&) { ended = true; }));
  context.poll();
  asio::post(context, [&] {
    // The look around of every second is due before the next handler, and is queued behind it.
    std::this_thread::sleep_for(1100ms);
    asio::post(context, [&] { end.emit(asio::cancellation_type::terminal); });
  });
  for (int handlers = 0; !ended && handlers < 20; ++handlers) context.run_one_for(2s);
  EXPECT_TRUE(ended);
}

}  // namespace
}  // namespace fwprobe::monitor
