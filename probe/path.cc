#include "probe/path.h"

#include <algorithm>
#include <deque>
#include <list>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/steady_timer.hpp>

#include "probe/deadline.h"
#include "probe/path_step.h"

namespace fwprobe::probe {
namespace {

using namespace std::chrono_literals;

constexpr auto pace = 1ms;           ///< between two packets: no burst that a router would count as a flood
constexpr auto retransmission = 1s;  ///< of a SYN, RFC 6298 §2.1
constexpr auto shortest_patience = 200ms;  ///< routers answer by their slow path
/// Two traces of SYNs go to one address at the same time, the port's and its control's: together 40.
constexpr std::size_t most_in_flight = 20;

bool is_end(const PathStep& step) {
  return step.answer != StepAnswer::silence && step.answer != StepAnswer::expired &&
         step.answer != StepAnswer::not_sent;
}

}  // namespace

/// All steps of one trace. They run at the same time on one executor; no step outlives the last next().
class PathTracer::Sweep {
 public:
  Sweep(PathQuestion question, TcpSource source, Clock::duration timeout, std::string hello)
      : question_{std::move(question)},
        source_{std::move(source)},
        timeout_{timeout},
        hello_{std::move(hello)} {}

  awaitable<std::optional<PathStep>> next() {
    co_await asio::this_coro::throw_if_cancelled(false);
    if (!changed_) changed_.emplace(co_await asio::this_coro::executor);
    auto state = co_await asio::this_coro::cancellation_state;
    while (answered_.empty() && !stopping_) {
      news_ = false;
      const bool cancelled = state.cancelled() != asio::cancellation_type::none;
      const auto until = cancelled ? std::nullopt : advance(changed_->get_executor());
      if (!until) {
        co_await stop();
        break;
      }
      changed_->expires_at(*until);
      if (!news_) co_await changed_->async_wait(as_result);
      state = co_await asio::this_coro::cancellation_state;
    }
    if (failure_) std::rethrow_exception(failure_);
    if (answered_.empty()) co_return std::nullopt;
    auto step = std::move(answered_.front());
    answered_.pop_front();
    co_return step;
  }

  PathTrace take() && {
    PathTrace trace{std::move(question_), {steps_.begin(), steps_.end()}};
    std::ranges::sort(trace.steps, {}, [](const auto& step) { return std::pair{step.lifetime, step.after}; });
    return trace;
  }

 private:
  struct Packet {
    asio::cancellation_signal cancel;
    bool given_up = false;
  };

  /// Ends every packet that still waits for its answer.
  awaitable<void> stop() {
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    stopping_ = true;
    give_up_from(in_flight_.begin());
    while (!in_flight_.empty()) {
      changed_->expires_at(Clock::time_point::max());
      co_await changed_->async_wait(as_result);
    }
  }

  /// Sends what is due; returns when to look again at the latest, or nothing when all is said.
  template <typename Executor>
  std::optional<Clock::time_point> advance(const Executor& executor) {
    const auto now = Clock::now();
    if (now >= deadline_) return {};
    const auto end = nearest_end();
    if (!again_.empty()) {
      if (now >= due_) {
        send(again_.front(), executor);
        again_.pop_front();
      }
      return std::min(due_, deadline_);
    }
    if (next_lifetime_ <= question_.hops && next_lifetime_ < end) {
      if (in_flight_.size() >= most_in_flight) return make_room(now);
      if (now >= due_) send(next_lifetime_++, executor);
      return std::min(due_, deadline_);
    }
    auto open = silent_before(std::min(end, question_.hops + 1));
    if (open.empty()) return {};
    if (end > question_.hops) {  // Nothing conclusive yet: each packet is worth one retransmission.
      const auto until = std::max(last_event_, last_start_ + retransmission) + patience();
      if (now >= until) return {};
      return std::min(until, deadline_);
    }
    const auto until = last_event_ + patience();
    if (now < until) return std::min(until, deadline_);
    if (retried_) return {};
    retried_ = true;
    // The ones that border on the end matter most.
    const auto room = most_in_flight - std::min(most_in_flight, in_flight_.size());
    if (open.size() > room) open.erase(open.begin(), open.end() - static_cast<std::ptrdiff_t>(room));
    again_.assign(open.begin(), open.end());
    return now;
  }

