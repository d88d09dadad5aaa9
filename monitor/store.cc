#include "monitor/store.h"

#include <algorithm>
#include <ranges>

#include <asio/steady_timer.hpp>
#include <fmt/format.h>

#include "monitor/database.h"
#include "monitor/history_rows.h"
#include "monitor/worker.h"
#include "probe/deadline.h"

namespace fwprobe::monitor {

using asio::awaitable;
using probe::Clock;

namespace {

constexpr Clock::duration batch_every = std::chrono::seconds{1};
constexpr Clock::duration longest_backoff = std::chrono::seconds{30};
/// A disk that has not answered for so long hangs.
constexpr Clock::duration patience = std::chrono::seconds{5};

/// Of one transaction: after trouble the rest follows at once, and what fits on a disk that is nearly full is
/// kept.
constexpr std::ptrdiff_t most_outcomes = 1000;

/// Full reports wait unrendered, with the bodies of their responses.
constexpr std::size_t most_reports = 16;

std::string no_answer(const std::filesystem::path& path, Clock::duration since) {
  return fmt::format("{}: the file system has not answered for {} s", path.string(),
                     std::chrono::floor<std::chrono::seconds>(since).count());
}

/// Takes out what is done or not due any more, as far as the answer may be older than that.
void take_out(std::vector<QueuedNotice>& due, const Batch& newer, probe::WallClock::time_point now) {
  std::erase_if(due, [&](const QueuedNotice& queued) {
    const auto again = std::ranges::find(newer.retries, queued.id, &Batch::Retry::notice);
    return std::ranges::find(newer.done, queued.id) != newer.done.end() ||
           (again != newer.retries.end() && again->next_attempt > now);
  });
}

}  // namespace

class Store::Impl {
 public:
  Impl(const asio::any_io_executor& control, std::filesystem::path path, Limits limits)
      : wake_{control, Clock::time_point::max()},
        written_{control, Clock::time_point::max()},
        path_{std::move(path)},
        limits_{limits},
        next_notice_{stored_time(probe::WallClock::now())},
        database_{path_} {}

  awaitable<std::expected<std::map<std::string, Remembered>, std::string>> restore() {
    auto memory = co_await ask([this] { return database_.read_memory(); });
    learn();
    if (!memory) {
      trouble_ = memory.error();
      co_return std::unexpected{memory.error()};
    }
    next_notice_ = std::max(next_notice_, memory->last_notice + 1);
    on_disk_ = memory->notices_waiting;
    co_return std::move(memory->targets);
  }

  void record(const std::string& id, const Outcome& outcome) {
    if (unwritten(&Batch::outcomes) >= limits_.outcomes) {
      ++lost_;
      return;
    }
    auto& row = pending_.outcomes.emplace_back(id, outcome).value;
    if (row.status == checks::Status::pass) row.summary = {};  // it is not stored, see insert_outcome()
  }

  void record(const std::string& id, const Change& change) {
    if (unwritten(&Batch::changes) >= limits_.outcomes)
      ++lost_;
    else
      pending_.changes.push_back({id, change});
    hurry();
  }

  bool keep_report(const std::string& id, reports::Report report) {
    if (unwritten(&Batch::reports) >= most_reports) return false;
    pending_.reports.push_back({id, std::move(report), {}});
    hurry();
    return true;
  }

  void enqueue(Notice notice) {
    if (unwritten(&Batch::notices) >= limits_.notices) {
      // Those that are being written now give way on disk.
      const bool older = retained_ && !in_flight_since_ && !retained_->notices.empty();
      auto& giving_way = older ? retained_->notices : pending_.notices;
      if (!giving_way.empty()) giving_way.erase(giving_way.begin());
      ++notices_dropped_;
    }
    pending_.notices.push_back({next_notice_++, std::move(notice), 0});
    hurry();
  }

