#pragma once
// History on disk (SQLite), by a thread of its own: a disk that hangs stops nothing else. Every function is
// called from the control thread. While the database cannot be written (disk full, locked, gone), what is new
// waits here up to a limit and is written as soon as it can be.

#include <chrono>
#include <cstdint>
#include <expected>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include "monitor/board.h"
#include "reports/report.h"

namespace fwprobe::monitor {

/// What is told to one receiver about one change, or a group of them.
struct Notice {
  std::string receiver;
  probe::WallClock::time_point created;
  std::string payload;
  probe::WallClock::time_point next_attempt;  ///< not sent before
};

struct QueuedNotice {
  std::int64_t id = 0;
  Notice notice;
  int attempts = 0;  ///< that failed
};

/// What is known of a target from before this start.
struct Remembered {
  Verdict confirmed;
  probe::WallClock::time_point since{};
  std::vector<Change> changes;  ///< newest first
};

struct StoreHealth {
  std::optional<std::string> trouble;  ///< why nothing is written now
  std::optional<std::string> note;     ///< that a corrupt database was moved aside
  std::uint64_t renewals = 0;          ///< how often: what was recorded before is to be recorded again
  std::uint64_t lost = 0;              ///< outcomes and changes given up
  std::uint64_t notices_dropped = 0;
  std::size_t notices_waiting = 0;
};

class Store {
 public:
  struct Limits {
    std::size_t outcomes = 10'000;  ///< that wait while the database cannot be written
    std::size_t notices = 10'000;   ///< on disk; the oldest give way
    std::chrono::days retention{30};
  };

  Store(const asio::any_io_executor& control, std::filesystem::path database, Limits limits);
  /// Waits for what the thread does now.
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// By target's id. The error says why the database cannot be read now.
  asio::awaitable<std::expected<std::map<std::string, Remembered>, std::string>> restore();

  /// What is recorded, enqueued, done and retried without a co_await between is written in one transaction,
  /// at most a second later, so a change and its notices are both kept or both not.
  void record(const std::string& id, const Outcome& outcome);
  void record(const std::string& id, const Change& change);
  /// Rendered by the store's thread. False: too many wait, try with the next run.
  [[nodiscard]] bool keep_report(const std::string& id, reports::Report report);

  void enqueue(Notice notice);
  /// The oldest whose next_attempt has come, whether on disk yet or not. They stay queued until done().
  asio::awaitable<std::vector<QueuedNotice>> take_due(probe::WallClock::time_point now, std::size_t limit);
  void done(std::int64_t notice);
  /// Counts an attempt that failed.
  void retry(std::int64_t notice, probe::WallClock::time_point next_attempt);

  /// Newest first. The error says why the database cannot be read.
  asio::awaitable<std::expected<std::vector<Outcome>, std::string>> history(
      std::string id, probe::WallClock::time_point since, std::size_t limit);
  /// The last full report that was kept: one document of fwprobe/report/v1; none: none yet.
  asio::awaitable<std::expected<std::optional<std::string>, std::string>> report(std::string id);

  StoreHealth health() const;
  void limit(Limits limits);
  /// Writes what is recorded, until it is cancelled. Runs beside all of the above.
  asio::awaitable<void> run();
  /// All that waits is written, or could not be until `deadline`.
  asio::awaitable<bool> flush(probe::Clock::time_point deadline);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fwprobe::monitor
