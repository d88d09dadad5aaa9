#pragma once
// Sends what waits, for as long as the service runs: one message for each receiver at a time, receivers
// beside one another.

#include <chrono>
#include <concepts>
#include <random>

#include <asio/steady_timer.hpp>

#include "monitor/log.h"
#include "monitor/notices/delivery.h"
#include "monitor/notices/dispatcher.h"
#include "monitor/tasks.h"
#include "probe/deadline.h"

namespace fwprobe::monitor {

/// Where notices wait until they are sent: Store, or memory.
template <typename T>
concept NoticeQueue =
    requires(T& queue, std::int64_t id, probe::WallClock::time_point time, std::size_t limit) {
      { queue.take_due(time, limit) } -> std::same_as<asio::awaitable<std::vector<QueuedNotice>>>;
      queue.done(id);
      queue.retry(id, time);
    };

/// What sending needs of the service: Service, or a test's.
template <typename T>
concept NoticeService = requires(T& service, std::uint64_t count) {
  { service.board() } -> std::convertible_to<const Board&>;
  { service.store() } -> NoticeQueue;
  { service.log() } -> std::convertible_to<Log&>;
  service.count_notices(count, count);
};

template <NoticeService Service>
class NoticeSender {
 public:
  NoticeSender(Service& service, const asio::any_io_executor& executor)
      : service_{service}, tick_{executor}, tasks_{executor} {}

  /// Until it is cancelled. What is under way then is told again after the next start.
  asio::awaitable<void> run() {
    co_await asio::this_coro::throw_if_cancelled(false);
    while (true) {
      co_await send_due();
      tick_.expires_after(std::chrono::seconds{1});
      co_await tick_.async_wait(probe::as_result);
      const auto state = co_await asio::this_coro::cancellation_state;
      if (state.cancelled() != asio::cancellation_type::none) break;
    }
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    tasks_.cancel();
    co_await tasks_.ended();
  }

 private:
  asio::awaitable<void> send_due() {
    const auto& notices = service_.board().plan.notices;
    std::vector<QueuedNotice> waiting;
    if (dispatcher_.looks_at_queue(notices, probe::Clock::now()))
      waiting = co_await service_.store().take_due(probe::WallClock::now() + notices.group_wait,
                                                   notices.queue_limit);
    auto round = dispatcher_.next(service_.board(), waiting, {probe::WallClock::now(), probe::Clock::now()});
    for (const auto id : round.lost) service_.store().done(id);
    if (!round.lost.empty()) service_.count_notices(0, round.lost.size());
    for (auto& message : round.messages) tasks_.spawn(send(std::move(message)));
  }

  asio::awaitable<void> send(Message message) {
    Attempt attempt;
    try {
      attempt = co_await deliver(message.receiver, std::move(message.body));
    } catch (const std::exception& error) {
      attempt.trouble = error.what();
    }
    const auto state = co_await asio::this_coro::cancellation_state;
    if (state.cancelled() != asio::cancellation_type::none)
      co_return;  // this end says nothing of the receiver
    const auto settled = dispatcher_.settle(message, attempt, probe::Clock::now(), jitter_(random_));
    for (const auto id : settled.done) service_.store().done(id);
    const auto again = probe::WallClock::now() + settled.retry_in;
    for (const auto id : settled.again) service_.store().retry(id, again);
    service_.count_notices(attempt.taken() ? 1 : 0, attempt.taken() ? 0 : 1);
    if (!attempt.taken()) log_failure(message, attempt, settled);
    tick_.cancel();  // there may be more for this receiver
  }

  void log_failure(const Message& message, const Attempt& attempt, const Settled& settled) {
    const std::int64_t seconds = std::chrono::ceil<std::chrono::seconds>(settled.retry_in).count();
    service_.log().write(LogLevel::warn, "notice failed",
                         {{"receiver", message.receiver.name},
                          {"trouble", attempt.trouble},
                          {"given_up", static_cast<std::int64_t>(settled.done.size())},
                          {"retry_in_seconds", seconds}});
  }

  Service& service_;
  Dispatcher dispatcher_;
  std::minstd_rand random_{std::random_device{}()};
  std::uniform_real_distribution<double> jitter_{0, 1};
  asio::steady_timer tick_;
  Tasks tasks_;
};

/// Beside the service, for as long as it runs (Service::accompany).
template <NoticeService Service>
asio::awaitable<void> send_notices(Service& service) {
  NoticeSender<Service> sender{service, co_await asio::this_coro::executor};
  co_await sender.run();
}

}  // namespace fwprobe::monitor
