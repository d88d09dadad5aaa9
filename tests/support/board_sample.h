#pragma once
// A board with targets in every state, as many as are wanted.

#include <fmt/format.h>

#include "monitor/board.h"

namespace fwprobe::tests {

inline const probe::WallClock::time_point noon =
    std::chrono::sys_days{std::chrono::year{2026} / 1 / 31} + std::chrono::hours{12};

inline monitor::Outcome outcome(checks::Status status, monitor::Expectation expect,
                                std::optional<checks::Cause> cause, probe::WallClock::time_point began) {
  monitor::Outcome outcome;
  outcome.began = began;
  outcome.took = std::chrono::milliseconds{42};
  outcome.status = status;
  outcome.as_expected =
      expect.status == checks::Status::pass ? status <= checks::Status::warn : status == checks::Status::fail;
  outcome.cause = cause;
  outcome.summary = cause ? std::string{checks::row(*cause).title} : "all well";
  outcome.phases.dns = std::chrono::milliseconds{3};
  outcome.phases.tcp = std::chrono::milliseconds{5};
  if (status == checks::Status::fail)
    outcome.location =
        checks::Location{checks::Where::path, 2, asio::ip::make_address("198.51.100.1"), {}, {}};
  if (status <= checks::Status::warn) {
    outcome.phases.tls = std::chrono::milliseconds{12};
    outcome.phases.http_first_byte = std::chrono::milliseconds{20};
    outcome.leaf_expiry = noon + std::chrono::days{30};
    outcome.chain_expiry = noon + std::chrono::days{20};
    outcome.http_status = 200;
    outcome.listed = true;
    outcome.list_stale_at = noon + std::chrono::days{5};
  }
  return outcome;
}

inline void add_target(monitor::Board& board, std::string id, std::optional<checks::Status> status,
                       std::optional<checks::Cause> cause = {}, monitor::Expectation expect = {}) {
  monitor::Watched watched;
  watched.target = *checks::parse_target("https://" + id + ".example.com/");
  watched.name = watched.target.text();
  watched.group = board.plan.targets.size() % 2 == 0 ? "even" : "odd & <hostile>\"";
  watched.tags = {"prod"};
  watched.id = std::move(id);
  watched.expect = expect;
  monitor::TargetState state;
  if (status) {
    state.last = outcome(*status, expect, cause, noon - std::chrono::seconds{20});
    state.confirmed = monitor::Verdict{*status, state.last->as_expected, cause};
    state.since = noon - std::chrono::hours{3};
    state.changes.push_back({state.since, monitor::Verdict{checks::Status::pass, true, {}}, *state.confirmed,
                             state.last->summary});
    ++state.runs[static_cast<std::size_t>(*status)];
  }
  board.plan.targets.push_back(std::move(watched));
  board.states.push_back(std::move(state));
}

inline monitor::Board board_sample(std::size_t more = 0) {
  using checks::Cause;
  using checks::Status;
  monitor::Board board;
  board.host = "probe.example.com";
  board.plan.site = "ams";
  board.health.started = noon - std::chrono::hours{5};
  board.health.loaded = board.health.started;
  add_target(board, "good", Status::pass);
  add_target(board, "bad", Status::fail, Cause::tcp_filtered);
  add_target(board, "soon", Status::warn, Cause::tls_certificate_expires_soon);
  add_target(board, "unclear", Status::error);
  add_target(board, "closed", Status::fail, Cause::tcp_rejected, {Status::fail, Cause::tcp_rejected});
  add_target(board, "new", std::nullopt);
  for (std::size_t i = 0; i < more; ++i) add_target(board, fmt::format("more-{}", i), Status::pass);
  return board;
}

}  // namespace fwprobe::tests
