#include "monitor/service.h"

#include <csignal>
#include <unordered_map>

#include <asio/signal_set.hpp>
#include <fmt/format.h>

#include "monitor/agenda.h"
#include "monitor/schedule.h"
#include "monitor/tasks.h"
#include "monitor/worker.h"
#include "probe/deadline.h"
#include "probe/environment.h"
#include "probe/turns.h"
#include "reports/run_mark.h"

namespace fwprobe::monitor {

using asio::awaitable;
using probe::Clock;

namespace {

constexpr Clock::duration look_every = std::chrono::seconds{1};
/// At the end: for those who run beside the service, and for the disk.
constexpr Clock::duration patience = std::chrono::seconds{5};
/// A report is kept anew when it says something else, and when the one that is kept is older.
constexpr Clock::duration report_every = std::chrono::hours{1};
/// Runs that wait for their turn beside those that are measured: what is due beyond stays on the agenda,
/// where it costs less.
constexpr std::size_t most_waiting = 2000;

MeasuringLimits limits_of(const Plan& plan) { return {plan.jobs, plan.per_destination}; }

Store::Limits store_limits(const Plan& plan) {
  Store::Limits limits;
  limits.notices = plan.notices.queue_limit;
  limits.retention = plan.history.retention;
  return limits;
}

std::string_view word(const std::optional<Verdict>& verdict) {
  return verdict ? checks::name(verdict->status) : "unknown";
}

}  // namespace

class Service::Impl {
 public:
  Impl(Plan plan, ServiceParts parts)
      : parts_{std::move(parts)},
        measuring_{limits_of(plan)},
        store_{context_.get_executor(), plan.history.database, store_limits(plan)},
        reloading_{context_.get_executor(), 1},
        wake_{context_},
        end_{context_, Clock::time_point::max()},
        taken_{context_, Clock::time_point::max()},
        signals_{context_, SIGTERM, SIGINT},
        hangup_{context_, SIGHUP},
        runs_{context_.get_executor()},
        helpers_{context_.get_executor()},
        companions_{context_.get_executor()} {
    board_.host = probe::host_name();
    board_.health.started = probe::WallClock::now();
    adopt(std::move(plan));
  }

  asio::io_context& context() { return context_; }
  Board& board() { return board_; }
  std::uint64_t generation() const { return generation_; }
  awaitable<void> reloaded() { co_await taken_.async_wait(probe::as_result); }
  Store& store() { return store_; }
  Measuring& measuring() { return measuring_; }
  Log& log() { return parts_.log; }
  void accompany(awaitable<void> companion) { companions_.spawn(std::move(companion)); }
  /// Also before anybody waits for the end.
  void stop() { end_.expires_at(Clock::time_point::min()); }

  int run() {
    asio::co_spawn(context_, serve(), [](const std::exception_ptr& failure) {
      if (failure) std::rethrow_exception(failure);
    });
    context_.run();
    return signal_;
  }

  awaitable<std::expected<void, std::string>> reload() {
    const auto turn = co_await reloading_.take(Clock::time_point::max());
    if (!turn) co_return std::unexpected{"the service is ending"};
    parts_.manager.reloading();
    auto plan = co_await read_plan();
    auto& trouble = board_.health.reload_trouble;
    if (plan) {
      trouble.reset();
      adopt(std::move(*plan));
      parts_.log.write(LogLevel::info, "reloaded", {{"targets", target_count()}});
    } else {
      trouble = plan.error();
      parts_.log.write(LogLevel::error, "reload refused",
                       {{"reason", *trouble}, {"targets", target_count()}});
    }
    parts_.manager.ready(status());
    if (trouble) co_return std::unexpected{*trouble};
    co_return std::expected<void, std::string>{};
  }

 private:
  /// What the service keeps of a target beside what the board shows.
  struct Track {
    Due due;
    std::optional<Verdict> reported;  ///< by the last report that was kept
    Clock::time_point reported_at;
  };

  // ---- the plan

  awaitable<std::expected<Plan, std::string>> read_plan() {
    // A large file takes its time, and pages go on being served meanwhile.
    Worker reader;
    auto read = [&parts = parts_]() -> std::expected<Plan, std::string> {
      try {
        return parts.read_plan();
      } catch (const std::exception& error) {
        return std::unexpected{std::string{error.what()}};
      }
    };
    co_return co_await answer_from(reader.context(), std::move(read));
  }

