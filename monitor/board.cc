#include "monitor/board.h"

#include <utility>

namespace fwprobe::monitor {

std::optional<Change> apply(TargetState& state, Outcome outcome, int confirm) {
  const auto verdict = verdict_of(outcome);
  ++state.runs.at(static_cast<std::size_t>(outcome.status));
  auto& candidate = state.candidate;
  state.last = std::move(outcome);
  if (verdict == state.confirmed) {
    candidate.reset();
    return std::nullopt;
  }
  if (!candidate) candidate.emplace();
  if (candidate->agreeing == 0 || candidate->verdict != verdict) {
    candidate->verdict = verdict;
    candidate->agreeing = 0;
    candidate->first_at = state.last->began;
  }
  ++candidate->agreeing;
  ++candidate->rechecks;
  if (candidate->agreeing < confirm) return std::nullopt;

  Change change{candidate->first_at, state.confirmed, verdict, state.last->summary};
  state.confirmed = verdict;
  state.since = candidate->first_at;
  candidate.reset();
  state.changes.insert(state.changes.begin(), change);
  if (state.changes.size() > changes_kept) state.changes.pop_back();
  return change;
}

}  // namespace fwprobe::monitor
