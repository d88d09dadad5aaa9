#include "monitor/measuring.h"

#include <gtest/gtest.h>

#include "monitor/tasks.h"
#include "tests/support/sockets.h"

namespace fwprobe::monitor {
namespace {

using checks::Status;
using probe::Clock;
using namespace std::chrono_literals;

Manner manner() {
  checks::Settings settings;
  settings.trace = checks::TraceMode::never;
  settings.timeout = 30s;
  settings.deadline = 60s;
  return {std::make_shared<const checks::Settings>(settings),
          std::make_shared<probe::TlsContexts>(*probe::TlsContexts::load({})),
          {}};
}

checks::Target target(const probe::TcpEndpoint& remote) {
  return *checks::parse_target("tcp://" + remote.address().to_string() + ":" + std::to_string(remote.port()));
}

TEST(Measuring, MeasuresOnAThreadOfItsOwn) {
  const tests::ClosedPort closed;
  asio::io_context context;
  Measuring measuring{{1, 1}};
  const auto measured = tests::run(context, measuring.measure(target(closed.endpoint()), manner()));
  EXPECT_EQ(measured.investigation.status, Status::fail);
  EXPECT_TRUE(measured.investigation.complete);
  EXPECT_TRUE(measured.investigation.settings);
  EXPECT_GT(measured.took, Clock::duration::zero());
}

TEST(Measuring, EndsAtItsTime) {
  const tests::SilentListener silent;
  asio::io_context context;
  Measuring measuring{{1, 1}};
  const auto measured =
      tests::run(context, measuring.measure(target(silent.endpoint()), manner(), Clock::now() + 20ms));
  EXPECT_FALSE(measured.investigation.complete);
  EXPECT_EQ(measured.investigation.status, Status::error);
  const auto late =
      tests::run(context, measuring.measure(target(silent.endpoint()), manner(), Clock::now() - 1s));
  EXPECT_FALSE(late.investigation.complete);
}

struct Cut {
  const char* name;
  std::size_t jobs, per_destination;
};

const Cut cuts[] = {
    {"all are measured", 8, 8},
    {"some wait for a job", 1, 8},
    {"some wait for the destination", 8, 1},
};

TEST(Measuring, CancelsWhatRunsAndWhatWaits) {
  const tests::SilentListener silent;
  for (const auto& [name, jobs, per_destination] : cuts) {
    asio::io_context context;
    Measuring measuring{{jobs, per_destination}};
    Tasks tasks{context.get_executor()};
    int cut = 0;
    const auto one = [&]() -> asio::awaitable<void> {
      const auto measured = co_await measuring.measure(target(silent.endpoint()), manner());
      cut += measured.investigation.complete ? 0 : 1;
    };
    for (int i = 0; i < 4; ++i) tasks.spawn(one());
    const auto all = [&]() -> asio::awaitable<bool> {
      co_await measuring.ping();
      measuring.cancel_all();
      co_return co_await tasks.ended();
    };
    EXPECT_TRUE(tests::run(context, all())) << name;
    EXPECT_EQ(cut, 4) << name;
  }
}

TEST(Measuring, ACallerThatIsCancelledGetsWhatWasMeasured) {
  const tests::SilentListener silent;
  asio::io_context context;
  Measuring measuring{{1, 1}};
  const auto within = [&]() -> asio::awaitable<bool> {
    auto measure = measuring.measure(target(silent.endpoint()), manner());
    const auto measured = co_await probe::within(Clock::now() + 20ms, std::move(measure));
    co_return measured.has_value();
  };
  EXPECT_FALSE(tests::run(context, within()));
}

TEST(Measuring, NewLimitsAreForRunsThatBeginLater) {
  const tests::SilentListener silent;
  const tests::ClosedPort closed;
  asio::io_context context;
  Measuring measuring{{1, 1}};
  Tasks tasks{context.get_executor()};
  const auto stuck = [&]() -> asio::awaitable<void> {
    co_await measuring.measure(target(silent.endpoint()), manner());
  };
  tasks.spawn(stuck());
  const auto other = [&]() -> asio::awaitable<Status> {
    co_await measuring.ping();
    measuring.limit({1, 1});
    const auto measured = co_await measuring.measure(target(closed.endpoint()), manner());
    measuring.cancel_all();
    co_await tasks.ended();
    co_return measured.investigation.status;
  };
  EXPECT_EQ(tests::run(context, other()), Status::fail);
}

}  // namespace
}  // namespace fwprobe::monitor