  /// Takes a plan. Targets that have their id in it again keep their state and their rhythm.
  void adopt(Plan plan) {
    const auto now = Clock::now();
    if (generation_ > 0) tell_what_needs_a_restart(plan);
    std::vector<TargetState> states(plan.targets.size());
    std::vector<Track> tracks(plan.targets.size());
    agenda_.clear();
    for (std::size_t i = 0; i < plan.targets.size(); ++i) {
      tracks[i].due = first_due(plan.targets[i], now);
      if (const auto at = index_.find(plan.targets[i].id); at != index_.end()) {
        states[i] = std::move(board_.states[at->second]);
        const auto due = tracks_[at->second].due;
        tracks[i] = tracks_[at->second];
        // A shorter interval is not waited for by the longer one.
        if (plan.targets[i].interval != board_.plan.targets[at->second].interval)
          tracks[i].due = due.at < now ? due : first_due(plan.targets[i], now);
      }
      if (!states[i].running) agenda_.add(i, tracks[i].due.at);
    }
    index_.clear();
    board_.plan = std::move(plan);
    board_.states = std::move(states);
    tracks_ = std::move(tracks);
    beat_ = beat(board_.plan);
    for (std::size_t i = 0; i < board_.plan.targets.size(); ++i) index_.emplace(board_.plan.targets[i].id, i);
    board_.health.loaded = probe::WallClock::now();
    ++generation_;
    measuring_.limit(limits_of(board_.plan));
    store_.limit(store_limits(board_.plan));
    remember();
    taken_.cancel();
    wake_.cancel();
  }

  void tell_what_needs_a_restart(const Plan& plan) {
    if (plan.history.database != board_.plan.history.database)
      parts_.log.write(LogLevel::warn, "needs a restart",
                       {{"setting", "history.database"}, {"value", plan.history.database.native()}});
    if (plan.web.listen != board_.plan.web.listen)
      parts_.log.write(LogLevel::warn, "needs a restart", {{"setting", "web.listen"}});
  }

  /// What was known before this start, for targets of which nothing is known yet.
  void remember() {
    for (auto at = remembered_.begin(); at != remembered_.end();) {
      const auto known = index_.find(at->first);
      if (known == index_.end()) {
        ++at;
        continue;
      }
      auto& state = board_.states[known->second];
      if (!state.confirmed) {
        state.confirmed = at->second.confirmed;
        state.since = at->second.since;
        state.changes = std::move(at->second.changes);
      }
      at = remembered_.erase(at);
    }
  }

  // ---- the whole

  awaitable<void> serve() {
    helpers_.spawn(store_.run());
    co_await restore();
    helpers_.spawn(look());
    helpers_.spawn(stay_alive());
    helpers_.spawn(hear_hangups());
    helpers_.spawn(hear_end());
    helpers_.spawn(schedule());
    parts_.log.write(LogLevel::info, "started", {{"targets", target_count()}, {"site", board_.plan.site}});
    parts_.manager.ready(status());
    co_await end_.async_wait(probe::as_result);
    co_await drain();
  }

  awaitable<void> drain() {
    board_.health.draining = true;
    parts_.manager.stopping();
    parts_.log.write(LogLevel::info, "ending", {{"running", static_cast<std::int64_t>(runs_.count())}});
    wake_.cancel();
    reloading_.close();
    const bool all_measured = co_await runs_.ended(Clock::now() + parts_.drain);
    if (!all_measured) measuring_.cancel_all();
    co_await runs_.ended();
    companions_.cancel();
    co_await companions_.ended(Clock::now() + patience);
    const bool all_written = co_await store_.flush(Clock::now() + patience);
    if (!all_written)
      parts_.log.write(LogLevel::error, "history not written",
                       {{"reason", store_.health().trouble.value_or("the file system is slow")}});
    helpers_.cancel();
    co_await helpers_.ended();
    parts_.log.write(LogLevel::info, "ended");
    context_.stop();
  }

  awaitable<void> hear_end() {
    const auto [error, number] = co_await signals_.async_wait(probe::as_result);
    if (error) co_return;
    signal_ = number;
    signals_.clear();  // a second signal ends the process at once
    stop();
  }

  awaitable<void> hear_hangups() {
    for (;;) {
      const auto [error, number] = co_await hangup_.async_wait(probe::as_result);
      if (error) co_return;
      static_cast<void>(co_await reload());  // told on the board and in the log
    }
  }

