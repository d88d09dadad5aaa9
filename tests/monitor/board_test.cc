#include "monitor/board.h"

#include <gtest/gtest.h>

namespace fwprobe::monitor {
namespace {

using checks::Cause;
using checks::Status;
using namespace std::chrono_literals;

constexpr probe::WallClock::time_point epoch{};

/// One letter a run: p passes, w warns, f is filtered, r is rejected, e could not be measured.
Outcome run(char letter, int second) {
  Outcome outcome;
  outcome.began = epoch + std::chrono::seconds{second};
  outcome.status = letter == 'p'   ? Status::pass
                   : letter == 'w' ? Status::warn
                   : letter == 'e' ? Status::error
                                   : Status::fail;
  outcome.as_expected = letter == 'p' || letter == 'w';
  if (letter == 'f') outcome.cause = Cause::tcp_filtered;
  if (letter == 'r') outcome.cause = Cause::tcp_rejected;
  outcome.summary = letter;
  return outcome;
}

struct Row {
  const char* name;
  const char* runs;
  int confirm;
  const char* changes;  ///< a letter at each run that confirms it, '.' at the others
};

const Row rows[] = {
    {"the first state needs as many runs as a change", "ppp", 2, ".p."},
    {"one run is enough when the suite says so", "pff", 1, "pf."},
    {"a single run that fails tells nothing", "ppfpp", 2, ".p..."},
    {"two in a row do", "ppffp", 2, ".p.f."},
    {"and so does the way back", "ppffpp", 2, ".p.f.p"},
    {"another cause is a change", "ffrr", 2, ".f.r"},
    {"what changes with each run is never confirmed", "ppfrfrfr", 2, ".p......"},
    {"a run that says what was known begins anew", "ppffpff", 3, "......."},
    {"a warning is not a pass", "ppww", 2, ".p.w"},
    {"not measured is a state like others", "ppee", 2, ".p.e"},
};

TEST(Board, ConfirmsAfterEqualRuns) {
  for (const auto& row : rows) {
    TargetState state;
    std::string changes;
    int second = 0;
    for (const char letter : std::string_view{row.runs}) {
      const auto change = apply(state, run(letter, second++), row.confirm);
      changes += change ? change->summary : ".";
    }
    EXPECT_EQ(changes, row.changes) << row.name;
  }
}

TEST(Board, AChangeBeganWithTheFirstRunThatSaidSo) {
  TargetState state;
  int second = 0;
  for (const char letter : std::string_view{"pppf"}) apply(state, run(letter, second++), 3);
  EXPECT_EQ(state.since, epoch);
  ASSERT_TRUE(state.candidate);
  EXPECT_EQ(state.candidate->agreeing, 1);
  apply(state, run('f', 4), 3);
  const auto change = apply(state, run('f', 5), 3);
  ASSERT_TRUE(change);
  EXPECT_EQ(change->at, epoch + 3s);
  EXPECT_EQ(state.since, epoch + 3s);
  ASSERT_TRUE(change->from);
  EXPECT_EQ(change->from->status, Status::pass);
  EXPECT_EQ(state.changes.size(), 2U);
  EXPECT_EQ(state.changes.front().summary, "f");
  EXPECT_FALSE(state.candidate);
}

TEST(Board, KeepsABoundedNumberOfChangesAndCountsRuns) {
  TargetState state;
  for (int i = 0; i < 100; ++i) apply(state, run(i % 2 == 0 ? 'p' : 'f', i), 1);
  EXPECT_EQ(state.changes.size(), changes_kept);
  EXPECT_EQ(state.runs.at(static_cast<std::size_t>(Status::pass)), 50U);
  EXPECT_EQ(state.runs.at(static_cast<std::size_t>(Status::fail)), 50U);
}

}  // namespace
}  // namespace fwprobe::monitor
