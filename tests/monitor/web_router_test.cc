#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../support/board_sample.h"
#include "monitor/web/router.h"

namespace fwprobe::monitor {
namespace {

using testing::HasSubstr;
using testing::Not;
using tests::board_sample;
using tests::noon;

Routed routed(const Board& board, std::string_view target, std::string_view method = "GET",
              std::vector<Field> fields = {}) {
  return route(*read_request(method, target, std::move(fields), 0), board, noon);
}

Answer answer(const Board& board, std::string_view target, std::string_view method = "GET",
              std::vector<Field> fields = {}) {
  auto all = routed(board, target, method, std::move(fields));
  EXPECT_TRUE(std::holds_alternative<Answer>(all)) << target;
  return std::get<Answer>(std::move(all));
}

TEST(WebRouter, AsksTheServiceForWhatItDoesNotKnow) {
  const auto board = board_sample();
  EXPECT_TRUE(std::holds_alternative<MetricsWanted>(routed(board, "/metrics")));
  EXPECT_TRUE(std::holds_alternative<MetricsWanted>(routed(board, "/metrics", "HEAD")));
  EXPECT_EQ(std::get<ReportWanted>(routed(board, "/targets/bad/report")).id, "bad");
  EXPECT_EQ(std::get<HistoryWanted>(routed(board, "/targets/bad")).form, HistoryForm::page);
  const auto history =
      std::get<HistoryWanted>(routed(board, "/api/v1/targets/b%61d/history?since=86400&limit=7"));
  EXPECT_EQ(history.id, "bad");
  EXPECT_EQ(history.limit, 7U);
  EXPECT_EQ(history.since.time_since_epoch(), std::chrono::hours{24});
  EXPECT_TRUE(std::holds_alternative<ReloadWanted>(routed(board, "/-/reload", "POST")));
}

struct Row {
  const char* method;
  const char* target;
  std::uint16_t status;
};

TEST(WebRouter, SaysWhatIsWrong) {
  const Row rows[] = {
      {"GET", "/none", 404},
      {"GET", "/targets/", 404},
      {"GET", "/targets/bad/", 404},
      {"GET", "/targets/a%2Fb", 404},
      {"GET", "/targets/report", 404},
      {"GET", "/api/v1/targets/nobody", 404},
      {"GET", "/API/v1/targets", 404},
      {"POST", "/", 405},
      {"PUT", "/-/reload", 405},
      {"GET", "/-/reload", 405},
      {"HEAD", "/-/reload", 405},
      {"GET", "/?state=none", 400},
      {"GET", "/?page=-1", 400},
      {"GET", "/?page=99999999999999999999", 400},
      {"GET", "/api/v1/targets?limit=0", 400},
      {"GET", "/api/v1/targets/bad/history?since=1e9", 400},
      {"GET", "/api/v1/targets/bad/history?limit=1000000", 400},
  };
  const auto board = board_sample();
  for (const auto& row : rows)
    EXPECT_EQ(answer(board, row.target, row.method).status, row.status) << row.method << ' ' << row.target;
}

TEST(WebRouter, NoOtherSiteReloads) {
  struct Site {
    std::vector<Field> fields;
    bool taken;
  };
  const Site sites[] = {
      {{}, true},
      {{{"Host", "h:1"}, {"Origin", "http://h:1"}}, true},
      {{{"Host", "h:1"}, {"Origin", "https://H:1"}}, true},
      {{{"Host", "h:1"}, {"Origin", "http://h"}}, false},
      {{{"Host", "h:1"}, {"Origin", "null"}}, false},
      {{{"Host", "h:1"}, {"Origin", ""}}, false},
      {{{"Origin", "http://h:1"}}, false},
      {{{"Host", "h:1"}, {"Origin", "http://h:1"}, {"Origin", "http://evil"}}, false},
      {{{"Host", "h:1"}, {"Origin", "http://h:1"}, {"Sec-Fetch-Site", "same-origin"}}, true},
      {{{"Sec-Fetch-Site", "cross-site"}}, false},
      {{{"Sec-Fetch-Site", "same-site"}}, false},
  };
  const auto board = board_sample();
  for (const auto& [fields, taken] : sites)
    EXPECT_EQ(std::holds_alternative<ReloadWanted>(routed(board, "/-/reload", "POST", fields)), taken);
}

TEST(WebRouter, ReadinessSaysWhyNot) {
  auto board = board_sample();
  EXPECT_EQ(answer(board, "/readyz").status, 200);
  board.health.reload_trouble = "suite.yaml:3:1: unknown key";
  EXPECT_EQ(answer(board, "/readyz").status, 200);
  EXPECT_THAT(answer(board, "/readyz").body, HasSubstr("suite.yaml:3:1"));
  board.health.database_trouble = "disk full";
  EXPECT_EQ(answer(board, "/readyz").status, 503);
  EXPECT_THAT(answer(board, "/readyz").body, HasSubstr("disk full"));
  EXPECT_EQ(answer(board, "/healthz").status, 200);
}

TEST(StatusPage, ShowsTheWorstFirstAndAPageAtATime) {
  const auto board = board_sample(500);
  const auto page = answer(board, "/");
  const auto place = [&page](std::string_view text) { return page.body.find(text); };
  EXPECT_LT(place("id=\"t-bad\""), place("id=\"t-unclear\""));
  EXPECT_LT(place("id=\"t-unclear\""), place("id=\"t-soon\""));
  EXPECT_LT(place("id=\"t-soon\""), place("id=\"t-new\""));
  EXPECT_LT(place("id=\"t-new\""), place("id=\"t-good\""));
  EXPECT_THAT(page.body, HasSubstr("page 1 of 6"));
  EXPECT_THAT(page.body, HasSubstr("1 of 506 targets not as expected"));
  EXPECT_LT(page.body.size(), 200'000U);
  // Behind the last page is the last page: targets may have gone since the link was made.
  EXPECT_THAT(answer(board, "/?page=1000").body, HasSubstr("page 6 of 6"));
}

TEST(StatusPage, SelectsByGroupTagAndState) {
  const auto board = board_sample();
  EXPECT_THAT(answer(board, "/?state=wrong").body, HasSubstr("t-bad"));
  EXPECT_THAT(answer(board, "/?state=wrong").body, Not(HasSubstr("t-good")));
  // "closed" fails, as it is expected to.
  EXPECT_THAT(answer(board, "/?state=well").body, HasSubstr("t-closed"));
  EXPECT_THAT(answer(board, "/?group=even").body, Not(HasSubstr("t-bad")));
  EXPECT_THAT(answer(board, "/?tag=none").body, HasSubstr("No target is like that."));
}

TEST(StatusPage, EscapesWhatComesFromElsewhere) {
  auto board = board_sample();
  board.plan.targets[1].name = "<script>alert(1)</script>\x1b[31m";
  board.states[1].changes.front().summary = "</li><script>";
  board.health.reload_trouble = "<b>\"&";
  const auto page = answer(board, "/?group=%22%3E%3Cscript%3E").body + answer(board, "/").body;
  EXPECT_THAT(page, Not(HasSubstr("<script>alert")));
  EXPECT_THAT(page, Not(HasSubstr("</li><script>")));
  EXPECT_THAT(page, Not(HasSubstr("<b>\"&")));
  EXPECT_THAT(page, Not(HasSubstr("\x1b")));
}

TEST(StatusPage, AllowsItsOwnScriptOnly) {
  const auto page = answer(board_sample(), "/");
  const auto policy =
      std::ranges::find(page.fields, "Content-Security-Policy", [](const auto& one) { return one.first; });
  ASSERT_NE(policy, page.fields.end());
  EXPECT_THAT(policy->second, HasSubstr("script-src 'sha256-"));
  EXPECT_THAT(policy->second, Not(HasSubstr("script-src 'unsafe")));
}

}  // namespace
}  // namespace fwprobe::monitor
