#include "cli/measure.h"

#include <csignal>
#include <deque>
#include <exception>
#include <list>
#include <map>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>

#include "cli/deliver.h"
#include "reports/run_mark.h"

namespace fwprobe::cli {
namespace {

/// All targets, so many at once as the work allows, until done or a signal comes.
class Run {
 public:
  Run(const Work& work, checks::Observer& observer)
      : work_{work}, observer_{observer}, results_(work.items.size()) {
    for (const auto& item : work.items) {
      auto& at = destinations_.try_emplace({item.target->host.name, item.target->port}).first->second;
      ready_.push_back({ready_.size(), &at});
    }
  }

  /// The signal that ended it, 0 when it came to its end.
  int run() {
    asio::signal_set signals{context_, SIGINT, SIGTERM};
    signals.async_wait([this, &signals](std::error_code error, int number) {
      if (error) return;
      signal_ = number;
      signals.clear();  // a second signal ends the process at once
      for (auto at = tasks_.begin(); at != tasks_.end();) (at++)->emit(asio::cancellation_type::terminal);
    });
    start_what_may(signals);
    context_.run();
    if (failure_) std::rethrow_exception(failure_);
    return signal_;
  }

  std::vector<checks::Investigation> take_results() && {
    std::vector<checks::Investigation> all;
    all.reserve(results_.size());
    for (std::size_t i = 0; i < results_.size(); ++i)
      all.push_back(results_[i] ? std::move(*results_[i])
                                : checks::unmeasured(*work_.items[i].target, *work_.items[i].settings,
                                                     work_.items[i].expected));
    return all;
  }

 private:
  /// A host and port, and who waits until it is asked by fewer.
  struct Destination {
    std::size_t busy = 0;
    std::deque<std::size_t> waiting;
  };
  struct Ready {
    std::size_t index = 0;
    Destination* destination = nullptr;
  };

  void start_what_may(asio::signal_set& signals) {
    while (tasks_.size() < work_.jobs && !ready_.empty() && signal_ == 0) {
      const auto next = ready_.front();
      ready_.pop_front();
      if (next.destination->busy < work_.per_destination)
        start(next, signals);
      else
        next.destination->waiting.push_back(next.index);
    }
    if (tasks_.empty()) signals.cancel();
  }

  void start(Ready next, asio::signal_set& signals) {
    const auto& item = work_.items[next.index];
    ++next.destination->busy;
    const auto task = tasks_.emplace(tasks_.end());
    asio::co_spawn(context_,
                   checks::investigate(*item.target, *item.settings, *item.contexts, observer_, environment_,
                                       item.limits, item.expected),
                   asio::bind_cancellation_slot(
                       task->slot(), [this, next, task, &signals](const std::exception_ptr& failure,
                                                                  checks::Investigation result) {
                         if (failure) failure_ = failure;
                         results_[next.index] = std::move(result);
                         tasks_.erase(task);
                         finish(*next.destination);
                         start_what_may(signals);
                       }));
  }

  /// Who waits for this destination has waited longest.
  void finish(Destination& destination) {
    --destination.busy;
    if (destination.waiting.empty()) return;
    ready_.push_front({destination.waiting.front(), &destination});
    destination.waiting.pop_front();
  }

  const Work& work_;
  checks::Observer& observer_;
  probe::EnvironmentMemory environment_;
  asio::io_context context_{1};
  std::list<asio::cancellation_signal> tasks_;  ///< of the targets that are measured now
  std::vector<std::optional<checks::Investigation>> results_;
  std::map<std::pair<std::string, std::uint16_t>, Destination> destinations_;
  std::deque<Ready> ready_;
  int signal_ = 0;
  std::exception_ptr failure_;
};

}  // namespace

Measured measure(const Work& work, checks::Observer& observer) {
  Measured measured;
  auto& report = measured.report;
  report.run_id = reports::random_uuid();
  report.started = reports::report_time();
  Run run{work, observer};
  measured.signal = run.run();
  report.targets = std::move(run).take_results();
  report.finished = reports::report_time();
  report.complete = measured.signal == 0;
  const auto& environment = report.targets.front().evidence.environment();
  report.vantage = {environment.host, std::nullopt, environment.addresses, {}};
  return measured;
}

Measured measure(const CheckJob& job, probe::TlsContexts& contexts, checks::Observer& observer) {
  Work work;
  for (const auto& target : job.targets)
    work.items.push_back({&target, &job.settings, &contexts, job.limits, {}});
  auto measured = measure(work, observer);
  auto& report = measured.report;
  const auto settings = std::make_shared<const checks::Settings>(job.settings);
  for (auto& target : report.targets) target.settings = settings;
  report.vantage.egress = job.settings.egress;
  if (!job.settings.site.empty()) report.vantage.site = job.settings.site;
  return measured;
}

ExitCode deliver(const Output& output, const Measured& measured, const Variables& variables) {
  return exit_code(measured.signal, deliver(output, measured.report, variables));
}

ExitCode exit_code(int signal, ExitCode otherwise) {
  if (signal == SIGINT) return ExitCode::interrupted;
  if (signal == SIGTERM) return ExitCode::terminated;
  return otherwise;
}

}  // namespace fwprobe::cli
