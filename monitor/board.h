#pragma once
// What is known now about every target of the plan: the values that pages and metrics show and notices tell.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "monitor/outcome.h"

namespace fwprobe::monitor {

/// What a target's state is compared by: two runs that agree in it say the same.
struct Verdict {
  checks::Status status = checks::Status::error;
  bool as_expected = false;
  std::optional<checks::Cause> cause;
  bool operator==(const Verdict&) const = default;
};

inline Verdict verdict_of(const Outcome& outcome) {
  return {outcome.status, outcome.as_expected, outcome.cause};
}

/// A change that enough equal runs have confirmed.
struct Change {
  probe::WallClock::time_point at;  ///< when the first run that said so began
  std::optional<Verdict> from;      ///< none: the first that is known
  Verdict to;
  std::string summary;
};

/// Runs that say something else than what is confirmed, and are not yet enough.
struct Candidate {
  Verdict verdict;
  int agreeing = 0;                         ///< runs in a row
  int rechecks = 0;                         ///< runs since the last one that said what is confirmed
  probe::WallClock::time_point first_at{};  ///< when the first of the agreeing ones began
};

struct TargetState {
  std::optional<Outcome> last;
  std::optional<Verdict> confirmed;      ///< none until enough runs agree
  probe::WallClock::time_point since{};  ///< of `confirmed`
  std::vector<Change> changes;           ///< newest first, at most changes_kept
  std::array<std::uint64_t, 5> runs{};   ///< by checks::Status, since the start of the service
  bool running = false;
  std::optional<Candidate> candidate;  ///< none: the last run said what is confirmed
};

inline constexpr std::size_t changes_kept = 20;

/// The service's own health.
struct Health {
  probe::WallClock::time_point started;
  std::optional<std::string> database_trouble;  ///< why history is not written now; none: it is
  std::optional<std::string> database_note;     ///< what was done to go on: a corrupt one was moved aside
  std::optional<std::string> reload_trouble;    ///< why the last reload was refused; none: it was taken
  probe::WallClock::time_point loaded;          ///< when the plan in use was read
  std::uint64_t overdue = 0;                    ///< runs that began later than their interval allows
  std::uint64_t history_lost = 0;               ///< outcomes that could not be written
  std::uint64_t notices_sent = 0, notices_failed = 0, notices_dropped = 0;
  std::size_t notices_waiting = 0;
  bool draining = false;
};

struct Board {
  Plan plan;
  std::vector<TargetState> states;  ///< one for each of plan.targets
  Health health;
  std::string host;  ///< of the vantage
};

/// Counts a run, and compares it with what is confirmed: `confirm` equal runs in a row make a change. What
/// the very first runs say is a change too, from nothing.
std::optional<Change> apply(TargetState& state, Outcome outcome, int confirm);

}  // namespace fwprobe::monitor
