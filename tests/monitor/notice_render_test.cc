#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "monitor/notices/alertmanager.h"
#include "monitor/notices/render.h"
#include "tests/monitor/boards.h"
#include "tests/reports/golden.h"

namespace fwprobe::monitor {
namespace {

using checks::Cause;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using tests::change, tests::fails, tests::minute, tests::pass, tests::warns;

Board two_targets() {
  auto board = tests::board_of({tests::watched("git", "vendor", {"a", "b"}), tests::watched("web")});
  board.plan.notices.receivers = {tests::receiver(ReceiverKind::webhook, "http://127.0.0.1/")};
  return board;
}

Event event(std::string id, std::optional<Verdict> from, Verdict to, int at = 0) {
  Event event;
  event.id = event.name = std::move(id);
  event.from = from;
  event.to = to;
  event.at = minute(at);
  return event;
}

TEST(Notices, AreOfChangesAndNotOfTheFirstGoodNews) {
  const struct {
    const char* name;
    std::optional<Verdict> from;
    Verdict to;
    std::size_t notices;
  } rows[] = {
      {"first seen, and well", {}, pass(), 0},
      {"first seen, and failing", {}, fails(Cause::tcp_filtered), 1},
      {"first seen, with a warning", {}, warns(Cause::tls_certificate_expires_soon), 1},
      {"fails", pass(), fails(Cause::tcp_filtered), 1},
      {"recovers", fails(Cause::tcp_filtered), pass(), 1},
      {"another cause", fails(Cause::tcp_filtered), fails(Cause::tcp_refused), 1},
      {"closed, as it should be", {}, {checks::Status::fail, true, Cause::tcp_rejected}, 0},
      {"open, and should be closed", {}, {checks::Status::pass, false, {}}, 1},
  };
  for (const auto& row : rows) {
    auto board = two_targets();
    board.states[0].confirmed = row.from;
    const auto told = change(board, 0, row.to, minute(0));
    EXPECT_THAT(notices_of(board, 0, told), SizeIs(row.notices)) << row.name;
  }
}

TEST(Notices, GoToThoseWhoWantThem) {
  const struct {
    const char* name;
    std::vector<std::string> groups, tags;
    bool wanted;
  } rows[] = {
      {"all", {}, {}, true},
      {"its group", {"x", "vendor"}, {}, true},
      {"another group", {"x"}, {}, false},
      {"one tag", {}, {"b"}, true},
      {"another tag", {}, {"c"}, false},
      {"both", {"vendor"}, {"a"}, true},
      {"one of two", {"vendor"}, {"c"}, false},
  };
  for (const auto& row : rows) {
    auto board = two_targets();
    board.plan.notices.receivers[0].groups = row.groups;
    board.plan.notices.receivers[0].tags = row.tags;
    const auto told = change(board, 0, fails(Cause::tcp_filtered), minute(0));
    EXPECT_THAT(notices_of(board, 0, told), SizeIs(row.wanted ? 1 : 0)) << row.name;
  }
}

TEST(Notices, WaitForOthersAndMuchLongerWhenTheTargetFlaps) {
  auto board = two_targets();
  board.plan.notices.group_wait = std::chrono::seconds{10};
  std::vector<Notice> last;
  for (int i = 0; i < static_cast<int>(flapping_changes); ++i) {
    if (i > 0) {
      EXPECT_EQ(last.at(0).next_attempt, minute(i - 1) + std::chrono::seconds{10});
    }
    const auto told = change(board, 0, i % 2 == 0 ? fails(Cause::tcp_filtered) : pass(), minute(i));
    last = notices_of(board, 0, told);
  }
  EXPECT_EQ(last.at(0).next_attempt, minute(30));
  EXPECT_TRUE(read_event(last[0].payload)->flapping);
  // An hour later it has calmed down.
  const auto told = change(board, 0, fails(Cause::tcp_refused), minute(70));
  EXPECT_EQ(notices_of(board, 0, told).at(0).next_attempt, minute(70) + std::chrono::seconds{10});
}

TEST(Notices, AreReadAsTheyWereWritten) {
  auto board = two_targets();
  change(board, 0, pass(), minute(0));
  const auto told = change(board, 0, fails(Cause::tcp_filtered), minute(1), "<\"\xc3\xa4\">");
  const auto notice = notices_of(board, 0, told).at(0);
  const auto event = read_event(notice.payload);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->id, "git");
  EXPECT_EQ(event->group, "vendor");
  EXPECT_THAT(event->tags, ElementsAre("a", "b"));
  EXPECT_EQ(event->at, minute(1));
  EXPECT_EQ(event->from, pass());
  EXPECT_EQ(event->to, fails(Cause::tcp_filtered));
  EXPECT_EQ(event->summary, "<\"\xc3\xa4\">");
  EXPECT_EQ(event->where, "path");
  EXPECT_EQ(event->hop, 2);
  EXPECT_EQ(event_json(*event).dump(), notice.payload);
  for (const auto* broken :
       {"", "{", "[]", "{}", "null", R"({"id":1})", R"({"id":"x","name":"x","group":"","tags":7})"})
    EXPECT_FALSE(read_event(broken)) << broken;
}

TEST(Digest, OfATargetSaysWhatTheChangesMakeTogether) {
  const auto filtered = fails(Cause::tcp_filtered), refused = fails(Cause::tcp_refused);
  const auto warning = warns(Cause::tls_certificate_expires_soon);
  const struct {
    const char* name;
    std::vector<Event> events;
    EventKind kind;
    std::size_t changes;
  } rows[] = {
      {"fails", {event("a", pass(), filtered)}, EventKind::failed, 1},
      {"first seen failing", {event("a", {}, filtered)}, EventKind::failed, 1},
      {"warns", {event("a", pass(), warning)}, EventKind::warned, 1},
      {"recovers", {event("a", filtered, pass())}, EventKind::recovered, 1},
      {"recovers to a warning", {event("a", filtered, warning)}, EventKind::recovered, 1},
      {"another cause", {event("a", filtered, refused)}, EventKind::changed, 1},
      {"there and back",
       {event("a", pass(), filtered), event("a", filtered, pass(), 1)},
       EventKind::flapped,
       2},
      {"in the order of time",
       {event("a", filtered, refused, 1), event("a", pass(), filtered)},
       EventKind::failed,
       2},
  };
  for (const auto& row : rows) {
    const auto digest = digest_of(row.events);
    ASSERT_THAT(digest.told, SizeIs(1)) << row.name;
    EXPECT_EQ(name(digest.told[0].kind), name(row.kind)) << row.name;
    EXPECT_EQ(digest.told[0].changes, row.changes) << row.name;
  }
}

TEST(Digest, HasTheWorstFirst) {
  auto flaps = event("flaps", pass(), fails(Cause::tcp_reset_in_path));
  flaps.flapping = true;
  const auto digest = digest_of({event("good", fails(Cause::tcp_filtered), pass()), flaps,
                                 event("bad", pass(), fails(Cause::tcp_filtered)),
                                 event("worse", pass(), fails(Cause::tcp_filtered))});
  EXPECT_EQ(digest.title(), "2 failed, 1 flapping, 1 recovered");
  EXPECT_EQ(digest.told[0].event.id, "bad");
  EXPECT_EQ(digest.told.back().event.id, "good");
  EXPECT_THAT(digest.causes, ElementsAre(std::pair{"tcp.filtered", 2}, std::pair{"tcp.reset_in_path", 1}));
}

std::vector<Event> outage(std::size_t targets) {
  std::vector<Event> events;
  for (std::size_t i = 0; i < targets; ++i)
    events.push_back(event(fmt::format("target-{}", i), pass(), fails(Cause::tcp_filtered)));
  for (auto& one : events) one.summary = std::string(300, '<');
  return events;
}

TEST(Webhook, TellsAnOutageOfEverythingInOneBoundedMessage) {
  const auto board = two_targets();
  const auto text = render_webhook(digest_of(outage(5000)), board, "ops", minute(0));
  const auto message = json::parse(text);
  EXPECT_EQ(message["schema"], "fwprobe/notice/v1");
  EXPECT_EQ(message["title"], "5000 failed");
  EXPECT_EQ(message["counts"]["failed"], 5000);
  EXPECT_EQ(message["causes"]["tcp.filtered"], 5000);
  EXPECT_THAT(message["changes"], SizeIs(listed_by_webhook));
  EXPECT_EQ(message["not_listed"], 5000 - listed_by_webhook);
  EXPECT_LT(text.size(), 100U * 1024);
}

/// Read by tests/monitor/notice_schema_test.py, too.
TEST(Webhook, LooksLikeThis) {
  auto board = two_targets();
  board.plan.web.external_url = "https://probe.example.test";
  change(board, 0, pass(), minute(0));
  const auto first =
      change(board, 0, fails(Cause::tcp_filtered), minute(1), "no answer to 2 SYNs within 2.0 s");
  auto seen = *read_event(notices_of(board, 0, first).at(0).payload);
  const auto message =
      render_webhook(digest_of({seen, event("web", {}, warns(Cause::tls_certificate_expires_soon)),
                                event("old", fails(Cause::tcp_refused), pass())}),
                     board, "ops", minute(2));
  tests::expect_golden("notice.json", json::parse(message).dump(2) + "\n", "monitor");
}

TEST(Webhook, LinksToTheTarget) {
  auto board = two_targets();
  const auto change = [&] {
    return json::parse(render_webhook(digest_of({event("git", pass(), fails(Cause::tcp_filtered))}), board,
                                      "ops", minute(0)))["changes"][0];
  };
  EXPECT_FALSE(change().contains("link"));
  board.plan.web.external_url = "https://probe.example.test/fw/";
  EXPECT_EQ(change()["link"], "https://probe.example.test/fw/targets/git");
  EXPECT_EQ(change()["kind"], "failed");
  EXPECT_EQ(change()["to"]["cause"], "tcp.filtered");
  EXPECT_EQ(change()["to"]["responsible"], "network");
}

TEST(Slack, TellsAnOutageOfEverythingInOneBoundedMessage) {
  const auto message = json::parse(render_slack(digest_of(outage(5000)), two_targets()));
  EXPECT_EQ(message["text"], "fwprobe: 5000 failed (seen from home)");
  std::size_t lines = 0;
  for (const auto& block : message["blocks"]) {
    const auto text = block["text"]["text"].get<std::string>();
    EXPECT_LE(text.size(), 3000U);
    lines += static_cast<std::size_t>(std::ranges::count(text, '\n'));
  }
  EXPECT_EQ(lines, listed_by_slack + 1);
  EXPECT_THAT(message["blocks"].back()["text"]["text"].get<std::string>(),
              HasSubstr("and 4980 more; 5000 × tcp.filtered"));
}

TEST(Slack, TakesNoWordOfTheNetworkForMarkup) {
  auto hostile = event("git", pass(), fails(Cause::tcp_filtered));
  hostile.name = "a|b";
  hostile.summary = "<!channel> & <https://evil.test|click>\n\x1b[31m";
  auto board = two_targets();
  board.plan.web.external_url = "https://probe.example.test";
  const auto message = json::parse(render_slack(digest_of({hostile}), board));
  const auto text = message["blocks"][1]["text"]["text"].get<std::string>();
  EXPECT_THAT(text, HasSubstr("<https://probe.example.test/targets/git|a/b>"));
  EXPECT_THAT(text, HasSubstr("&lt;!channel&gt; &amp; &lt;https://evil.test|click&gt;\\n\\x1B"));
  EXPECT_EQ(message["blocks"][1]["text"]["verbatim"], true);
}

// ---- Alertmanager

json alerts(const Board& board, int at) {
  const auto receiver = tests::receiver(ReceiverKind::alertmanager, "http://127.0.0.1/");
  return json::parse(render_alerts(alerts_of(board, receiver, minute(at)), board, minute(at)));
}

TEST(Alerts, SayWhatIsTheCaseAndEndByThemselvesUnlessTheyAreRepeated) {
  auto board = two_targets();
  change(board, 0, pass(), minute(0));
  EXPECT_THAT(alerts(board, 0), IsEmpty());
  change(board, 0, fails(Cause::tcp_filtered), minute(1), "no answer");
  const auto alert = alerts(board, 10).at(0);
  EXPECT_EQ(alert["labels"], (json{{"alertname", "FwprobeTargetFailed"},
                                   {"severity", "critical"},
                                   {"target", "git"},
                                   {"name", "git"},
                                   {"group", "vendor"},
                                   {"status", "fail"},
                                   {"cause", "tcp.filtered"},
                                   {"site", "home"}}));
  EXPECT_EQ(alert["startsAt"], "2024-10-04T00:01:00.000Z");
  EXPECT_EQ(alert["endsAt"], "2024-10-04T00:14:00.000Z");
  EXPECT_EQ(alert["annotations"]["summary"], "git: FAIL tcp.filtered");
  EXPECT_EQ(alert["annotations"]["description"], "no answer");
  EXPECT_FALSE(alert.contains("generatorURL"));
}

TEST(Alerts, EndWithTheirStateAndAreForgottenLater) {
  auto board = two_targets();
  change(board, 0, fails(Cause::tcp_filtered), minute(1));
  change(board, 0, fails(Cause::tcp_refused), minute(5));
  auto told = alerts(board, 6);
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_EQ(told[0]["labels"]["cause"], "tcp.refused");
  EXPECT_EQ(told[1]["labels"]["cause"], "tcp.filtered");
  EXPECT_EQ(told[1]["endsAt"], "2024-10-04T00:05:00.000Z");
  change(board, 0, pass(), minute(8));
  told = alerts(board, 9);
  ASSERT_THAT(told, SizeIs(2));
  EXPECT_EQ(told[0]["endsAt"], "2024-10-04T00:08:00.000Z");
  EXPECT_THAT(alerts(board, 22), SizeIs(1));
  EXPECT_THAT(alerts(board, 24), IsEmpty());
}

TEST(Alerts, ThatAreBackHaveNotEnded) {
  auto board = two_targets();
  change(board, 0, fails(Cause::tcp_filtered), minute(1));
  change(board, 0, pass(), minute(2));
  change(board, 0, fails(Cause::tcp_filtered), minute(3));
  const auto told = alerts(board, 4);
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0]["startsAt"], "2024-10-04T00:03:00.000Z");
  EXPECT_EQ(told[0]["endsAt"], "2024-10-04T00:08:00.000Z");
}

