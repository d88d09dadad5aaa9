#include "probe/connect_sweep.h"

#include <algorithm>
#include <cerrno>
#include <map>

#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <gmock/gmock.h>
#include <sys/resource.h>

namespace fwprobe::probe {
namespace {

using asio::ip::tcp;
using namespace std::chrono_literals;
using testing::SizeIs;

tcp::endpoint loopback(std::uint32_t last, std::uint16_t port) {
  return {asio::ip::address_v4{0x7f000000U + last}, port};
}

/// Everything that a sweep of these tells, in its order.
std::vector<SweepEvent> told(const std::vector<tcp::endpoint>& remotes, SweepLimits limits,
                             TcpSource source) {
  asio::io_context context;
  std::vector<SweepEvent> all;
  asio::co_spawn(
      context,
      [&]() -> asio::awaitable<void> {
        ConnectSweep sweep{context.get_executor(), source, limits};
        for (const auto& remote : remotes) sweep.add(remote);
        while (!sweep.idle())
          if (auto event = co_await sweep.next()) all.push_back(std::move(*event));
      },
      [](const std::exception_ptr& failure) {
        if (failure) std::rethrow_exception(failure);
      });
  context.run();
  return all;
}

/// How each attempt ended, by index.
std::map<std::size_t, SweepAttempt> swept(const std::vector<tcp::endpoint>& remotes, SweepLimits limits = {},
                                          TcpSource source = {}) {
  std::map<std::size_t, SweepAttempt> all;
  for (auto& event : told(remotes, limits, std::move(source)))
    if (auto* attempt = std::get_if<SweepAttempt>(&event)) all.emplace(attempt->index, std::move(*attempt));
  return all;
}

class Sweep : public testing::Test {
 protected:
  asio::io_context context_;
  tcp::acceptor listener_{context_, {asio::ip::address_v4::any(), 0}};
  std::uint16_t port_ = listener_.local_endpoint().port();
};

TEST_F(Sweep, EachAddressHasItsOwnAnswer) {
  std::uint16_t closed = 0;
  {
    tcp::acceptor unused{context_, loopback(1, 0)};
    closed = unused.local_endpoint().port();
  }
  const auto all = swept({loopback(1, port_), loopback(1, closed), loopback(2, port_)});
  ASSERT_THAT(all, SizeIs(3));
  EXPECT_TRUE(all.at(0).fact.result);
  EXPECT_EQ(all.at(1).fact.result.error().error.value(), ECONNREFUSED);
  EXPECT_FALSE(all.at(1).fact.result.error().local);
  EXPECT_TRUE(all.at(2).fact.result);
  EXPECT_EQ(all.at(2).fact.question.remote, loopback(2, port_));
}

TEST_F(Sweep, ManyMoreThanMayBeUnderWay) {
  std::vector<tcp::endpoint> remotes;
  for (std::uint32_t n = 1; n <= 200; ++n) remotes.push_back(loopback(n, port_));
  const auto all = swept(remotes, {3, 1, 100'000, 5s});
  EXPECT_EQ(std::ranges::count_if(all, [](const auto& row) { return row.second.fact.result.has_value(); }),
            200);
}

TEST_F(Sweep, ASourceThatIsNotOursIsALocalFailure) {
  const auto all = swept({loopback(1, port_)}, {}, {asio::ip::make_address("192.0.2.1"), {}});
  ASSERT_THAT(all, SizeIs(1));
  ASSERT_FALSE(all.at(0).fact.result);
  EXPECT_TRUE(all.at(0).fact.result.error().local);
  EXPECT_EQ(all.at(0).fact.result.error().error.value(), EADDRNOTAVAIL);
}

TEST_F(Sweep, WithoutADescriptorTheAttemptSaysSo) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  asio::io_context context;
  ConnectSweep sweep{context.get_executor(), {}, {}};
  sweep.add(loopback(1, port_));
  auto none = before;
  none.rlim_cur = 3;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  std::optional<SweepEvent> event;
  asio::co_spawn(context, [&]() -> asio::awaitable<void> { event = co_await sweep.next(); }, asio::detached);
  context.run();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_TRUE(event);
  const auto& attempt = std::get<SweepAttempt>(*event);
  ASSERT_FALSE(attempt.fact.result);
  EXPECT_EQ(attempt.fact.result.error().error.value(), EMFILE);
  EXPECT_TRUE(sweep.idle());
}

/// A listener whose queue is full answers no SYN.
class FullSweep : public Sweep {
 protected:
  FullSweep() {
    full_.open(tcp::v4());
    full_.bind(loopback(1, 0));
    full_.listen(0);
  }
  tcp::acceptor full_{context_};
};

TEST_F(FullSweep, SilenceEndsAtTheTimeout) {
  std::vector<tcp::endpoint> remotes(8, full_.local_endpoint());
  const auto all = swept(remotes, {100, 100, 1000, 200ms});
  ASSERT_THAT(all, SizeIs(8));
  EXPECT_EQ(all.at(7).fact.result.error().error, asio::error::timed_out);
}

TEST_F(FullSweep, WhoIsSilentIsOverdueOnceAndThenEnds) {
  std::vector<tcp::endpoint> remotes(8, full_.local_endpoint());
  remotes.push_back(loopback(1, port_));
  std::map<std::size_t, std::vector<bool>> ended;  // by index: what was told of it
  std::size_t timed_out = 0;
  for (const auto& event : told(remotes, {100, 100, 1000, 200ms, 50ms}, {})) {
    const auto* attempt = std::get_if<SweepAttempt>(&event);
    const bool over = attempt != nullptr;
    ended[over ? attempt->index : std::get<SweepOverdue>(event).index].push_back(over);
    if (over && !attempt->fact.result) ++timed_out;
  }
  EXPECT_GE(timed_out, 2U);
  EXPECT_EQ(std::ranges::count(ended, std::vector{false, true}, &decltype(ended)::value_type::second),
            timed_out);
  EXPECT_EQ(std::ranges::count(ended, std::vector{true}, &decltype(ended)::value_type::second),
            9 - timed_out);
}

}  // namespace
}  // namespace fwprobe::probe
