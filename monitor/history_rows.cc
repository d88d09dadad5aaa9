#include "monitor/history_rows.h"

#include <algorithm>

#include "reports/value_text.h"

namespace fwprobe::monitor {
namespace {

using checks::name;
using checks::Status;
using probe::Clock;

std::optional<std::int64_t> microseconds(const std::optional<Clock::duration>& duration) {
  if (!duration) return std::nullopt;
  return std::chrono::duration_cast<std::chrono::microseconds>(*duration).count();
}

std::optional<std::int64_t> stored_time(const std::optional<probe::WallClock::time_point>& time) {
  if (!time) return std::nullopt;
  return monitor::stored_time(*time);
}

std::optional<std::string_view> code(const std::optional<checks::Cause>& cause) {
  if (!cause) return std::nullopt;
  return checks::row(*cause).code;
}

template <typename Enum>
std::optional<std::string_view> word(const std::optional<Enum>& value) {
  if (!value) return std::nullopt;
  return checks::name(*value);
}

std::optional<std::string> text(const std::optional<asio::ip::address>& address) {
  if (!address) return std::nullopt;
  return address->to_string();
}

/// Reads a row's columns in their order.
class Columns {
 public:
  explicit Columns(Statement& statement) : statement_{statement} {}

  std::int64_t number() { return statement_.number(next_++); }
  bool flag() { return number() != 0; }
  std::string text() { return statement_.text(next_++); }
  std::optional<std::int64_t> maybe_number() { return statement_.maybe_number(next_++); }
  /// What another version wrote may be none of ours.
  template <typename Enum>
  std::optional<Enum> word() {
    return reports::from_name<Enum>(text());
  }
  std::optional<checks::Cause> cause() { return checks::cause_from(text()); }
  std::optional<asio::ip::address> address() { return reports::address_from(text()); }
  std::optional<Clock::duration> duration() {
    const auto count = maybe_number();
    if (!count) return std::nullopt;
    return std::chrono::microseconds{*count};
  }
  std::optional<probe::WallClock::time_point> time() {
    const auto count = maybe_number();
    if (!count) return std::nullopt;
    return time_stored(*count);
  }