  awaitable<std::vector<QueuedNotice>> take_due(probe::WallClock::time_point now, std::size_t limit) {
    std::vector<QueuedNotice> due;
    for (const auto* batch : unwritten_batches())
      std::ranges::copy_if(batch->notices, std::back_inserter(due),
                           [&](const QueuedNotice& queued) { return queued.notice.next_attempt <= now; });
    auto rows = co_await ask([this, now, limit] { return database_.due_notices(now, limit); });
    if (rows)
      for (auto& row : *rows)
        if (std::ranges::find(due, row.id, &QueuedNotice::id) == due.end()) due.push_back(std::move(row));
    std::ranges::sort(due, {}, &QueuedNotice::id);
    // The answer may have been made before a batch was written that is written by now.
    take_out(due, previous_, now);
    for (const auto* batch : unwritten_batches()) take_out(due, *batch, now);
    if (due.size() > limit) due.resize(limit);
    co_return due;
  }

  void done(std::int64_t notice) {
    if (std::erase_if(pending_.notices, [&](const QueuedNotice& queued) { return queued.id == notice; }) == 0)
      pending_.done.push_back(notice);
    hurry();
  }

  void retry(std::int64_t notice, probe::WallClock::time_point next_attempt) {
    const auto at = std::ranges::find(pending_.notices, notice, &QueuedNotice::id);
    if (at == pending_.notices.end()) {
      pending_.retries.push_back({notice, next_attempt});
      return;
    }
    ++at->attempts;
    at->notice.next_attempt = next_attempt;
  }

  /// An answer of the database's thread. Who waits does not wait for a disk that hangs.
  template <typename Function>
  awaitable<std::invoke_result_t<Function&>> ask(Function function) {
    if (const auto hangs = hanging()) co_return std::unexpected{no_answer(path_, *hangs)};
    auto asked = answer_from(worker_.context(), std::move(function));
    auto answer = co_await probe::within(Clock::now() + patience, std::move(asked));
    if (!answer) co_return std::unexpected{no_answer(path_, patience)};
    co_return std::move(*answer);
  }

  Database& database() { return database_; }

  StoreHealth health() const {
    StoreHealth health{trouble_, note_, renewals_, lost_, notices_dropped_, 0};
    if (const auto hangs = hanging()) health.trouble = no_answer(path_, *hangs);
    std::size_t gone = 0;
    health.notices_waiting = on_disk_;
    for (const auto* batch : unwritten_batches()) {
      health.notices_waiting += batch->notices.size();
      gone += batch->done.size();
    }
    health.notices_waiting -= std::min(health.notices_waiting, gone);
    return health;
  }

  void limit(Limits limits) { limits_ = limits; }

  awaitable<void> run() {
    co_await asio::this_coro::throw_if_cancelled(false);
    for (;;) {
      wake_.expires_after(hurried_ ? Clock::duration::zero() : trouble_ ? backoff_ : batch_every);
      hurried_ = false;
      co_await wake_.async_wait(probe::as_result);
      const auto state = co_await asio::this_coro::cancellation_state;
      if (state.cancelled() != asio::cancellation_type::none) co_return;
      // A locked or full database is tried again also when nothing is new: health says how it is now.
      if (!retained_ && pending_.empty() && !trouble_) continue;
      if (!retained_) retained_ = std::make_shared<Batch>(next_batch());
      co_await write();
    }
  }

  awaitable<bool> flush(Clock::time_point deadline) {
    while (retained_ || !pending_.empty()) {
      if (Clock::now() >= deadline) co_return false;
      hurried_ = true;
      wake_.cancel();
      written_.expires_at(deadline);
      co_await written_.async_wait(probe::as_result);
      if (trouble_ && !in_flight_since_) co_return false;
    }
    co_return true;
  }

 private:
  /// All that waits, but for outcomes beyond those that one transaction should hold.
  Batch next_batch() {
    auto batch = std::exchange(pending_, {});
    if (std::ssize(batch.outcomes) <= most_outcomes) return batch;
    const auto rest = batch.outcomes.begin() + most_outcomes;
    pending_.outcomes.assign(std::move_iterator{rest}, std::move_iterator{batch.outcomes.end()});
    batch.outcomes.erase(rest, batch.outcomes.end());
    hurried_ = true;
    return batch;
  }

