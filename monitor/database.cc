#include "monitor/database.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "monitor/history_rows.h"
#include "reports/packed.h"

namespace fwprobe::monitor {
namespace {

/// What makes each version of the schema out of the one before; PRAGMA user_version counts them.
constexpr const char* migrations[] = {
    R"(
CREATE TABLE targets (key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
CREATE TABLE outcomes (
  target INTEGER NOT NULL, began INTEGER NOT NULL, took INTEGER NOT NULL, status TEXT NOT NULL,
  as_expected INTEGER NOT NULL, cause TEXT, place TEXT, hop INTEGER, address TEXT, precision TEXT,
  next_address TEXT, confidence TEXT, responsible TEXT, summary TEXT, dns INTEGER, tcp INTEGER, tls INTEGER,
  http_first_byte INTEGER, http_transfer INTEGER, leaf_expiry INTEGER, chain_expiry INTEGER, tls_version TEXT,
  http_status INTEGER, http_body_bytes INTEGER, redirects INTEGER NOT NULL, ipv6 INTEGER NOT NULL,
  listed INTEGER, list_stale_at INTEGER);
CREATE INDEX outcomes_by_target ON outcomes (target, began);
CREATE TABLE changes (
  target INTEGER NOT NULL REFERENCES targets (key) ON DELETE CASCADE, at INTEGER NOT NULL, from_status TEXT,
  from_as_expected INTEGER, from_cause TEXT, to_status TEXT NOT NULL, to_as_expected INTEGER NOT NULL,
  to_cause TEXT, summary TEXT NOT NULL);
CREATE INDEX changes_by_target ON changes (target);
CREATE TABLE reports (
  target INTEGER PRIMARY KEY REFERENCES targets (key) ON DELETE CASCADE, at INTEGER NOT NULL,
  packed TEXT NOT NULL);
CREATE TABLE notices (
  id INTEGER PRIMARY KEY, receiver TEXT NOT NULL, created INTEGER NOT NULL, payload TEXT NOT NULL,
  attempts INTEGER NOT NULL, next_attempt INTEGER NOT NULL);
CREATE INDEX notices_by_time ON notices (next_attempt);
)",
};
constexpr auto newest = static_cast<std::int64_t>(std::size(migrations));

/// "fwpr": tells our databases from those of other programs (PRAGMA application_id).
constexpr std::int64_t application = 0x66777072;

constexpr std::size_t largest_report = 64 * 1024 * 1024;

/// Rows that are written between two steps of pruning, and that a step looks at: more, so that it catches up.
constexpr std::size_t rows_between_pruning = 256;
constexpr std::size_t rows_pruned = 4 * rows_between_pruning;

std::int64_t number(Sqlite& sqlite, std::string_view sql) {
  Statement& statement = sqlite.prepared(sql).bind();
  const auto value = statement.step() ? statement.number(0) : 0;
  statement.reset();
  return value;
}

std::string advice(int code) {
  switch (code) {
    case SQLITE_FULL:
      return "free some space on its file system";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another process holds its lock; end it";
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
      return "its directory must exist, and this user be allowed to write there and to the file";
    case SQLITE_IOERR:
      return "see whether its file system is full, over a quota or damaged";
    default:
      return "it will be tried again";
  }
}

bool is_corrupt(int code) { return code == SQLITE_CORRUPT || code == SQLITE_NOTADB; }

void migrate(Sqlite& sqlite) {
  const auto version = number(sqlite, "PRAGMA user_version");
  const bool empty = number(sqlite, "SELECT count(*) FROM sqlite_schema") == 0;
  if (!empty && number(sqlite, "PRAGMA application_id") != application)
    throw SqliteError{SQLITE_MISMATCH, "it is the database of another program; name another file"};
  if (version > newest)
    throw SqliteError{
        SQLITE_MISMATCH,
        fmt::format("it was written by a newer version (schema {}, known is {})", version, newest)};
  if (version == newest) return;
  sqlite.execute("BEGIN IMMEDIATE");
  for (auto at = version; at < newest; ++at) sqlite.execute(migrations[at]);
  sqlite.execute(
      fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}; COMMIT", application, newest));
}

void render(KeptReport& kept) {
  if (!kept.report) return;
  kept.packed = reports::packed(reports::render_json(*kept.report));
  kept.report.reset();
}

}  // namespace

/// `work`, with the database open. Whatever fails ends the transaction; what was half done is done again from
/// the start. But for a lock, the connection is opened anew the next time: a file system may have come back.
template <typename Work>
auto Database::attempt(Work work) -> std::expected<decltype(work()), std::string> {
  for (bool again = true;;) {
    try {
      if (!sqlite_) open();
      return work();
    } catch (const SqliteError& error) {
      if (error.code() == SQLITE_BUSY && sqlite_ && sqlite_->in_transaction()) try {
          sqlite_->execute("ROLLBACK");
        } catch (const SqliteError&) {
          sqlite_.reset();
        }
      if (error.code() != SQLITE_BUSY) sqlite_.reset();
      keys_.clear();
      if (again && is_corrupt(error.code())) {
        again = false;
        if (auto moved = move_aside(error.what()); !moved) return std::unexpected{moved.error()};
        continue;
      }
      return std::unexpected{fmt::format("{}: {}: {}", path_.string(), error.what(), advice(error.code()))};
    }
  }
}

void Database::open() {
  auto fresh = std::make_unique<Sqlite>(path_.string());
  // WAL: readers and a killed process leave it whole; NORMAL: no sync for each transaction, and what a power
  // cut takes is the last ones (https://sqlite.org/pragma.html#pragma_synchronous). The log stays small, as a
  // disk that is nearly full must hold both.
  fresh->execute(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON;"
      "PRAGMA cache_size = -512; PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 256;"
      "PRAGMA journal_size_limit = 1048576");
  migrate(*fresh);
  // Targets that are gone for longer than history is kept.
  fresh->execute(
      "DELETE FROM targets WHERE NOT EXISTS (SELECT 1 FROM outcomes WHERE outcomes.target = targets.key)");
  sqlite_ = std::move(fresh);
}

std::expected<void, std::string> Database::move_aside(const std::string& why) {
  const auto now = probe::Clock::now();
  constexpr std::chrono::minutes once_in{10};
  if (renewed_ && now - *renewed_ < once_in)
    return std::unexpected{fmt::format("{}: {}, again: its file system may be damaged", path_.string(), why)};
  const auto aside = fmt::format("{}.corrupt-{:%Y%m%dT%H%M%SZ}", path_.string(),
                                 fmt::gmtime(probe::WallClock::to_time_t(probe::WallClock::now())));
  std::error_code error;
  std::filesystem::rename(path_, aside, error);
  if (error)
    return std::unexpected{
        fmt::format("{}: {}, and it cannot be moved aside: {}", path_.string(), why, error.message())};
  // A log that is not there is not missed; one that stayed would be played into the new file.
  for (const std::string_view part : {"-wal", "-shm"}) {
    std::filesystem::rename(fmt::format("{}{}", path_.string(), part), fmt::format("{}{}", aside, part),
                            error);
    if (error) std::filesystem::remove(fmt::format("{}{}", path_.string(), part), error);
  }
  renewed_ = now;
  ++renewals_;
  note_ =
      fmt::format("{} was corrupt ({}): it was moved to {}, and a new one begun", path_.string(), why, aside);
  return {};
}

std::expected<Memory, std::string> Database::read_memory() {
  return attempt([this] {
    Memory memory;
    for (auto& row : select_changes(*sqlite_)) {
      auto& target = memory.targets[row.id];
      if (target.changes.empty()) {
        target.confirmed = row.change.to;
        target.since = row.change.at;
      }
      target.changes.push_back(std::move(row.change));
    }
    memory.last_notice = number(*sqlite_, "SELECT max(id) FROM notices");
    memory.notices_waiting = static_cast<std::size_t>(number(*sqlite_, "SELECT count(*) FROM notices"));
    return memory;
  });
}

std::expected<Written, std::string> Database::write(Batch& batch, const Store::Limits& limits) {
  for (auto& kept : batch.reports) render(kept);
  return attempt([&] {
    Written written;
    sqlite_->execute("BEGIN IMMEDIATE");
    for (const auto& [id, outcome] : batch.outcomes) insert_outcome(*sqlite_, key_of(id), outcome);
    for (const auto& [id, change] : batch.changes) insert_change(*sqlite_, key_of(id), change);
    for (const auto& kept : batch.reports)
      sqlite_->prepared("INSERT OR REPLACE INTO reports (target, at, packed) VALUES (?,?,?)")
          .bind(key_of(kept.id), stored_time(probe::WallClock::now()), kept.packed)
          .run();
    write_notices(batch, limits, written);
    prune(batch.outcomes.size(), limits.retention);
    sqlite_->execute("COMMIT");
    return written;
  });
}

void Database::write_notices(const Batch& batch, const Store::Limits& limits, Written& written) {
  for (const auto& [id, notice, attempts] : batch.notices)
    sqlite_
        ->prepared(
            "INSERT INTO notices (id, receiver, created, payload, attempts, next_attempt)"
            " VALUES (?,?,?,?,?,?)")
        .bind(id, notice.receiver, stored_time(notice.created), notice.payload, attempts,
              stored_time(notice.next_attempt))
        .run();
  for (const auto id : batch.done) sqlite_->prepared("DELETE FROM notices WHERE id = ?").bind(id).run();
  for (const auto& [id, next_attempt] : batch.retries)
    sqlite_->prepared("UPDATE notices SET attempts = attempts + 1, next_attempt = ? WHERE id = ?")
        .bind(stored_time(next_attempt), id)
        .run();
  auto waiting = static_cast<std::size_t>(number(*sqlite_, "SELECT count(*) FROM notices"));
  if (waiting > limits.notices) {
    written.notices_dropped = waiting - limits.notices;
    sqlite_->prepared("DELETE FROM notices WHERE id IN (SELECT id FROM notices ORDER BY id LIMIT ?)")
        .bind(written.notices_dropped)
        .run();
    waiting = limits.notices;
  }
  written.notices_waiting = waiting;
}

/// Rows stand in the order in which they were written, so the oldest are the first. The age is told by the
/// steady clock: one that is set to next year must not cost the history of this one.
void Database::prune(std::size_t rows, std::chrono::days retention) {
  until_pruning_ -= std::min(until_pruning_, rows);
  if (until_pruning_ > 0) return;
  until_pruning_ = rows_between_pruning;
  const auto now =
      began_at_ + std::chrono::duration_cast<probe::WallClock::duration>(probe::Clock::now() - began_);
  sqlite_
      ->prepared(
          "DELETE FROM outcomes WHERE rowid IN (SELECT rowid FROM"
          " (SELECT rowid, began FROM outcomes ORDER BY rowid LIMIT ?) WHERE began < ?)")
      .bind(rows_pruned, stored_time(now - retention))
      .run();
}

std::int64_t Database::key_of(const std::string& id) {
  if (const auto at = keys_.find(id); at != keys_.end()) return at->second;
  sqlite_->prepared("INSERT OR IGNORE INTO targets (id) VALUES (?)").bind(id).run();
  Statement& found = sqlite_->prepared("SELECT key FROM targets WHERE id = ?").bind(id);
  const auto key = found.step() ? found.number(0) : 0;
  found.reset();
  keys_.emplace(id, key);
  return key;
}

std::expected<std::vector<QueuedNotice>, std::string> Database::due_notices(probe::WallClock::time_point now,
                                                                            std::size_t limit) {
  return attempt([&] {
    Statement& rows = sqlite_->prepared(
        "SELECT id, receiver, created, payload, attempts, next_attempt FROM notices WHERE next_attempt <= ?"
        " ORDER BY id LIMIT ?");
    rows.bind(stored_time(now), limit);
    std::vector<QueuedNotice> due;
    while (rows.step())
      due.push_back({rows.number(0),
                     {rows.text(1), time_stored(rows.number(2)), rows.text(3), time_stored(rows.number(5))},
                     static_cast<int>(rows.number(4))});
    return due;
  });
}

std::expected<std::vector<Outcome>, std::string> Database::history(const std::string& id,
                                                                   probe::WallClock::time_point since,
                                                                   std::size_t limit) {
  return attempt([&] { return select_outcomes(*sqlite_, id, since, limit); });
}

std::expected<std::optional<std::string>, std::string> Database::report(const std::string& id) {
  return attempt([&]() -> std::optional<std::string> {
    Statement& found =
        sqlite_->prepared("SELECT packed FROM reports WHERE target = (SELECT key FROM targets WHERE id = ?)")
            .bind(id);
    std::string packed;
    while (found.step()) packed = found.text(0);
    return reports::unpacked(packed, largest_report);
  });
}

}  // namespace fwprobe::monitor