 private:
  Statement& statement_;
  int next_ = 0;
};

Outcome read_outcome(Statement& row) {
  Columns columns{row};
  Outcome outcome;
  outcome.began = time_stored(columns.number());
  outcome.took = std::chrono::microseconds{columns.number()};
  outcome.status = columns.word<Status>().value_or(Status::error);
  outcome.as_expected = columns.flag();
  outcome.cause = columns.cause();
  if (const auto where = columns.word<checks::Where>()) outcome.location.emplace().where = *where;
  checks::Location ignored;
  auto& location = outcome.location ? *outcome.location : ignored;
  if (const auto hop = columns.maybe_number()) location.hop = static_cast<int>(*hop);
  location.address = columns.address();
  location.precision = columns.word<checks::Precision>();
  location.next = columns.address();
  outcome.confidence = columns.word<checks::Confidence>();
  outcome.responsible = columns.word<checks::Responsible>();
  outcome.summary = columns.text();
  for (const auto& phase : phase_table) outcome.phases.*phase.took = columns.duration();
  outcome.leaf_expiry = columns.time();
  outcome.chain_expiry = columns.time();
  outcome.tls_version = columns.text();
  if (const auto status = columns.maybe_number()) outcome.http_status = static_cast<std::uint16_t>(*status);
  if (const auto bytes = columns.maybe_number()) outcome.http_body_bytes = static_cast<std::size_t>(*bytes);
  outcome.redirects = static_cast<int>(columns.number());
  outcome.ipv6 = columns.flag();
  if (const auto listed = columns.maybe_number()) outcome.listed = *listed != 0;
  outcome.list_stale_at = columns.time();
  return outcome;
}

std::optional<Verdict> read_verdict(Columns& columns) {
  const auto status = columns.word<Status>();
  const bool as_expected = columns.flag();
  const auto cause = columns.cause();
  if (!status) return std::nullopt;
  return Verdict{*status, as_expected, cause};
}

}  // namespace

std::int64_t stored_time(probe::WallClock::time_point time) {
  return std::chrono::floor<std::chrono::microseconds>(time.time_since_epoch()).count();
}

probe::WallClock::time_point time_stored(std::int64_t microseconds) {
  // Whatever a damaged row says, it stays inside what the clock can tell.
  constexpr auto most = std::chrono::duration_cast<std::chrono::microseconds>(
                            probe::WallClock::time_point::max().time_since_epoch())
                            .count();
  return probe::WallClock::time_point{std::chrono::microseconds{std::clamp(microseconds, -most, most)}};
}

void insert_outcome(Sqlite& sqlite, std::int64_t target, const Outcome& outcome) {
  const auto location = outcome.location.value_or(checks::Location{});
  // What passes says it by its numbers; its words would be most of the database.
  const auto summary = outcome.status == Status::pass ? std::optional<std::string_view>{}
                                                      : std::optional<std::string_view>{outcome.summary};
  const auto& phases = outcome.phases;
  sqlite
      .prepared(
          "INSERT INTO outcomes (target, began, took, status, as_expected, cause, place, hop, address,"
          " precision, next_address, confidence, responsible, summary, dns, tcp, tls, http_first_byte,"
          " http_transfer, leaf_expiry, chain_expiry, tls_version, http_status, http_body_bytes, redirects,"
          " ipv6, listed, list_stale_at)"
          " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)")
      .bind(target, stored_time(outcome.began), microseconds(outcome.took), name(outcome.status),
            outcome.as_expected, code(outcome.cause),
            outcome.location ? std::optional{name(location.where)} : std::nullopt, location.hop,
            text(location.address), word(location.precision), text(location.next), word(outcome.confidence),
            word(outcome.responsible), summary, microseconds(phases.dns), microseconds(phases.tcp),
            microseconds(phases.tls), microseconds(phases.http_first_byte),
            microseconds(phases.http_transfer), stored_time(outcome.leaf_expiry),
            stored_time(outcome.chain_expiry), outcome.tls_version, outcome.http_status,
            outcome.http_body_bytes, outcome.redirects, outcome.ipv6, outcome.listed,
            stored_time(outcome.list_stale_at))
      .run();
}

std::vector<Outcome> select_outcomes(Sqlite& sqlite, const std::string& id,
                                     probe::WallClock::time_point since, std::size_t limit) {
  auto& rows = sqlite.prepared(
      "SELECT began, took, status, as_expected, cause, place, hop, address, precision, next_address,"
      " confidence, responsible, summary, dns, tcp, tls, http_first_byte, http_transfer, leaf_expiry,"
      " chain_expiry, tls_version, http_status, http_body_bytes, redirects, ipv6, listed, list_stale_at"
      " FROM outcomes WHERE target = (SELECT key FROM targets WHERE id = ?) AND began >= ?"
      " ORDER BY began DESC LIMIT ?");
  rows.bind(id, stored_time(since), limit);
  std::vector<Outcome> outcomes;
  while (rows.step()) outcomes.push_back(read_outcome(rows));
  return outcomes;
}

void insert_change(Sqlite& sqlite, std::int64_t target, const Change& change) {
  const auto from = change.from.value_or(Verdict{});
  sqlite
      .prepared(
          "INSERT INTO changes (target, at, from_status, from_as_expected, from_cause, to_status,"
          " to_as_expected, to_cause, summary) VALUES (?,?,?,?,?,?,?,?,?)")
      .bind(target, stored_time(change.at), change.from ? std::optional{name(from.status)} : std::nullopt,
            from.as_expected, code(from.cause), name(change.to.status), change.to.as_expected,
            code(change.to.cause), change.summary)
      .run();
  sqlite
      .prepared(
          "DELETE FROM changes WHERE target = ? AND rowid <="
          " (SELECT rowid FROM changes WHERE target = ? ORDER BY rowid DESC LIMIT 1 OFFSET ?)")
      .bind(target, target, changes_kept)
      .run();
}

std::vector<ChangeRow> select_changes(Sqlite& sqlite) {
  auto& rows = sqlite.prepared(
      "SELECT id, at, summary, from_status, from_as_expected, from_cause, to_status, to_as_expected, to_cause"
      " FROM changes JOIN targets ON key = target ORDER BY changes.rowid DESC");
  rows.bind();
  std::vector<ChangeRow> changes;
  while (rows.step()) {
    Columns columns{rows};
    ChangeRow row{columns.text(), {}};
    row.change.at = time_stored(columns.number());
    row.change.summary = columns.text();
    row.change.from = read_verdict(columns);
    const auto to = read_verdict(columns);
    if (!to) continue;
    row.change.to = *to;
    changes.push_back(std::move(row));
  }
  return changes;
}

}  // namespace fwprobe::monitor