TEST(Alerts, AreAsSevereAsWhatIsKnown) {
  const struct {
    const char* name;
    Verdict verdict;
    const char* alert;
    const char* severity;
  } rows[] = {
      {"a failure", fails(Cause::tcp_filtered), "FwprobeTargetFailed", "critical"},
      {"open, and should be closed", {checks::Status::pass, false, {}}, "FwprobeTargetFailed", "critical"},
      {"not measured", {checks::Status::error, false, {}}, "FwprobeTargetFailed", "warning"},
      {"a warning", warns(Cause::tls_certificate_expires_soon), "FwprobeTargetWarns", "warning"},
  };
  for (const auto& row : rows) {
    auto board = two_targets();
    change(board, 0, row.verdict, minute(0));
    const auto labels = alerts(board, 0).at(0)["labels"];
    EXPECT_EQ(labels["alertname"], row.alert) << row.name;
    EXPECT_EQ(labels["severity"], row.severity) << row.name;
  }
}

TEST(Alerts, CarryNothingThatMovesATerminal) {
  auto board = two_targets();
  change(board, 0, fails(Cause::tcp_filtered), minute(0), "\x1b[2J\xe2\x80\xae");
  EXPECT_THAT(alerts(board, 0).at(0)["annotations"]["description"].get<std::string>(),
              Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace fwprobe::monitor
