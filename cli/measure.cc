#include "cli/measure.h"

#include <csignal>
#include <exception>
#include <list>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>

#include "cli/deliver.h"
#include "reports/run_mark.h"

namespace fwprobe::cli {
namespace {

/// Targets of one command line that are measured at the same time.
constexpr std::size_t max_concurrent = 16;

/// All targets, at most max_concurrent at once, until done or a signal comes.
class Run {
 public:
  Run(const CheckJob& job, probe::TlsContexts& contexts, checks::Observer& observer)
      : job_{job}, contexts_{contexts}, observer_{observer}, results_(job.targets.size()) {}

  /// The signal that ended it, 0 when it came to its end.
  int run() {
    asio::signal_set signals{context_, SIGINT, SIGTERM};
    signals.async_wait([this, &signals](std::error_code error, int number) {
      if (error) return;
      signal_ = number;
      signals.clear();  // a second signal ends the process at once
      for (auto& task : tasks_) task.emit(asio::cancellation_type::terminal);
    });
    for (std::size_t n = 0; n < std::min(max_concurrent, job_.targets.size()); ++n) start_next(signals);
    context_.run();
    if (failure_) std::rethrow_exception(failure_);
    return signal_;
  }

  std::vector<checks::Investigation> take_results() && {
    std::vector<checks::Investigation> all;
    for (std::size_t i = 0; i < results_.size(); ++i)
      all.push_back(results_[i] ? std::move(*results_[i]) : unstarted(i));
    return all;
  }

 private:
  checks::Investigation unstarted(std::size_t index) const {
    checks::Investigation investigation;
    investigation.target = job_.targets[index];
    investigation.complete = false;
    checks::conclude(investigation, job_.settings);
    return investigation;
  }

  void start_next(asio::signal_set& signals) {
    if (next_ == job_.targets.size() || signal_ != 0) {
      if (running_ == 0) signals.cancel();
      return;
    }
    const auto index = next_++;
    ++running_;
    auto& task = tasks_.emplace_back();
    asio::co_spawn(
        context_, checks::investigate(job_.targets[index], job_.settings, contexts_, observer_, job_.limits),
        asio::bind_cancellation_slot(task.slot(), [this, index, &signals](const std::exception_ptr& failure,
                                                                          checks::Investigation result) {
          if (failure) failure_ = failure;
          results_[index] = std::move(result);
          --running_;
          start_next(signals);
        }));
  }

  const CheckJob& job_;
  probe::TlsContexts& contexts_;
  checks::Observer& observer_;
  asio::io_context context_{1};
  std::list<asio::cancellation_signal> tasks_;
  std::vector<std::optional<checks::Investigation>> results_;
  std::size_t next_ = 0;
  std::size_t running_ = 0;
  int signal_ = 0;
  std::exception_ptr failure_;
};

}  // namespace

Measured measure(const CheckJob& job, probe::TlsContexts& contexts, checks::Observer& observer) {
  Measured measured;
  auto& report = measured.report;
  report.run_id = reports::random_uuid();
  report.started = reports::report_time();
  Run run{job, contexts, observer};
  measured.signal = run.run();
  report.targets = std::move(run).take_results();
  const auto settings = std::make_shared<const checks::Settings>(job.settings);
  for (auto& target : report.targets) target.settings = settings;
  report.finished = reports::report_time();
  report.complete = measured.signal == 0;
  const auto& environment = report.targets.front().evidence.environment();
  report.vantage = {environment.host, std::nullopt, environment.addresses, job.settings.egress};
  if (!job.settings.site.empty()) report.vantage.site = job.settings.site;
  return measured;
}

ExitCode deliver(const CheckJob& job, const Measured& measured, const Variables& variables) {
  return exit_code(measured.signal, deliver(job.output, measured.report, variables));
}

ExitCode exit_code(int signal, ExitCode otherwise) {
  if (signal == SIGINT) return ExitCode::interrupted;
  if (signal == SIGTERM) return ExitCode::terminated;
  return otherwise;
}

}  // namespace fwprobe::cli