  /// Both hold the batch: this coroutine may be cancelled before the thread is done with it.
  awaitable<void> write() {
    in_flight_since_ = Clock::now();
    auto work = [this, batch = retained_, limits = limits_] { return database_.write(*batch, limits); };
    const auto written = co_await answer_from(worker_.context(), std::move(work));
    in_flight_since_.reset();
    learn();
    if (written) {
      trouble_.reset();
      backoff_ = batch_every;
      previous_.done = std::move(retained_->done);
      previous_.retries = std::move(retained_->retries);
      retained_.reset();
      on_disk_ = written->notices_waiting;
      notices_dropped_ += written->notices_dropped;
    } else {
      trouble_ = written.error();
      backoff_ = std::min(backoff_ * 2, longest_backoff);
    }
    written_.cancel();
  }

  /// Whether a corrupt database was moved aside: asked of the thread with the next answer.
  void learn() {
    asio::post(worker_.context(), [this, here = wake_.get_executor()] {
      asio::post(here, [this, note = database_.note(), renewals = database_.renewals()] {
        note_ = note;
        renewals_ = renewals;
      });
    });
  }

  void hurry() {
    if (trouble_ || hurried_) return;
    hurried_ = true;
    wake_.cancel();
  }

  std::optional<Clock::duration> hanging() const {
    if (!in_flight_since_ || Clock::now() - *in_flight_since_ < patience) return std::nullopt;
    return Clock::now() - *in_flight_since_;
  }

  std::vector<const Batch*> unwritten_batches() const {
    std::vector<const Batch*> batches;
    if (retained_) batches.push_back(retained_.get());
    batches.push_back(&pending_);
    return batches;
  }

  template <typename Row>
  std::size_t unwritten(std::vector<Row> Batch::* rows) const {
    return (pending_.*rows).size() + (retained_ ? (*retained_.*rows).size() : 0);
  }

  asio::steady_timer wake_;     ///< when the next batch is written
  asio::steady_timer written_;  ///< cancelled whenever one was
  std::filesystem::path path_;
  Limits limits_;
  Batch pending_;
  /// Written now, or to be tried again. The thread changes only how its reports stand there.
  std::shared_ptr<Batch> retained_;
  Batch previous_;  ///< what the one that was written last said of notices
  std::optional<Clock::time_point> in_flight_since_;
  std::optional<std::string> trouble_, note_;
  std::uint64_t renewals_ = 0, lost_ = 0, notices_dropped_ = 0;
  std::size_t on_disk_ = 0;  ///< notices
  std::int64_t next_notice_;
  Clock::duration backoff_ = batch_every;
  bool hurried_ = false;
  Database database_;  ///< used by the thread only
  Worker worker_;
};

Store::Store(const asio::any_io_executor& control, std::filesystem::path database, Limits limits)
    : impl_{std::make_unique<Impl>(control, std::move(database), limits)} {}

Store::~Store() = default;

awaitable<std::expected<std::map<std::string, Remembered>, std::string>> Store::restore() {
  return impl_->restore();
}

void Store::record(const std::string& id, const Outcome& outcome) { impl_->record(id, outcome); }

void Store::record(const std::string& id, const Change& change) { impl_->record(id, change); }

bool Store::keep_report(const std::string& id, reports::Report report) {
  return impl_->keep_report(id, std::move(report));
}

void Store::enqueue(Notice notice) { impl_->enqueue(std::move(notice)); }

awaitable<std::vector<QueuedNotice>> Store::take_due(probe::WallClock::time_point now, std::size_t limit) {
  return impl_->take_due(now, limit);
}

void Store::done(std::int64_t notice) { impl_->done(notice); }

void Store::retry(std::int64_t notice, probe::WallClock::time_point next_attempt) {
  impl_->retry(notice, next_attempt);
}

awaitable<std::expected<std::vector<Outcome>, std::string>> Store::history(std::string id,
                                                                           probe::WallClock::time_point since,
                                                                           std::size_t limit) {
  auto& database = impl_->database();
  return impl_->ask(
      [&database, id = std::move(id), since, limit] { return database.history(id, since, limit); });
}

awaitable<std::expected<std::optional<std::string>, std::string>> Store::report(std::string id) {
  auto& database = impl_->database();
  return impl_->ask([&database, id = std::move(id)] { return database.report(id); });
}

StoreHealth Store::health() const { return impl_->health(); }

void Store::limit(Limits limits) { impl_->limit(limits); }

awaitable<void> Store::run() { return impl_->run(); }

awaitable<bool> Store::flush(Clock::time_point deadline) { return impl_->flush(deadline); }

}  // namespace fwprobe::monitor
