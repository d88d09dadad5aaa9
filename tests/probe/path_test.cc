#include "probe/path.h"

#include <string>
#include <thread>

#include <asio/read.hpp>
#include <asio/write.hpp>
#include <gtest/gtest.h>

#include "tests/support/sockets.h"

namespace fwprobe::probe {
namespace {

using namespace std::chrono_literals;

PathTrace traced(PathQuestion question, std::string hello = {}, TcpSource source = {}) {
  asio::io_context context;
  return tests::run(context, trace_path(std::move(question), std::move(source), 5s, std::move(hello)));
}

/// What routers say is tested in tests/lab; over loopback every packet arrives, whatever its lifetime.
class Path : public testing::TestWithParam<int> {
 protected:
  void SetUp() override {
    if (GetParam() == AF_INET6 && !tests::has_ipv6_loopback()) GTEST_SKIP() << "no IPv6 on loopback here";
  }
};
INSTANTIATE_TEST_SUITE_P(BothFamilies, Path, testing::Values(AF_INET, AF_INET6),
                         [](const auto& row) { return row.param == AF_INET ? "ipv4" : "ipv6"; });

TEST_P(Path, AListeningPortAnswersTheFirstPacket) {
  tests::Listener listener{GetParam()};
  const auto trace = traced({listener.endpoint(), PathFlow::syn, 30, {}});
  ASSERT_EQ(trace.steps.size(), 1U) << "nothing is sent beyond the answer";
  EXPECT_EQ(trace.steps[0].lifetime, 1);
  EXPECT_EQ(trace.steps[0].answer, StepAnswer::accepted);
}

TEST_P(Path, AClosedPortResetsTheFirstPacket) {
  tests::ClosedPort closed{GetParam()};
  const auto trace = traced({closed.endpoint(), PathFlow::syn, 30, {}});
  ASSERT_EQ(trace.steps.size(), 1U);
  EXPECT_EQ(trace.steps[0].answer, StepAnswer::reset);
}

TEST_P(Path, ADatagramToAClosedPortIsUnreachable) {
  tests::ClosedPort closed{GetParam()};
  const auto trace = traced({closed.endpoint(), PathFlow::udp, 30, {}});
  ASSERT_EQ(trace.steps.size(), 1U);
  EXPECT_EQ(trace.steps[0].answer, StepAnswer::unreachable);
  ASSERT_TRUE(trace.steps[0].icmp);
  EXPECT_EQ(trace.steps[0].icmp->sender, closed.endpoint().address());
}

TEST_P(Path, AHelloThatIsResetSaysSo) {
  tests::Listener listener{GetParam()};
  std::jthread server{[&] {
    auto connection = listener.accept();
    char byte = 0;
    asio::read(connection, asio::buffer(&byte, 1));
    tests::reset(std::move(connection));
  }};
  const auto trace = traced({listener.endpoint(), PathFlow::client_hello, 1, {}}, "hello");
  ASSERT_EQ(trace.steps.size(), 1U);
  EXPECT_EQ(trace.steps[0].answer, StepAnswer::reset);
}

TEST_P(Path, AHelloThatIsAnsweredEndsTheTrace) {
  tests::Listener listener{GetParam()};
  std::jthread server{[&] {
    auto connection = listener.accept();
    std::string heard(5, '\0');
    asio::read(connection, asio::buffer(heard));
    EXPECT_EQ(heard, "hello");
    asio::write(connection, asio::buffer(heard));
    std::error_code end;
    asio::read(connection, asio::buffer(heard), end);
    EXPECT_EQ(end, asio::error::connection_reset) << "the connection is not left to time out";
  }};
  const auto trace = traced({listener.endpoint(), PathFlow::client_hello, 1, {}}, "hello");
  ASSERT_EQ(trace.steps.size(), 1U);
  EXPECT_EQ(trace.steps[0].answer, StepAnswer::accepted);
}

TEST(PathSource, AnAddressThatIsNotOursSendsNothing) {
  const auto trace = traced({{asio::ip::make_address("127.0.0.1"), 9}, PathFlow::syn, 2, {}}, {},
                            {asio::ip::make_address("192.0.2.1"), {}});
  ASSERT_FALSE(trace.steps.empty());
  for (const auto& step : trace.steps) {
    EXPECT_EQ(step.answer, StepAnswer::not_sent);
    ASSERT_TRUE(step.failure);
    EXPECT_EQ(step.failure->error, (std::error_code{EADDRNOTAVAIL, asio::error::get_system_category()}));
  }
}

}  // namespace
}  // namespace fwprobe::probe