  /// A watchdog that hears only this thread would not see that nothing is measured any more.
  awaitable<void> stay_alive() {
    const auto every = parts_.manager.alive_every();
    if (!every) co_return;
    asio::steady_timer timer{context_};
    for (;;) {
      co_await measuring_.ping();
      parts_.manager.alive();
      timer.expires_after(*every);
      const auto [error] = co_await timer.async_wait(probe::as_result);
      if (error) co_return;
    }
  }

  // ---- the store

  awaitable<void> restore() {
    auto memory = co_await store_.restore();
    restored_ = memory.has_value();
    if (!memory) co_return;
    remembered_ = std::move(*memory);
    remember();
  }

  /// Once a second: how the store is.
  awaitable<void> look() {
    asio::steady_timer timer{context_};
    for (;;) {
      timer.expires_after(look_every);
      const auto [error] = co_await timer.async_wait(probe::as_result);
      if (error) co_return;
      show_store_health();
      if (!restored_ && !board_.health.database_trouble) co_await restore();
      if (auto now = status(); now != status_) {
        parts_.manager.status(now);
        status_ = std::move(now);
      }
    }
  }

  void show_store_health() {
    auto store = store_.health();
    auto& health = board_.health;
    if (store.note && store.note != health.database_note)
      parts_.log.write(LogLevel::error, "database renewed", {{"reason", *store.note}});
    if (store.trouble && store.trouble != health.database_trouble && !health.database_trouble)
      parts_.log.write(LogLevel::error, "history not written", {{"reason", *store.trouble}});
    if (!store.trouble && health.database_trouble)
      parts_.log.write(LogLevel::info, "history written again",
                       {{"lost", static_cast<std::int64_t>(store.lost)}});
    if (store.renewals != renewals_) record_all_changes();
    renewals_ = store.renewals;
    health.database_trouble = std::move(store.trouble);
    health.database_note = std::move(store.note);
    health.history_lost = store.lost;
    health.notices_dropped = store.notices_dropped;
    health.notices_waiting = store.notices_waiting;
  }

  /// A new database knows nothing of what is known here.
  void record_all_changes() {
    for (std::size_t i = 0; i < board_.states.size(); ++i) {
      const auto& changes = board_.states[i].changes;
      for (auto change = changes.rbegin(); change != changes.rend(); ++change)
        store_.record(board_.plan.targets[i].id, *change);
      tracks_[i].reported.reset();
    }
  }

  // ---- the targets

  awaitable<void> schedule() {
    while (!board_.health.draining) {
      const auto most = limits_of(board_.plan).jobs + most_waiting;
      const auto next = [this] { return on_beat(agenda_.next(), beat_); };
      while (next() <= Clock::now() && runs_.count() < most) begin(agenda_.take());
      wake_.expires_at(runs_.count() < most ? next() : Clock::time_point::max());
      co_await wake_.async_wait(probe::as_result);
    }
  }

  void begin(std::size_t target) {
    board_.states[target].running = true;
    const auto& watched = board_.plan.targets[target];
    runs_.spawn(run_once(watched.id, watched.target, watched.manner, generation_));
  }

  awaitable<void> run_once(std::string id, checks::Target target, Manner manner, std::uint64_t generation) {
    auto measured = co_await measuring_.measure(std::move(target), std::move(manner));
    const auto at = index_.find(id);
    if (at == index_.end()) co_return;  // no longer watched
    const auto index = at->second;
    board_.states[index].running = false;
    if (board_.health.draining && !measured.investigation.complete) co_return;  // cut off by us
    if (generation == generation_)
      conclude(index, std::move(measured));
    else  // by a plan that may have said something else
      tracks_[index].due.at = Clock::now();
    agenda_.add(index, tracks_[index].due.at);
    wake_.cancel();
  }

  void conclude(std::size_t index, Measured measured) {
    const auto& watched = board_.plan.targets[index];
    auto& state = board_.states[index];
    auto& track = tracks_[index];
    const auto now = Clock::now();
    if (is_overdue(watched, track.due, now - measured.took)) ++board_.health.overdue;
    const auto change =
        apply(state, outcome_of(measured.investigation, watched.expect, measured.began, measured.took),
              watched.confirm);
    track.due = next_due(watched, state.candidate, board_.plan.jitter, track.due, now);
    store_.record(watched.id, *state.last);
    if (change) tell(index, *change);
    keep_report(watched.id, verdict_of(*state.last), track, std::move(measured));
  }

