#pragma once
// The database of history, changes, reports and notices: its schema, and what is asked of it. Used by the
// store's thread only. Every function gives the reason when the database cannot be used now; the next call
// tries again. A corrupt database is moved aside and a new one begun.

#include <cstdint>
#include <expected>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "monitor/sqlite.h"
#include "monitor/store.h"

namespace fwprobe::monitor {

/// A report until it is written: rendered once.
struct KeptReport {
  std::string id;
  std::optional<reports::Report> report;
  std::string packed;
};

/// What is written in one transaction.
struct Batch {
  template <typename Value>
  struct Of {
    std::string id;
    Value value;
  };
  struct Retry {
    std::int64_t notice = 0;
    probe::WallClock::time_point next_attempt;
  };
  std::vector<Of<Outcome>> outcomes;
  std::vector<Of<Change>> changes;
  std::vector<KeptReport> reports;
  std::vector<QueuedNotice> notices;
  std::vector<std::int64_t> done;
  std::vector<Retry> retries;
  bool empty() const {
    return outcomes.empty() && changes.empty() && reports.empty() && notices.empty() && done.empty() &&
           retries.empty();
  }
};

struct Written {
  std::size_t notices_waiting = 0;
  std::uint64_t notices_dropped = 0;
};

/// All that is remembered.
struct Memory {
  std::map<std::string, Remembered> targets;
  std::int64_t last_notice = 0;
  std::size_t notices_waiting = 0;
};

class Database {
 public:
  explicit Database(std::filesystem::path path) : path_{std::move(path)} {}

  std::expected<Memory, std::string> read_memory();
  std::expected<Written, std::string> write(Batch& batch, const Store::Limits& limits);
  std::expected<std::vector<QueuedNotice>, std::string> due_notices(probe::WallClock::time_point now,
                                                                    std::size_t limit);
  std::expected<std::vector<Outcome>, std::string> history(const std::string& id,
                                                           probe::WallClock::time_point since,
                                                           std::size_t limit);
  std::expected<std::optional<std::string>, std::string> report(const std::string& id);

  /// Where corrupt ones were moved to, in words; and how often.
  const std::optional<std::string>& note() const { return note_; }
  std::uint64_t renewals() const { return renewals_; }

 private:
  template <typename Work>
  auto attempt(Work work) -> std::expected<decltype(work()), std::string>;
  void open();
  std::expected<void, std::string> move_aside(const std::string& why);
  std::int64_t key_of(const std::string& id);
  void write_notices(const Batch& batch, const Store::Limits& limits, Written& written);
  void prune(std::size_t rows, std::chrono::days retention);

  std::filesystem::path path_;
  std::unique_ptr<Sqlite> sqlite_;
  std::map<std::string, std::int64_t> keys_;  ///< of the targets that were written
  std::optional<std::string> note_;
  std::uint64_t renewals_ = 0;
  std::optional<probe::Clock::time_point> renewed_;
  std::size_t until_pruning_ = 0;  ///< rows
  const probe::WallClock::time_point began_at_ = probe::WallClock::now();
  const probe::Clock::time_point began_ = probe::Clock::now();
};

}  // namespace fwprobe::monitor
