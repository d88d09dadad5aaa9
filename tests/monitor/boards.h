#pragma once
// Boards and changes that tests make up.

#include <memory>
#include <string>

#include "monitor/notices/event.h"

namespace fwprobe::tests {

inline probe::WallClock::time_point minute(int n) {
  return probe::WallClock::time_point{} + std::chrono::days{20'000} + std::chrono::minutes{n};
}

inline monitor::Verdict pass() { return {checks::Status::pass, true, {}}; }
inline monitor::Verdict warns(checks::Cause cause) { return {checks::Status::warn, true, cause}; }
inline monitor::Verdict fails(checks::Cause cause) { return {checks::Status::fail, false, cause}; }

inline monitor::Watched watched(const std::string& id, std::string group = {},
                                std::vector<std::string> tags = {}) {
  monitor::Watched watched;
  watched.id = watched.name = id;
  watched.group = std::move(group);
  watched.tags = std::move(tags);
  watched.target = *checks::parse_target("https://" + id + ".example.test/");
  return watched;
}

inline monitor::Receiver receiver(monitor::ReceiverKind kind, std::string url, std::string name = "ops") {
  monitor::Receiver receiver;
  receiver.name = std::move(name);
  receiver.kind = kind;
  receiver.url = probe::Secret{std::move(url)};
  auto settings = std::make_shared<checks::Settings>();
  settings->timeout = std::chrono::seconds{20};
  receiver.manner.settings = std::move(settings);
  return receiver;
}

/// A target whose state has just changed: the board holds the change already.
inline monitor::Change change(monitor::Board& board, std::size_t target, monitor::Verdict to,
                              probe::WallClock::time_point at, std::string summary = "as measured") {
  auto& state = board.states.at(target);
  const monitor::Change change{at, state.confirmed, to, std::move(summary)};
  state.confirmed = to;
  state.since = at;
  state.changes.insert(state.changes.begin(), change);
  monitor::Outcome last;
  last.began = at;
  last.status = to.status;
  last.cause = to.cause;
  if (to.cause) last.location = checks::Location{checks::Where::path, 2, {}, {}, {}};
  state.last = last;
  return change;
}

inline monitor::Board board_of(std::vector<monitor::Watched> targets) {
  monitor::Board board;
  board.states.resize(targets.size());
  board.plan.targets = std::move(targets);
  board.plan.site = "home";
  board.host = "vm";
  return board;
}

}  // namespace fwprobe::tests
