#pragma once
// Very many connection attempts, each as light as the kernel lets it be: connected is all that is asked, and
// then the connection is closed. One conversation is probe/tcp.h's.

#include <cstddef>
#include <memory>
#include <optional>
#include <variant>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>

#include "probe/tcp.h"

namespace fwprobe::probe {

struct SweepLimits {
  std::size_t at_once = 1000;   ///< connections under way: descriptors, and entries in the firewalls' tables
  std::size_t per_address = 4;  ///< of those, to one address
  std::size_t per_second = 1000;  ///< started within any second; so many may start together
  Clock::duration timeout = std::chrono::seconds{5};
  Clock::duration patience = std::chrono::seconds{1};  ///< until a silent attempt is told of as overdue
};

struct SweepAttempt {
  std::size_t index = 0;  ///< as add() gave it
  TcpConnect fact;        ///< of TCP_INFO, only the SYNs that were sent again, and those only of failures
  Clock::duration elapsed{};
};

/// An attempt that has had no answer yet, which is told of once, a little late where others are overdue soon.
struct SweepOverdue {
  std::size_t index = 0;
};

using SweepEvent = std::variant<SweepAttempt, SweepOverdue>;

/// Attempts start in the order in which they were added, but for those that wait for others to the same
/// address. Where descriptors, ports or memory run out, the sweep goes on with as many at once as there were;
/// an attempt that fails for it although no other is under way fails with that errno.
///
///   while (!sweep.idle())
///     if (const auto event = co_await sweep.next()) record(*event);
class ConnectSweep {
 public:
  ConnectSweep(const asio::any_io_executor& executor, TcpSource source, SweepLimits limits);
  ConnectSweep(ConnectSweep&&) noexcept;
  ConnectSweep& operator=(ConnectSweep&&) noexcept;
  ~ConnectSweep();

  /// Gives 0, 1, 2, …
  std::size_t add(const asio::ip::tcp::endpoint& remote);
  /// The next attempt that ended or is overdue. Nothing: all have ended, wake() was called, or it was
  /// cancelled.
  asio::awaitable<std::optional<SweepEvent>> next();
  /// Makes a next() that waits return.
  void wake();
  /// Nothing is under way and nothing waits for its turn.
  bool idle() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fwprobe::probe
