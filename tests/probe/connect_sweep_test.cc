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

/// Everything that a sweep of these gives, by index.
std::map<std::size_t, SweepAttempt> swept(const std::vector<tcp::endpoint>& remotes, SweepLimits limits = {},
                                          TcpSource source = {}) {
  asio::io_context context;
  std::map<std::size_t, SweepAttempt> all;
  asio::co_spawn(
      context,
      [&]() -> asio::awaitable<void> {
        ConnectSweep sweep{context.get_executor(), source, limits};
        for (const auto& remote : remotes) sweep.add(remote);
        while (!sweep.idle())
          if (auto attempt = co_await sweep.next(Clock::time_point::max()))
            all.emplace(attempt->index, *attempt);
      },
      [](const std::exception_ptr& failure) {
        if (failure) std::rethrow_exception(failure);
      });
  context.run();
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
  std::optional<SweepAttempt> attempt;
  asio::co_spawn(
      context, [&]() -> asio::awaitable<void> { attempt = co_await sweep.next(Clock::time_point::max()); },
      asio::detached);
  context.run();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_TRUE(attempt);
  ASSERT_FALSE(attempt->fact.result);
  EXPECT_EQ(attempt->fact.result.error().error.value(), EMFILE);
  EXPECT_TRUE(sweep.idle());
}

TEST_F(Sweep, SilenceEndsAtTheTimeout) {
  // A listener whose queue is full answers no SYN.
  tcp::acceptor full{context_};
  full.open(tcp::v4());
  full.bind(loopback(1, 0));
  full.listen(0);
  const auto remote = full.local_endpoint();
  std::vector<tcp::endpoint> remotes(8, remote);
  const auto all = swept(remotes, {100, 100, 1000, 200ms});
  ASSERT_THAT(all, SizeIs(8));
  EXPECT_EQ(all.at(7).fact.result.error().error, asio::error::timed_out);
}

}  // namespace
}  // namespace fwprobe::probe
