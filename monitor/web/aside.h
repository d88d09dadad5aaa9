#pragma once
// Work that would hold up the control thread.

#include <cstddef>
#include <optional>
#include <type_traits>

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_awaitable.hpp>

namespace fwprobe::monitor {

/// Counts as one for as long as it lives.
class Counted {
 public:
  explicit Counted(std::size_t& count) : count_{count} { ++count_; }
  ~Counted() { --count_; }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  std::size_t& count_;
};

/// One piece of work at a time, on a thread of its own; few may wait.
class Aside {
 public:
  explicit Aside(std::size_t most) : most_{most} {}

  /// `work` takes nothing and returns a value; what it refers to outlives the returned coroutine. Nothing
  /// when too much waits already.
  template <typename Work>
  asio::awaitable<std::optional<std::invoke_result_t<Work>>> run(Work work) {
    if (waiting_ >= most_) co_return std::nullopt;
    const Counted waiting{waiting_};
    auto result = co_await asio::co_spawn(thread_, once(std::move(work)), asio::use_awaitable);
    co_return std::optional{std::move(result)};
  }

 private:
  template <typename Work>
  static asio::awaitable<std::invoke_result_t<Work>> once(Work work) {
    co_return work();
  }

  std::size_t most_;
  std::size_t waiting_ = 0;
  asio::thread_pool thread_{1};
};

}  // namespace fwprobe::monitor
