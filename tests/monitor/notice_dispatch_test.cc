#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "monitor/notices/dispatcher.h"
#include "tests/monitor/boards.h"

namespace fwprobe::monitor {
namespace {

using checks::Cause;
using nlohmann::json;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using tests::change, tests::fails, tests::minute, tests::pass;

// ---- whether and when again

Attempt answered(std::uint16_t status, std::optional<seconds> retry_after = {}) {
  return {status, retry_after, status / 100 == 2 ? "" : "HTTP"};
}
Attempt silent() { return {{}, {}, "no answer in time"}; }

TEST(Retry, IsForWhatMayChange) {
  const struct {
    const char* name;
    Attempt attempt;
    bool again;
  } rows[] = {
      {"no answer", silent(), true},
      {"500", answered(500), true},
      {"503", answered(503), true},
      {"429", answered(429), true},
      {"408", answered(408), true},
      {"400", answered(400), false},
      {"401", answered(401), false},
      {"404", answered(404), false},
      {"302", answered(302), false},
      {"a configuration that cannot work", {{}, {}, "its URL is not one", true}, false},
  };
  for (const auto& row : rows) EXPECT_EQ(may_be_taken_later(row.attempt), row.again) << row.name;
}

TEST(Retry, WaitsTwiceAsLongEachTimeUpToALimit) {
  const struct {
    const char* name;
    int failures;
    double jitter;
    std::optional<seconds> retry_after;
    seconds wait;
  } rows[] = {
      {"the first", 1, 0, {}, seconds{5}},
      {"the second", 2, 0, {}, seconds{10}},
      {"the fourth", 4, 0, {}, seconds{40}},
      {"the limit", 7, 0, {}, seconds{300}},
      {"far behind the limit", 1'000'000'000, 0, {}, seconds{300}},
      {"half of it at most is taken away", 2, 1, {}, seconds{5}},
      {"Retry-After is longer", 1, 1, seconds{90}, seconds{90}},
      {"Retry-After is shorter", 4, 0, seconds{1}, seconds{40}},
      {"Retry-After of years", 1, 0, std::chrono::years{3}, seconds{3600}},
  };
  for (const auto& row : rows)
    EXPECT_EQ(retry_in(answered(503, row.retry_after), row.failures, row.jitter), row.wait) << row.name;
}

TEST(Retry, AfterIsReadInBothForms) {
  const auto now = probe::WallClock::from_time_t(784111770);  // Sun, 06 Nov 1994 08:49:30 GMT
  const struct {
    const char* text;
    std::optional<seconds> after;
  } rows[] = {
      {"120", seconds{120}},
      {" 7 ", seconds{7}},
      {"0", seconds{0}},
      {"99999999999999999999999", seconds{999'999'999}},
      {"Sun, 06 Nov 1994 08:49:37 GMT", seconds{7}},
      {"Sun, 06 Nov 1994 08:49:00 GMT", seconds{0}},
      {"Fri, 31 Dec 9999 23:59:59 GMT", seconds{252'618'189'029}},
      {"", {}},
      {"-5", {}},
      {"soon", {}},
      {"1.5", {}},
      {"Sun, 06 Nov 1994 08:49:37 GMT, and more", {}},
  };
  for (const auto& row : rows) EXPECT_EQ(read_retry_after(row.text, now), row.after) << row.text;
}

// ---- what goes out

struct Fixture : testing::Test {
  Fixture() {
    std::vector<Watched> targets;
    for (int i = 0; i < 600; ++i) targets.push_back(tests::watched(fmt::format("target-{}", i)));
    board = tests::board_of(std::move(targets));
    board.plan.notices.group_wait = seconds{10};
  }

  void receivers(std::vector<Receiver> receivers) { board.plan.notices.receivers = std::move(receivers); }

  void fail(std::size_t target) {
    const auto told = change(board, target, fails(Cause::tcp_filtered), wall());
    for (auto& notice : notices_of(board, target, told)) queue.push_back({++last_id, std::move(notice), 0});
  }

  probe::WallClock::time_point wall() const { return minute(0) + now; }
  probe::Clock::time_point steady() const { return probe::Clock::time_point{} + std::chrono::hours{1} + now; }

  /// What the queue holds and the dispatcher makes of it now.
  std::vector<Message> next() {
    if (!dispatcher.looks_at_queue(board.plan.notices, steady()))
      return dispatcher.next(board, {}, {wall(), steady()}).messages;
    std::vector<QueuedNotice> waiting;
    for (const auto& one : queue)
      if (one.notice.next_attempt <= wall() + board.plan.notices.group_wait) waiting.push_back(one);
    auto round = dispatcher.next(board, waiting, {wall(), steady()});
    for (const auto id : round.lost) std::erase_if(queue, [&](const auto& one) { return one.id == id; });
    lost += round.lost.size();
    return std::move(round.messages);
  }

  Settled settle(const Message& message, const Attempt& attempt) {
    auto settled = dispatcher.settle(message, attempt, steady(), 0);
    for (const auto id : settled.done) std::erase_if(queue, [&](const auto& one) { return one.id == id; });
    for (const auto id : settled.again)
      for (auto& one : queue)
        if (one.id == id) one.notice.next_attempt = wall() + settled.retry_in;
    return settled;
  }

  Board board;
  Dispatcher dispatcher;
  std::vector<QueuedNotice> queue;
  std::int64_t last_id = 0;
  std::size_t lost = 0;
  seconds now{0};
};
using Dispatch = Fixture;

TEST_F(Dispatch, TellsInOneMessageWhatComesWithinTheWait) {
  receivers({tests::receiver(ReceiverKind::webhook, "http://127.0.0.1/")});
  fail(0);
  EXPECT_THAT(next(), IsEmpty());
  now = seconds{9};
  for (std::size_t i = 1; i < 600; ++i) fail(i);
  EXPECT_THAT(next(), IsEmpty());
  now = seconds{10};
  const auto messages = next();
  ASSERT_THAT(messages, SizeIs(1));
  EXPECT_EQ(json::parse(messages[0].body)["title"], "600 failed");
  EXPECT_THAT(next(), IsEmpty());  // it is under way
  settle(messages[0], answered(200));
  EXPECT_THAT(queue, IsEmpty());
}

TEST_F(Dispatch, GivesEachReceiverItsOwn) {
  receivers({tests::receiver(ReceiverKind::webhook, "http://127.0.0.1/", "one"),
             tests::receiver(ReceiverKind::slack, "http://127.0.0.1/", "two")});
  fail(0);
  now = seconds{10};
  auto messages = next();
  ASSERT_THAT(messages, SizeIs(2));
  settle(messages[0], silent());
  settle(messages[1], answered(200));
  now = seconds{14};
  EXPECT_THAT(next(), IsEmpty());
  now = seconds{15};
  messages = next();
  ASSERT_THAT(messages, SizeIs(1));
  EXPECT_EQ(messages[0].receiver.name, "one");
}

TEST_F(Dispatch, WaitsLongerAfterEveryFailureAndTellsAllThatCameMeanwhile) {
  receivers({tests::receiver(ReceiverKind::webhook, "http://127.0.0.1/")});
  fail(0);
  now = seconds{10};
  for (const auto wait : {5, 10, 20}) {
    const auto messages = next();
    ASSERT_THAT(messages, SizeIs(1)) << wait;
    EXPECT_EQ(settle(messages[0], answered(503)).retry_in, seconds{wait});
    fail(static_cast<std::size_t>(wait));
    now += seconds{wait} - seconds{1};
    EXPECT_THAT(next(), IsEmpty());
    now += seconds{1};
  }
  const auto messages = next();
  EXPECT_EQ(json::parse(messages.at(0).body)["title"], "4 failed");
  settle(messages[0], answered(200));
  EXPECT_THAT(queue, IsEmpty());
}

TEST_F(Dispatch, GivesUpWhatIsRefusedForGood) {
  receivers({tests::receiver(ReceiverKind::webhook, "http://127.0.0.1/")});
  fail(0);
  now = seconds{10};
  const auto settled = settle(next().at(0), answered(404));
  EXPECT_THAT(settled.done, SizeIs(1));
  EXPECT_THAT(queue, IsEmpty());
}

TEST_F(Dispatch, SlowsDownWhenMessagesFollowOneAnother) {
  receivers({tests::receiver(ReceiverKind::webhook, "http://127.0.0.1/")});
  board.plan.notices.group_wait = seconds{0};
  std::size_t messages = 0;
  for (; now < std::chrono::hours{1}; now += seconds{5}) {
    fail(messages % 600);
    for (const auto& message : next()) {
      settle(message, answered(200));
      ++messages;
    }
  }
  EXPECT_GT(messages, 12U);
  EXPECT_LT(messages, 20U);
  // Calm again, it answers at once again.
  now += std::chrono::minutes{20};
  settle(next().at(0), answered(200));
  now += std::chrono::minutes{20};
  fail(0);
  settle(next().at(0), answered(200));
  now += seconds{5};
  fail(1);
  EXPECT_THAT(next(), SizeIs(1));
}

TEST_F(Dispatch, LosesWhatNobodyCanBeTold) {
  receivers({tests::receiver(ReceiverKind::webhook, "http://127.0.0.1/", "gone")});
  fail(0);
  receivers({tests::receiver(ReceiverKind::webhook, "http://127.0.0.1/", "new")});
  fail(1);
  queue.back().notice.payload = "{";
  now = seconds{10};
  EXPECT_THAT(next(), IsEmpty());
  EXPECT_EQ(lost, 2U);
  // Without receivers it looks all the same, so that nothing waits for ever.
  receivers({});
  EXPECT_TRUE(dispatcher.looks_at_queue(board.plan.notices, steady()));
}

// ---- Alertmanager

json alerts_in(const Message& message) { return json::parse(message.body); }

TEST_F(Dispatch, RepeatsAlertsBeforeTheyEndByThemselves) {
  receivers({tests::receiver(ReceiverKind::alertmanager, "http://127.0.0.1/")});
  EXPECT_THAT(next(), IsEmpty());
  fail(0);
  EXPECT_THAT(queue, IsEmpty());
  settle(next().at(0), answered(200));
  now = seconds{59};
  EXPECT_THAT(next(), IsEmpty());
  now = seconds{60};
  settle(next().at(0), answered(200));
  change(board, 0, pass(), wall());
  const auto ended = next();
  ASSERT_THAT(ended, SizeIs(1));
  EXPECT_EQ(alerts_in(ended[0])[0]["endsAt"], "2024-10-04T00:01:00.000Z");
  settle(ended[0], answered(200));
  now += std::chrono::minutes{2};
  EXPECT_THAT(next(), IsEmpty());
}

TEST_F(Dispatch, TellsNewAlertsAtOnceAndManyInParts) {
  receivers({tests::receiver(ReceiverKind::alertmanager, "http://127.0.0.1/")});
  for (std::size_t i = 0; i < 600; ++i) fail(i);
  std::vector<std::size_t> parts;
  for (auto messages = next(); !messages.empty(); messages = next()) {
    parts.push_back(alerts_in(messages[0]).size());
    settle(messages[0], answered(200));
  }
  EXPECT_THAT(parts, ElementsAre(256, 256, 88));
  now = seconds{30};
  change(board, 3, fails(Cause::tcp_refused), wall());
  const auto messages = next();
  ASSERT_THAT(messages, SizeIs(1));
  EXPECT_THAT(alerts_in(messages[0]), SizeIs(2));  // the new cause, and the end of the old one
}

TEST_F(Dispatch, TellsAnAlertmanagerThatWasAwayWhatIsTheCaseNow) {
  receivers({tests::receiver(ReceiverKind::alertmanager, "http://127.0.0.1/")});
  fail(0);
  settle(next().at(0), silent());
  change(board, 0, fails(Cause::tcp_refused), wall());
  EXPECT_THAT(next(), IsEmpty());
  now = seconds{5};
  EXPECT_EQ(alerts_in(next().at(0))[0]["labels"]["cause"], "tcp.refused");
}

}  // namespace
}  // namespace fwprobe::monitor
