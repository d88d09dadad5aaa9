#pragma once
// A bounded number of things at once, first come, first served; whoever waits costs nothing meanwhile.

#include <cstddef>
#include <list>
#include <optional>
#include <utility>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include "probe/clock.h"

namespace fwprobe::probe {

class Turns {
 public:
  /// Given back at its end. Must not outlive its Turns.
  class Turn {
   public:
    explicit Turn(Turns& turns) : turns_{&turns} {}
    Turn(Turn&& other) noexcept : turns_{std::exchange(other.turns_, nullptr)} {}
    Turn& operator=(Turn&& other) noexcept {
      std::swap(turns_, other.turns_);
      return *this;
    }
    ~Turn() {
      if (turns_ != nullptr) turns_->give_back();
    }

   private:
    Turns* turns_;
  };

  Turns(asio::any_io_executor executor, std::size_t count) : executor_{std::move(executor)}, free_{count} {}
  Turns(const Turns&) = delete;
  Turns& operator=(const Turns&) = delete;

  /// A turn when one is free.
  std::optional<Turn> try_take();
  /// Nothing when `deadline` or a cancellation came first, or the turns were closed.
  asio::awaitable<std::optional<Turn>> take(Clock::time_point deadline);
  /// Ends the wait of all that wait; nobody gets a turn any more.
  void close();

 private:
  struct Waiter;
  void give_back();

  asio::any_io_executor executor_;
  std::size_t free_;
  bool closed_ = false;
  std::list<Waiter*> waiters_;
};

}  // namespace fwprobe::probe
