#include "monitor/web/metrics.h"

#include <fmt/format.h>

#include "monitor/web/standing.h"
#include "reports/escape.h"
#include "reports/prometheus_family.h"
#include "version.h"

namespace fwprobe::monitor {
namespace {

using checks::Status;
using reports::Family;
using reports::FamilyKind;
using reports::prometheus_label;
using reports::seconds;
using reports::single;
using reports::timestamp;

constexpr std::array measured{Status::pass, Status::warn, Status::fail, Status::error};

struct Row {
  std::string labels;
  const Watched& watched;
  const TargetState& state;
};

std::string site_label(const Board& board) {
  return board.plan.site.empty() ? "" : ",site=" + prometheus_label(board.plan.site);
}

std::vector<Row> rows_of(const Board& board) {
  const auto site = site_label(board);
  std::vector<Row> rows;
  rows.reserve(board.plan.targets.size());
  for (std::size_t i = 0; i < board.plan.targets.size(); ++i) {
    const auto& watched = board.plan.targets[i];
    rows.push_back({fmt::format("target=\"{}\",name={},group={}{}", watched.id,
                                prometheus_label(watched.name), prometheus_label(watched.group), site),
                    watched, board.states[i]});
  }
  return rows;
}

/// Writes families of all rows, in pieces that need no large block of memory.
class Families {
 public:
  explicit Families(std::vector<Row> rows) : rows_{std::move(rows)} {}

  /// `add(family, row)` adds the row's series.
  template <typename Add>
  void write(Family family, Add add) {
    constexpr std::size_t piece = 32 * 1024;
    for (const auto& row : rows_) {
      add(family, row);
      if (family.size() >= piece) write(family.take());
    }
    write(family.take());
  }
  void write(std::string families) {
    if (!families.empty()) pieces_.push_back(std::move(families));
  }

  std::vector<std::string> take() && { return std::move(pieces_); }