  /// Silent hops keep the next ones waiting until their answers are overdue. Then the furthest give way: the
  /// nearer ones border on what is known, and keep the kernel's retransmission.
  Clock::time_point make_room(Clock::time_point now) {
    const auto until = last_start_ + patience();
    if (now < until) return std::min(until, deadline_);
    give_up_from(std::prev(in_flight_.end(), most_in_flight / 2));
    return deadline_;  // their end is news
  }

  void give_up_from(std::list<Packet>::iterator at) {
    while (at != in_flight_.end()) {
      const auto packet = at++;
      packet->given_up = true;
      packet->cancel.emit(asio::cancellation_type::terminal);
    }
  }

  template <typename Executor>
  void send(int lifetime, const Executor& executor) {
    auto& step = steps_.emplace_back(PathStep{lifetime, StepAnswer::silence, {}, {}, {}});
    auto& packet = in_flight_.emplace_back();
    last_start_ = last_event_ = Clock::now();
    due_ = last_start_ + pace;
    asio::co_spawn(executor, take_step(step, question_, source_, hello_, timeout_),
                   asio::bind_cancellation_slot(
                       packet.cancel.slot(), [this, &step, &packet](const std::exception_ptr& failure) {
                         if (failure && !packet.given_up) failure_ = failure;
                         if (step.answer != StepAnswer::silence) answered_.push_back(step);
                         in_flight_.remove_if([&](const auto& other) { return &other == &packet; });
                         last_event_ = Clock::now();
                         news_ = true;
                         changed_->cancel();
                       }));
  }

  /// The shortest lifetime that drew another answer than `expired`; behind all hops when there is none.
  int nearest_end() const {
    int nearest = question_.hops + 1;
    for (const auto& step : steps_)
      if (is_end(step)) nearest = std::min(nearest, step.lifetime);
    return nearest;
  }

  /// The nearest first.
  std::vector<int> silent_before(int end) const {
    std::vector<int> open;
    for (int lifetime = 1; lifetime < end; ++lifetime)
      if (std::ranges::none_of(steps_, [&](const auto& step) {
            return step.lifetime == lifetime && step.answer != StepAnswer::silence;
          }))
        open.push_back(lifetime);
    return open;
  }

  /// How long an answer may still be under way: twice the slowest that came.
  Clock::duration patience() const {
    Clock::duration slowest{};
    for (const auto& step : steps_) slowest = std::max(slowest, step.after);
    return std::max<Clock::duration>(2 * std::min<Clock::duration>(slowest, retransmission),
                                     shortest_patience);
  }

  PathQuestion question_;
  const TcpSource source_;
  const Clock::duration timeout_;
  const std::string hello_;
  const Clock::time_point deadline_ = Clock::now() + timeout_;

  std::deque<PathStep> steps_;  // stable addresses while it grows
  std::list<Packet> in_flight_;
  std::deque<PathStep> answered_;  ///< not given by next() yet
  std::optional<asio::steady_timer> changed_;
  int next_lifetime_ = 1;
  std::deque<int> again_;  ///< lifetimes to send over a second flow
  std::exception_ptr failure_;
  bool news_ = false;  ///< a step ended since advance() looked
  bool stopping_ = false;
  bool retried_ = false;
  Clock::time_point due_ = Clock::now();
  Clock::time_point last_start_ = Clock::now();
  Clock::time_point last_event_ = Clock::now();
};

PathTracer::PathTracer(PathQuestion question, TcpSource source, Clock::duration timeout, std::string hello)
    : sweep_{std::make_unique<Sweep>(std::move(question), std::move(source), timeout, std::move(hello))} {}
PathTracer::PathTracer(PathTracer&&) noexcept = default;
PathTracer& PathTracer::operator=(PathTracer&&) noexcept = default;
PathTracer::~PathTracer() = default;

awaitable<std::optional<PathStep>> PathTracer::next() { return sweep_->next(); }

PathTrace PathTracer::take() && { return std::move(*sweep_).take(); }

awaitable<PathTrace> trace_path(PathQuestion question, TcpSource source, Clock::duration timeout,
                                std::string hello) {
  PathTracer tracer{std::move(question), std::move(source), timeout, std::move(hello)};
  for (auto step = co_await tracer.next(); step;) step = co_await tracer.next();
  co_return std::move(tracer).take();
}

}  // namespace fwprobe::probe
