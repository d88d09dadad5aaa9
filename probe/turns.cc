#include "probe/turns.h"

#include "probe/deadline.h"

namespace fwprobe::probe {

/// On the frame of a coroutine that waits. Its end (also by cancellation) takes it out of the queue, or hands
/// on a turn that it was given and did not use.
struct Turns::Waiter {
  Waiter(Turns& owner, Clock::time_point deadline) : turns{owner}, event{owner.executor_, deadline} {
    place = turns.waiters_.insert(turns.waiters_.end(), this);
  }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;
  ~Waiter() {
    if (granted)
      turns.give_back();
    else if (waits)
      turns.waiters_.erase(place);
  }

  /// The timer is the deadline and the event at once: cancelled, it wakes the coroutine.
  void wake(bool with_turn) {
    waits = false;
    granted = with_turn;
    event.cancel();
  }

  Turns& turns;
  asio::steady_timer event;
  std::list<Waiter*>::iterator place;
  bool waits = true;
  bool granted = false;
};

std::optional<Turns::Turn> Turns::try_take() {
  if (closed_ || free_ == 0) return std::nullopt;
  --free_;
  return Turn{*this};
}

asio::awaitable<std::optional<Turns::Turn>> Turns::take(Clock::time_point deadline) {
  if (auto turn = try_take(); turn || closed_) co_return turn;
  Waiter waiter{*this, deadline};
  co_await waiter.event.async_wait(as_result);
  // A turn may come between the deadline and this line; the waiter hands it on.
  if (!waiter.granted || Clock::now() >= deadline) co_return std::nullopt;
  waiter.granted = false;
  co_return Turn{*this};
}

void Turns::close() {
  closed_ = true;
  while (!waiters_.empty()) {
    auto* waiter = waiters_.front();
    waiters_.pop_front();
    waiter->wake(false);
  }
}

void Turns::give_back() {
  if (waiters_.empty()) {
    ++free_;
    return;
  }
  auto* waiter = waiters_.front();
  waiters_.pop_front();
  waiter->wake(true);
}

}  // namespace fwprobe::probe
