#pragma once
// Outcomes and changes as rows of the database.

#include "monitor/board.h"
#include "monitor/sqlite.h"

namespace fwprobe::monitor {

/// Microseconds since the epoch.
std::int64_t stored_time(probe::WallClock::time_point time);
probe::WallClock::time_point time_stored(std::int64_t microseconds);

void insert_outcome(Sqlite& sqlite, std::int64_t target, const Outcome& outcome);
/// Newest first.
std::vector<Outcome> select_outcomes(Sqlite& sqlite, const std::string& id,
                                     probe::WallClock::time_point since, std::size_t limit);

/// As the newest of its target, of which the changes_kept newest stay.
void insert_change(Sqlite& sqlite, std::int64_t target, const Change& change);

struct ChangeRow {
  std::string id;
  Change change;
};
/// Of all targets, newest first. What no version of ours has written is left out.
std::vector<ChangeRow> select_changes(Sqlite& sqlite);

}  // namespace fwprobe::monitor
