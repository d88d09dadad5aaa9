#pragma once
// Coroutines that run beside each other on one executor and end together: nothing is detached.

#include <exception>
#include <list>

#include <asio/awaitable.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/steady_timer.hpp>

#include "probe/deadline.h"

namespace fwprobe::monitor {

class Tasks {
 public:
  explicit Tasks(const asio::any_io_executor& executor) : idle_{executor} {}

  /// What it throws ends the program, but for what a cancellation makes it throw.
  void spawn(asio::awaitable<void> task) {
    const auto place = cancels_.emplace(cancels_.end());
    asio::co_spawn(
        idle_.get_executor(), std::move(task),
        asio::bind_cancellation_slot(place->slot(), [this, place](const std::exception_ptr& failure) {
          cancels_.erase(place);
          if (cancels_.empty()) idle_.cancel();
          if (failure && !cancelled_) std::rethrow_exception(failure);
        }));
  }

  std::size_t count() const { return cancels_.size(); }

  void cancel() {
    cancelled_ = true;
    for (auto at = cancels_.begin(); at != cancels_.end();) (at++)->emit(asio::cancellation_type::terminal);
  }

  /// False: some are left at `deadline`.
  asio::awaitable<bool> ended(probe::Clock::time_point deadline = probe::Clock::time_point::max()) {
    while (!cancels_.empty() && probe::Clock::now() < deadline) {
      idle_.expires_at(deadline);
      co_await idle_.async_wait(probe::as_result);
    }
    co_return cancels_.empty();
  }

 private:
  asio::steady_timer idle_;  ///< cancelled when the last one ends
  std::list<asio::cancellation_signal> cancels_;
  bool cancelled_ = false;
};

}  // namespace fwprobe::monitor
