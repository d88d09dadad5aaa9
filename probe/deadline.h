#pragma once
// Every operation has a deadline; this is how it gets it.

#include <exception>
#include <optional>
#include <utility>

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/experimental/as_tuple.hpp>
#include <asio/experimental/deferred.hpp>
#include <asio/experimental/parallel_group.hpp>
#include <asio/steady_timer.hpp>
#include <asio/this_coro.hpp>
#include <asio/use_awaitable.hpp>

#include "probe/clock.h"

namespace fwprobe::probe {

using asio::awaitable;

/// Completion token for operations that report their error as a value: `auto [error, n] = co_await …`.
inline constexpr asio::experimental::as_tuple_t<asio::use_awaitable_t<>> as_result{};

/// The result of `operation`, or nothing when `deadline` came first; the operation is then cancelled and
/// over. `operation` reports its own errors as values and does not throw.
template <typename T>
awaitable<std::optional<T>> within(Clock::time_point deadline, awaitable<T> operation) {
  using namespace asio::experimental;
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer{executor, deadline};
  // Asio's operator|| says the same, with an exception for each timer that was not needed.
  auto [order, failure, result, no_time] =
      co_await make_parallel_group(asio::co_spawn(executor, std::move(operation), deferred),
                                   timer.async_wait(deferred))
          .async_wait(wait_for_one{}, asio::use_awaitable);
  if (order[0] == 1 && !no_time) co_return std::nullopt;
  if (failure) std::rethrow_exception(failure);
  co_return std::move(result);
}

}  // namespace fwprobe::probe
