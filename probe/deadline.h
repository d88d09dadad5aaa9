#pragma once
// Every operation has a deadline; this is how it gets it.

#include <optional>
#include <utility>

#include <asio/awaitable.hpp>
#include <asio/experimental/as_tuple.hpp>
#include <asio/experimental/awaitable_operators.hpp>
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
  using namespace asio::experimental::awaitable_operators;
  asio::steady_timer timer{co_await asio::this_coro::executor, deadline};
  auto outcome = co_await (std::move(operation) || timer.async_wait(asio::use_awaitable));
  if (outcome.index() == 1) co_return std::nullopt;
  co_return std::optional<T>{std::get<0>(std::move(outcome))};
}

}  // namespace fwprobe::probe