  void tell(std::size_t target, const Change& change) {
    const auto& id = board_.plan.targets[target].id;
    store_.record(id, change);
    if (parts_.notices_of)
      for (auto& notice : parts_.notices_of(board_, target, change)) store_.enqueue(std::move(notice));
    // After a start all is new; only what is wrong is news then.
    if (!change.from && change.to.as_expected) return;
    parts_.log.write(change.to.as_expected ? LogLevel::info : LogLevel::warn, "change",
                     {{"target", id},
                      {"from", word(change.from)},
                      {"to", word(change.to)},
                      {"cause", checks::code_of(change.to.cause)},
                      {"as_expected", change.to.as_expected ? "yes" : "no"},
                      {"summary", change.summary}});
  }

  void keep_report(const std::string& id, const Verdict& verdict, Track& track, Measured measured) {
    const auto now = Clock::now();
    if (track.reported == verdict && now - track.reported_at < report_every) return;
    reports::Report report;
    report.run_id = reports::random_uuid();
    report.started = std::chrono::floor<std::chrono::milliseconds>(measured.began);
    report.finished = reports::report_time();
    const auto& environment = measured.investigation.evidence.environment();
    report.vantage = {environment.host, std::nullopt, environment.addresses, {}};
    if (!board_.plan.site.empty()) report.vantage.site = board_.plan.site;
    if (const auto& settings = measured.investigation.settings) report.vantage.egress = settings->egress;
    report.complete = measured.investigation.complete;
    report.targets.push_back(std::move(measured.investigation));
    if (!store_.keep_report(id, std::move(report))) return;  // with the next run
    track.reported = verdict;
    track.reported_at = now;
  }

  std::int64_t target_count() const { return static_cast<std::int64_t>(board_.plan.targets.size()); }

  std::string status() const {
    const auto unexpected = std::ranges::count_if(board_.states, [](const TargetState& state) {
      return state.confirmed && !state.confirmed->as_expected;
    });
    return fmt::format("{} target{}, {} not as expected{}", target_count(), target_count() == 1 ? "" : "s",
                       unexpected, board_.health.reload_trouble ? "; the last reload was refused" : "");
  }

  asio::io_context context_{1};
  ServiceParts parts_;
  Measuring measuring_;
  Store store_;
  Board board_;
  std::vector<Track> tracks_;                                ///< of board_.plan.targets
  std::unordered_map<std::string_view, std::size_t> index_;  ///< by the ids in board_.plan
  Agenda agenda_;
  Clock::duration beat_{};                        ///< of board_.plan
  std::map<std::string, Remembered> remembered_;  ///< of targets that the plan has not
  std::uint64_t generation_ = 0, renewals_ = 0;
  bool restored_ = false;
  std::string status_;
  int signal_ = 0;
  probe::Turns reloading_;
  asio::steady_timer wake_;  ///< when the next target is due
  asio::steady_timer end_;
  asio::steady_timer taken_;  ///< cancelled whenever a plan was
  asio::signal_set signals_, hangup_;
  Tasks runs_, helpers_, companions_;
};

Service::Service(Plan plan, ServiceParts parts)
    : impl_{std::make_unique<Impl>(std::move(plan), std::move(parts))} {}

Service::~Service() = default;

asio::io_context& Service::context() { return impl_->context(); }
const Board& Service::board() const { return impl_->board(); }
std::uint64_t Service::generation() const { return impl_->generation(); }
awaitable<void> Service::reloaded() { return impl_->reloaded(); }
Store& Service::store() { return impl_->store(); }
Measuring& Service::measuring() { return impl_->measuring(); }
Log& Service::log() { return impl_->log(); }
void Service::count_notices(std::uint64_t sent, std::uint64_t failed) {
  impl_->board().health.notices_sent += sent;
  impl_->board().health.notices_failed += failed;
}
awaitable<std::expected<void, std::string>> Service::reload() { return impl_->reload(); }
void Service::accompany(awaitable<void> companion) { impl_->accompany(std::move(companion)); }
int Service::run() { return impl_->run(); }
void Service::stop() { impl_->stop(); }

}  // namespace fwprobe::monitor
