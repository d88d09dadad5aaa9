#include "monitor/measuring.h"

#include <map>
#include <set>
#include <string>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <fmt/format.h>

#include "checks/investigate.h"
#include "monitor/worker.h"
#include "probe/deadline.h"
#include "probe/turns.h"

namespace fwprobe::monitor {
namespace {

using asio::awaitable;
using probe::Clock;

/// Where runs take their turns. Runs keep the one that they began with, so that new limits need not wait.
class Places {
 public:
  Places(const asio::any_io_executor& executor, MeasuringLimits limits)
      : executor_{executor},
        per_destination_{std::max<std::size_t>(1, limits.per_destination)},
        jobs_{executor, std::max<std::size_t>(1, limits.jobs)} {}

  probe::Turns& jobs() { return jobs_; }

  /// The turns of one destination, which are there as long as somebody wants one.
  class Destination {
   public:
    Destination(Places& places, const checks::Target& target)
        : places_{places}, at_{places.enter(fmt::format("{} {}", target.host.name, target.port))} {}
    ~Destination() {
      if (--at_->second.users == 0) places_.destinations_.erase(at_);
    }
    Destination(const Destination&) = delete;
    Destination& operator=(const Destination&) = delete;
    probe::Turns& turns() { return at_->second.turns; }

   private:
    friend class Places;
    struct Entry {
      Entry(const asio::any_io_executor& executor, std::size_t count) : turns{executor, count} {}
      probe::Turns turns;
      std::size_t users = 0;
    };
    Places& places_;
    std::map<std::string, Entry>::iterator at_;
  };

 private:
  std::map<std::string, Destination::Entry>::iterator enter(std::string destination) {
    const auto at = destinations_.try_emplace(std::move(destination), executor_, per_destination_).first;
    ++at->second.users;
    return at;
  }

  asio::any_io_executor executor_;
  std::size_t per_destination_;
  probe::Turns jobs_;
  std::map<std::string, Destination::Entry> destinations_;
};

/// Can be ended as long as it is under way.
struct Run {
  void end() {
    ended = true;
    cancel.emit(asio::cancellation_type::terminal);
  }
  asio::cancellation_signal cancel;
  bool ended = false;
};

Measured unmeasured(checks::Target target, const Manner& manner) {
  Measured none;
  none.began = probe::WallClock::now();
  none.investigation = checks::unmeasured(std::move(target), *manner.settings);
  none.investigation.settings = manner.settings;
  return none;
}

}  // namespace

/// But for start() and the constructor, all of it is used by the measuring thread only.
class Measuring::Thread {
 public:
  explicit Thread(MeasuringLimits limits) { limit(limits); }

  asio::io_context& context() { return worker_.context(); }
  void limit(MeasuringLimits limits) {
    asio::post(context(),
               [this, limits] { places_ = std::make_shared<Places>(context().get_executor(), limits); });
  }
  void cancel_all() {
    asio::post(context(), [this] {
      for (const auto& run : std::set{runs_}) run->end();
    });
  }

  /// Called by the control thread: `handler` is called there with what came of it.
  template <typename Handler>
  void start(Handler handler, checks::Target target, Manner manner, Clock::time_point until) {
    const auto here = asio::get_associated_executor(handler);
    const auto run = std::make_shared<Run>();
    if (auto slot = asio::get_associated_cancellation_slot(handler); slot.is_connected())
      slot.assign([this, run](asio::cancellation_type) { asio::post(context(), [run] { run->end(); }); });
    asio::post(context(), [this, run, here, kept = asio::make_work_guard(here), handler = std::move(handler),
                           target = std::move(target), manner = std::move(manner), until]() mutable {
      runs_.insert(run);
      auto finish = [this, run, here, kept = std::move(kept), handler = std::move(handler), target, manner](
                        std::exception_ptr failure, Measured measured) mutable {
        runs_.erase(run);
        if (failure && run->ended) {  // before its first step
          failure = nullptr;
          measured = unmeasured(std::move(target), manner);
        }
        asio::post(here, [handler = std::move(handler), failure, measured = std::move(measured)]() mutable {
          std::move(handler)(failure, std::move(measured));
        });
      };
      asio::co_spawn(context(), measure(run, target, manner, until),
                     asio::bind_cancellation_slot(run->cancel.slot(), std::move(finish)));
    });
  }

 private:
  awaitable<Measured> measure(std::shared_ptr<Run> run, checks::Target target, Manner manner,
                              Clock::time_point until) {
    co_await asio::this_coro::throw_if_cancelled(false);
    asio::steady_timer deadline{context(), until};
    if (until != Clock::time_point::max())
      deadline.async_wait([run](std::error_code error) {
        if (!error) run->end();
      });
    const auto places = places_;
    Places::Destination destination{*places, target};
    // First the one that fewer wait for: who waits for a destination keeps nobody from another.
    const auto at_destination = co_await destination.turns().take(until);
    if (!at_destination || run->ended) co_return unmeasured(std::move(target), manner);
    const auto job = co_await places->jobs().take(until);
    if (!job || run->ended) co_return unmeasured(std::move(target), manner);
    const probe::Stopwatch watch;
    Measured measured;
    measured.investigation = co_await checks::investigate(
        std::move(target), *manner.settings, *manner.contexts, observer_, environment_, manner.limits);
    measured.investigation.settings = manner.settings;
    measured.began = watch.span().started;
    measured.took = watch.elapsed();
    co_return measured;
  }

  checks::Observer observer_;
  probe::EnvironmentMemory environment_;
  std::shared_ptr<Places> places_;
  std::set<std::shared_ptr<Run>> runs_;
  Worker worker_;
};

Measuring::Measuring(MeasuringLimits limits) : thread_{std::make_unique<Thread>(limits)} {}

Measuring::~Measuring() { cancel_all(); }

awaitable<Measured> Measuring::measure(checks::Target target, Manner manner, Clock::time_point until) {
  using Signature = void(std::exception_ptr, Measured);
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, Signature>(
      [this](auto handler, checks::Target asked, Manner by, Clock::time_point end) {
        thread_->start(std::move(handler), std::move(asked), std::move(by), end);
      },
      asio::use_awaitable, std::move(target), std::move(manner), until);
}

void Measuring::limit(MeasuringLimits limits) { thread_->limit(limits); }

void Measuring::cancel_all() { thread_->cancel_all(); }

awaitable<void> Measuring::ping() {
  co_await answer_from(thread_->context(), [] { return true; });
}

}  // namespace fwprobe::monitor