 private:
  std::vector<Row> rows_;
  std::vector<std::string> pieces_;
};

void write_status(Families& families) {
  families.write(
      {"fwprobe_target_info", "What is watched: the address that is asked for."},
      [](Family& info, const Row& row) {
        info.add(fmt::format("{},address={}", row.labels, prometheus_label(row.watched.target.text())), 1);
      });
  families.write({"fwprobe_target_status", "The target's confirmed status: 1 for the one that it has."},
                 [](Family& status, const Row& row) {
                   const auto verdict = verdict_of(row.state);
                   if (!verdict) return;
                   for (const auto one : measured)
                     status.add(fmt::format("{},status=\"{}\"", row.labels, checks::name(one)),
                                one == verdict->status ? 1 : 0);
                 });
  families.write(
      {"fwprobe_target_as_expected", "Whether the target is as the suite expects it: 1 yes, 0 no."},
      [](Family& expected, const Row& row) {
        if (const auto verdict = verdict_of(row.state))
          expected.add(row.labels, verdict->as_expected ? 1 : 0);
      });
  families.write(
      {"fwprobe_target_cause_info", "The cause of a target that did not pass (fwprobe explain CAUSE)."},
      [](Family& cause, const Row& row) {
        const auto verdict = verdict_of(row.state);
        if (!verdict || !verdict->cause) return;
        const auto& why = checks::row(*verdict->cause);
        const auto* where = row.state.last && row.state.last->location ? &*row.state.last->location : nullptr;
        cause.add(
            fmt::format("{},cause=\"{}\",where=\"{}\",responsible=\"{}\"", row.labels, why.code,
                        where != nullptr ? checks::name(where->where) : "", checks::name(why.responsible)),
            1);
      });
  families.write({"fwprobe_target_since_timestamp_seconds", "Since when the target has its confirmed state."},
                 [](Family& since, const Row& row) {
                   if (row.state.confirmed) since.add(row.labels, timestamp(row.state.since));
                 });
}

void write_runs(Families& families) {
  families.write({"fwprobe_target_runs_total", "Runs since the service started, by what they measured.",
                  FamilyKind::counter},
                 [](Family& runs, const Row& row) {
                   for (const auto one : measured)
                     runs.add(fmt::format("{},status=\"{}\"", row.labels, checks::name(one)),
                              static_cast<double>(row.state.runs[static_cast<std::size_t>(one)]));
                 });
  families.write(
      {"fwprobe_target_interval_seconds", "How often the target is measured."},
      [](Family& interval, const Row& row) { interval.add(row.labels, seconds(row.watched.interval)); });
}

/// `value` gives what the last run says, or nothing.
template <typename Value>
void write_last(Families& families, std::string_view name, std::string_view help, Value value) {
  families.write({name, help}, [value](Family& family, const Row& row) {
    if (!row.state.last) return;
    if (const std::optional<double> known = value(*row.state.last)) family.add(row.labels, *known);
  });
}

std::optional<double> when(const std::optional<probe::WallClock::time_point>& time) {
  return time ? std::optional{timestamp(*time)} : std::nullopt;
}

void write_measured(Families& families) {
  write_last(families, "fwprobe_target_last_run_timestamp_seconds",
             "When the last run began, since the epoch.",
             [](const Outcome& last) { return timestamp(last.began); });
  write_last(families, "fwprobe_target_last_run_duration_seconds", "How long the last run took.",
             [](const Outcome& last) { return seconds(last.took); });
  families.write({"fwprobe_phase_duration_seconds", "How long a phase of the target's own way took."},
                 [](Family& phase, const Row& row) {
                   if (!row.state.last) return;
                   for (const auto& one : phase_table)
                     if (const auto& took = row.state.last->phases.*one.took)
                       phase.add(fmt::format("{},phase=\"{}\"", row.labels, one.name), seconds(*took));
                 });
  write_last(families, "fwprobe_certificate_expiry_timestamp_seconds",
             "When the target's own certificate ends (notAfter), since the epoch.",
             [](const Outcome& last) { return when(last.leaf_expiry); });
  write_last(families, "fwprobe_chain_expiry_timestamp_seconds",
             "When the first certificate of the presented chain ends, since the epoch.",
             [](const Outcome& last) { return when(last.chain_expiry); });
  write_last(families, "fwprobe_http_status_code", "The status of the last response.",
             [](const Outcome& last) { return last.http_status; });
  write_last(families, "fwprobe_blocking_hop",
             "The hop at or behind which the way ends; 1 is the first router.",
             [](const Outcome& last) { return last.location ? last.location->hop : std::nullopt; });
  write_last(families, "fwprobe_allowlist_covered",
             "Whether every address of the target stands on its allowlists: 1 yes, 0 no.",
             [](const Outcome& last) { return last.listed; });
  write_last(families, "fwprobe_allowlist_stale_timestamp_seconds",
             "When the oldest of the allowlists becomes stale.",
             [](const Outcome& last) { return when(last.list_stale_at); });
}

std::string health_families(const Board& board) {
  const auto& health = board.health;
  std::size_t running = 0;
  for (const auto& state : board.states) running += state.running ? 1 : 0;
  Family build{"fwprobe_build_info", "The version that runs."};
  build.add(fmt::format("version=\"{}\"{}", FWPROBE_VERSION, site_label(board)), 1);
  Family notices{"fwprobe_notices_total", "Notices of changes, by what became of them.", FamilyKind::counter};
  notices.add("result=\"sent\"", static_cast<double>(health.notices_sent));
  notices.add("result=\"failed\"", static_cast<double>(health.notices_failed));
  notices.add("result=\"dropped\"", static_cast<double>(health.notices_dropped));
  return build.take() +
         single("fwprobe_targets", "Targets of the suite in use.",
                static_cast<double>(board.plan.targets.size())) +
         single("fwprobe_targets_running", "Targets that are measured at this moment.",
                static_cast<double>(running)) +
         single("fwprobe_config_last_reload_successful", "Whether the suite was taken when it was read last.",
                health.reload_trouble ? 0 : 1) +
         single("fwprobe_config_last_reload_success_timestamp_seconds", "When the suite in use was read.",
                timestamp(health.loaded)) +
         single("fwprobe_database_up", "Whether history is written: 1 yes, 0 no.",
                health.database_trouble ? 0 : 1) +
         single("fwprobe_history_lost_total", "Outcomes that could not be written.",
                static_cast<double>(health.history_lost), FamilyKind::counter) +
         single("fwprobe_runs_overdue_total", "Runs that began later than their interval allows.",
                static_cast<double>(health.overdue), FamilyKind::counter) +
         notices.take() +
         single("fwprobe_notices_waiting", "Notices that wait to be sent.",
                static_cast<double>(health.notices_waiting)) +
         single("fwprobe_draining", "Whether the service is about to end: 1 yes, 0 no.",
                health.draining ? 1 : 0);
}

std::string process_families(const Board& board, probe::WallClock::time_point now,
                             const ProcessFigures& process) {
  std::string families =
      single("fwprobe_uptime_seconds", "Since the service started.", seconds(now - board.health.started)) +
      single("process_start_time_seconds", "Start time of the process since unix epoch in seconds.",
             timestamp(board.health.started));
  const auto add = [&families](std::string_view name, std::string_view help, const auto& value,
                               FamilyKind kind = FamilyKind::gauge) {
    if (value) families += single(name, help, static_cast<double>(*value), kind);
  };
  add("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", process.cpu_seconds,
      FamilyKind::counter);
  add("process_resident_memory_bytes", "Resident memory size in bytes.", process.resident_bytes);
  add("process_virtual_memory_bytes", "Virtual memory size in bytes.", process.virtual_bytes);
  add("process_open_fds", "Number of open file descriptors.", process.open_descriptors);
  add("process_max_fds", "Maximum number of open file descriptors.", process.most_descriptors);
  add("process_threads", "Number of threads.", process.threads);
  return families;
}

}  // namespace

std::vector<std::string> render_metrics(const Board& board, probe::WallClock::time_point now,
                                        const ProcessFigures& process) {
  Families families{rows_of(board)};
  write_status(families);
  write_runs(families);
  write_measured(families);
  families.write(health_families(board));
  families.write(process_families(board, now, process));
  return std::move(families).take();
}

}  // namespace fwprobe::monitor
