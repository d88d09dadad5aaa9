#include "monitor/schedule.h"

#include <set>

#include <gtest/gtest.h>

namespace fwprobe::monitor {
namespace {

using probe::Clock;
using namespace std::chrono_literals;

constexpr Clock::time_point start{1000h};

Watched watched(std::string id, std::chrono::milliseconds interval = 60s) {
  Watched one;
  one.id = std::move(id);
  one.interval = interval;
  return one;
}

std::optional<Candidate> after(int rechecks) {
  Candidate candidate;
  candidate.rechecks = rechecks;
  return candidate;
}

TEST(Schedule, FirstRunsSpreadOverTheInterval) {
  constexpr int targets = 1000, parts = 10, in_each = targets / parts;
  std::array<int, parts> in_part{};
  for (int i = 0; i < targets; ++i) {
    const auto due = first_due(watched("web-" + std::to_string(i)), start);
    ASSERT_GE(due.at, start);
    ASSERT_LT(due.at, start + 60s);
    ++in_part.at(static_cast<std::size_t>((due.at - start) / 6s));
  }
  for (const int count : in_part) EXPECT_NEAR(count, in_each, 40);
}

TEST(Schedule, ATargetKeepsItsPlaceAfterARestart) {
  EXPECT_EQ(first_due(watched("a"), start).at - start, first_due(watched("a"), start + 5h).at - start - 5h);
  EXPECT_NE(first_due(watched("a"), start).at, first_due(watched("b"), start).at);
}

TEST(Schedule, JitterMovesRunsAndNotTheirRhythm) {
  const auto one = watched("a");
  const auto first = first_due(one, start);
  auto due = first;
  std::set<Clock::duration> gaps;
  for (int round = 1; round <= 1000; ++round) {
    const auto next = next_due(one, {}, 0.2, due, due.at + 1s);
    gaps.insert(next.at - due.at);
    EXPECT_LE(abs(next.at - (first.at + round * 60s)), 6s);
    due = next;
  }
  EXPECT_EQ(due.rhythm, first.at + 1000 * 60s);
  EXPECT_GT(gaps.size(), 900U);
}

TEST(Schedule, WithoutJitterRunsAreAnIntervalApart) {
  const auto one = watched("a", 15s);
  const auto first = first_due(one, start);
  EXPECT_EQ(next_due(one, {}, 0, first, first.at + 1s).at, first.at + 15s);
}

TEST(Schedule, RoundsThatARunHasMissedAreLeftOut) {
  const auto one = watched("a", 15s);
  const auto first = first_due(one, start);
  const auto next = next_due(one, {}, 0, first, first.at + 50s);
  EXPECT_EQ(next.at, first.at + 60s);
  EXPECT_EQ(next.round, 4U);
}

struct RecheckRow {
  const char* name;
  int rechecks;
  std::chrono::milliseconds interval;
  Clock::duration after;
};

const RecheckRow recheck_rows[] = {
    {"what is new is asked again after a second", 1, 60s, 1s},
    {"then after two", 2, 60s, 2s},
    {"then after four", 3, 60s, 4s},
    {"what goes on changing never waits longer than the regular run", 9, 60s, 59s},
    {"nor does it after any number of runs", 1'000'000, 60s, 59s},
    {"a short interval is short enough", 1, 1500ms, 500ms},
};

TEST(Schedule, AsksAgainAtOnce) {
  for (const auto& row : recheck_rows) {
    const auto one = watched("a", row.interval);
    const auto first = first_due(one, start);
    EXPECT_EQ(next_due(one, after(row.rechecks), 0, first, first.at + 1s).at, first.at + 1s + row.after)
        << row.name;
  }
}

TEST(Schedule, AskingAgainLeavesTheRhythmAsItIs) {
  const auto one = watched("a");
  const auto first = first_due(one, start);
  const auto again = next_due(one, after(1), 0.1, first, first.at + 1s);
  EXPECT_EQ(next_due(one, {}, 0.1, again, again.at + 1s), next_due(one, {}, 0.1, first, first.at + 1s));
}

TEST(Schedule, RunsBeginInBeats) {
  Plan plan;
  EXPECT_EQ(beat(plan), 1s);
  plan.targets = {watched("a", 1h), watched("b", 10s)};
  EXPECT_EQ(beat(plan), 500ms);
  plan.targets.push_back(watched("c", 1ms));
  EXPECT_EQ(beat(plan), 1ms);
  EXPECT_EQ(on_beat(start, 1s), start);
  EXPECT_EQ(on_beat(start + 1ms, 1s), start + 1s);
  EXPECT_EQ(on_beat(start + 1001ms, 1s), start + 2s);
  EXPECT_EQ(on_beat(Clock::time_point::max(), 1s), Clock::time_point::max());
}

TEST(Schedule, SaysWhenARunIsLate) {
  const auto one = watched("a");
  const Due due{start, start, 0};
  EXPECT_FALSE(is_overdue(one, due, start + 5s));
  EXPECT_TRUE(is_overdue(one, due, start + 7s));
  EXPECT_FALSE(is_overdue(watched("a", 1s), due, start + 900ms));
}

}  // namespace
}  // namespace fwprobe::monitor
