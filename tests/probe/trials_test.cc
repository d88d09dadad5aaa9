// Connections that are kept silent, and bodies that are sent, over loopback.
#include <string>
#include <thread>
#include <vector>

#include <asio/write.hpp>
#include <gtest/gtest.h>

#include "probe/http_trial.h"
#include "probe/idle.h"
#include "probe/tcp.h"
#include "tests/support/sockets.h"

namespace fwprobe::probe {
namespace {

using namespace std::chrono_literals;
using asio::ip::tcp;

constexpr auto enough = 20s;
/// More than the sockets' buffers hold.
constexpr std::uint64_t large = 16UL * 1024 * 1024;

/// A connection to a peer of our own; both ends.
class Pair {
 public:
  explicit Pair(asio::io_context& context) {
    TcpQuestion question;
    question.remote = listener_.endpoint();
    auto connected = tests::run(context, connect(question, {}, enough));
    client.emplace(std::move(*connected.connection));
    peer.emplace(listener_.accept());
  }

 private:
  tests::Listener listener_;

 public:
  std::optional<Connection> client;
  std::optional<tcp::socket> peer;
};

/// Reads the peer's end until `size` bytes have come, or the end.
std::size_t swallow(tcp::socket& peer, std::size_t size) {
  std::vector<char> buffer(64UL * 1024);
  std::size_t all = 0;
  std::error_code error;
  while (all < size && !error) all += peer.read_some(asio::buffer(buffer), error);
  return all;
}

Idled idle(asio::io_context& context, Pair& pair, IdleUse use, Clock::duration silence = 1s) {
  return tests::run(context, keep_idle({{2}, silence, use}, std::move(*pair.client), enough));
}

TEST(Idle, HandsTheConnectionOnAfterTheSilence) {
  asio::io_context context;
  Pair pair{context};
  const auto idled = idle(context, pair, IdleUse::hand_on);
  EXPECT_GE(idled.fact.kept, 1s);
  EXPECT_FALSE(idled.fact.ended);
  EXPECT_TRUE(idled.connection);
}

TEST(Idle, AnEndInTheSilenceIsToldAsItCame) {
  asio::io_context context;
  Pair closed{context};
  closed.peer->close();
  const auto fin = idle(context, closed, IdleUse::hand_on, 1h);
  ASSERT_TRUE(fin.fact.ended);
  EXPECT_EQ(fin.fact.ended->error, asio::error::eof);
  EXPECT_FALSE(fin.connection);

  Pair reset{context};
  tests::reset(std::move(*reset.peer));
  const auto rst = idle(context, reset, IdleUse::keep_alive, 1h);
  ASSERT_TRUE(rst.fact.ended);
  EXPECT_TRUE(reset_by_peer(*rst.fact.ended));
  EXPECT_FALSE(rst.fact.probed);
}

TEST(Idle, APeerThatTalksIsNoSilence) {
  asio::io_context context;
  Pair pair{context};
  asio::write(*pair.peer, asio::buffer(std::string{"hello"}));
  const auto idled = idle(context, pair, IdleUse::hand_on);
  EXPECT_EQ(idled.fact.received, 5U);
  EXPECT_FALSE(idled.connection);
}

TEST(Idle, AKeepAliveProbeIsAnsweredByThePeersTcpAlone) {
  asio::io_context context;
  Pair pair{context};
  const auto idled = idle(context, pair, IdleUse::keep_alive);
  ASSERT_TRUE(idled.fact.probed);
  EXPECT_TRUE(idled.fact.probed->answered);
  EXPECT_FALSE(idled.fact.probed->failure);
}

// ---- bodies

HttpTrial post(asio::io_context& context, Pair& pair, std::uint64_t zeros, Clock::duration stall = enough) {
  TrialQuestion question{{2}, {}, RequestForm::origin, TrialPurpose::upload, 1};
  question.request.method = "POST";
  question.request.url = *parse_url("http://www.example.com/");
  question.request.zeros = zeros;
  static const HttpSecrets none;
  auto tried =
      tests::run(context, try_out(question, std::move(*pair.client), none, stall, Clock::now() + enough));
  return std::move(tried.fact);
}

void answer(tcp::socket& peer, const std::string& more) {
  asio::write(peer, asio::buffer("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n" + more + "\r\n"));
}

TEST(Body, IsSentToItsEndAndAcknowledged) {
  asio::io_context context;
  Pair pair{context};
  std::size_t came = 0;
  std::jthread peer{[&] {
    came = swallow(*pair.peer, large + 1);
    answer(*pair.peer, "");
    swallow(*pair.peer, 1);
  }};
  const auto trial = post(context, pair, large + 1);
  peer.join();
  ASSERT_TRUE(trial.result);
  EXPECT_EQ(trial.result->status, 404);
  EXPECT_EQ(trial.delivery.sent, large + 1);
  EXPECT_GT(came, large);
}

TEST(Body, GoesOnBehindAnEarlyAnswerThatKeepsTheConnection) {
  asio::io_context context;
  Pair pair{context};
  std::jthread peer{[&] {
    answer(*pair.peer, "");
    swallow(*pair.peer, large);
  }};
  const auto trial = post(context, pair, large);
  ASSERT_TRUE(trial.result);
  EXPECT_EQ(trial.delivery.sent, large);
}

TEST(Body, EndsWithAnEarlyAnswerThatClosesTheConnection) {
  asio::io_context context;
  Pair pair{context};
  answer(*pair.peer, "Connection: close\r\n");
  const auto trial = post(context, pair, large);
  ASSERT_TRUE(trial.result);
  EXPECT_LT(trial.delivery.sent, large);
  EXPECT_FALSE(trial.result->reusable);
}

TEST(Body, ThatIsCutIsAFailureWithWhatHadComeThrough) {
  asio::io_context context;
  Pair pair{context};
  std::jthread peer{[&] {
    swallow(*pair.peer, 1024UL * 1024);
    tests::reset(std::move(*pair.peer));
  }};
  const auto trial = post(context, pair, large);
  ASSERT_FALSE(trial.result);
  ASSERT_TRUE(trial.result.error().transport);
  EXPECT_TRUE(closed_by_peer(*trial.result.error().transport));
  EXPECT_GE(trial.delivery.acknowledged, 1024UL * 1024);
  EXPECT_LT(trial.delivery.sent, large);
}

TEST(Body, ThatNobodyReadsStalls) {
  asio::io_context context;
  Pair pair{context};
  const auto trial = post(context, pair, large, 500ms);
  ASSERT_FALSE(trial.result);
  ASSERT_TRUE(trial.result.error().transport);
  EXPECT_TRUE(timed_out(*trial.result.error().transport));
  EXPECT_LT(trial.delivery.sent, large);
  EXPECT_GE(trial.delivery.quiet, 500ms);
}

}  // namespace
}  // namespace fwprobe::probe
