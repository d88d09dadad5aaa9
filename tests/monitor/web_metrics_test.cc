#include <algorithm>
#include <sstream>
#include <vector>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "../support/board_sample.h"
#include "monitor/web/api.h"
#include "monitor/web/metrics.h"

namespace fwprobe::monitor {
namespace {

using testing::HasSubstr;
using testing::Not;
using tests::board_sample;
using tests::noon;

constexpr std::string_view bad =
    R"({target="bad",name="https://bad.example.com/",group="odd & <hostile>\"",site="ams")";

std::string series(std::string_view name, std::string_view more) {
  return std::string{name} + std::string{bad} + std::string{more};
}

std::string text_of(const Board& board, const ProcessFigures& process = {}) {
  std::string text;
  for (const auto& piece : render_metrics(board, noon, process)) text += piece;
  return text;
}

TEST(Metrics, SayWhatIsKnownOfATarget) {
  const auto text = text_of(board_sample());
  EXPECT_THAT(text, HasSubstr(series("fwprobe_target_status", ",status=\"fail\"} 1\n")));
  EXPECT_THAT(text, HasSubstr(series("fwprobe_target_status", ",status=\"pass\"} 0\n")));
  EXPECT_THAT(text, HasSubstr(series("fwprobe_target_as_expected", "} 0\n")));
  EXPECT_THAT(text, HasSubstr(series("fwprobe_target_cause_info",
                                     ",cause=\"tcp.filtered\",where=\"path\",responsible=\"network\"} 1\n")));
  EXPECT_THAT(text, HasSubstr(series("fwprobe_blocking_hop", "} 2\n")));
  EXPECT_THAT(text, HasSubstr(series("fwprobe_phase_duration_seconds", ",phase=\"tcp\"} 0.005000\n")));
  EXPECT_THAT(text, HasSubstr(series("fwprobe_target_runs_total", ",status=\"fail\"} 1\n")));
  EXPECT_THAT(text, HasSubstr("fwprobe_target_as_expected{target=\"closed\""));
  EXPECT_THAT(text, Not(HasSubstr("fwprobe_target_status{target=\"new\"")));
}

TEST(Metrics, SayHowTheServiceIs) {
  auto board = board_sample();
  EXPECT_THAT(text_of(board), HasSubstr("\nfwprobe_database_up 1\n"));
  board.health.database_trouble = "disk full";
  board.health.reload_trouble = "no";
  board.health.history_lost = 7;
  const auto text = text_of(board, {.cpu_seconds = 1.5,
                                    .resident_bytes = 4096,
                                    .virtual_bytes = {},
                                    .open_descriptors = 5,
                                    .most_descriptors = {},
                                    .threads = {}});
  for (const auto* line :
       {"fwprobe_database_up 0", "fwprobe_config_last_reload_successful 0", "fwprobe_history_lost_total 7",
        "fwprobe_targets 6", "process_cpu_seconds_total 1.500000", "process_resident_memory_bytes 4096",
        "process_open_fds 5", "fwprobe_uptime_seconds 18000"})
    EXPECT_THAT(text, HasSubstr("\n" + std::string{line} + "\n"));
  EXPECT_THAT(text, Not(HasSubstr("process_virtual_memory_bytes")));
}

TEST(Metrics, GrowWithTheTargetsAndNothingElse) {
  auto board = board_sample();
  const auto lines = [&board] { return std::ranges::count(text_of(board), '\n'); };
  const auto before = lines();
  board.states[1].last->summary = std::string(10'000, 'x');
  board.states[1].changes.resize(20);
  EXPECT_EQ(lines(), before);
}

/// Of each family HELP and TYPE stand once, in front of all of its series, however many pieces there are.
TEST(Metrics, OfManyTargetsAreFamiliesInSmallPieces) {
  auto board = board_sample();
  for (int i = 0; i < 500; ++i) {
    board.plan.targets.push_back(board.plan.targets[1]);
    board.plan.targets.back().id = fmt::format("t{}", i);
    board.states.push_back(board.states[1]);
  }
  std::string text;
  for (const auto& piece : render_metrics(board, noon, {})) {
    EXPECT_LT(piece.size(), 40'000U);
    EXPECT_FALSE(piece.empty());
    text += piece;
  }
  EXPECT_EQ(text.back(), '\n');
  std::vector<std::string> families;
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# HELP ")) families.push_back(line.substr(7, line.find(' ', 7) - 7));
    if (line.starts_with('#')) continue;
    ASSERT_FALSE(families.empty());
    EXPECT_THAT(line, testing::StartsWith(families.back()));
  }
  EXPECT_THAT(families, testing::Contains("fwprobe_target_status").Times(1));
  std::ranges::sort(families);
  EXPECT_EQ(std::ranges::adjacent_find(families), families.end());
}

TEST(Api, WritesTextsOfTheNetworkAsUtf8) {
  auto board = board_sample();
  board.states[1].last->summary = "\xff\"\n";
  const auto document = nlohmann::json::parse(target_json(board, 1));
  EXPECT_EQ(document["schema"], "fwprobe/target/v1");
  EXPECT_EQ(document["state"], "wrong");
  EXPECT_EQ(document["last"]["summary"], "\xef\xbf\xbd\"\n");
  EXPECT_EQ(document["last"]["location"]["hop"], 2);
  EXPECT_TRUE(document["last"]["leaf_expiry"].is_null());
}

}  // namespace
}  // namespace fwprobe::monitor
