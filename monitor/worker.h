#pragma once
// A thread with an io_context of its own, and the way to have work done there and to go on here with the
// answer. Values are handed over by posting; nothing is shared but what is said below.

#include <csignal>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>

#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/awaitable.hpp>
#include <asio/error.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/use_awaitable.hpp>
#include <pthread.h>

namespace fwprobe::monitor {

class Worker {
 public:
  Worker() : thread_{start()} {}
  /// Ends when all work is done.
  ~Worker() { join(); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  asio::io_context& context() { return context_; }
  void join() {
    guard_.reset();
    if (thread_.joinable()) thread_.join();
  }

 private:
  /// Signals are for the control thread: here one would end a system call with EINTR.
  std::thread start() {
    sigset_t all{}, before{};
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread thread{[this] { context_.run(); }};
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return thread;
  }

  asio::io_context context_{1};
  asio::executor_work_guard<asio::io_context::executor_type> guard_ = asio::make_work_guard(context_);
  std::thread thread_;
};

/// What `function` returns, called on `there`. The caller's cancellation ends the wait at once with
/// operation_aborted; the answer is then thrown away when it comes, so `function` holds values only.
template <typename Function, typename Result = std::invoke_result_t<Function&>>
asio::awaitable<Result> answer_from(asio::io_context& there, Function function) {
  using Signature = void(std::exception_ptr, Result);
  co_return co_await asio::async_initiate<const asio::use_awaitable_t<>, Signature>(
      [&there](auto handler, Function work) {
        using Handler = decltype(handler);
        const auto here = asio::get_associated_executor(handler);
        auto slot = asio::get_associated_cancellation_slot(handler);
        // Looked into and moved from by `here`'s thread only; both threads hold it.
        auto waiting = std::make_shared<std::optional<Handler>>(std::move(handler));
        if (slot.is_connected())
          slot.assign([waiting, here](asio::cancellation_type) {
            asio::post(here, [waiting] {
              if (!*waiting) return;
              auto taken = std::exchange(*waiting, std::nullopt);
              std::move (*taken)(std::make_exception_ptr(std::system_error{asio::error::operation_aborted}),
                                 Result{});
            });
          });
        asio::post(
            there, [waiting, here, kept = asio::make_work_guard(here), work = std::move(work)]() mutable {
              std::exception_ptr failure;
              Result result{};
              try {
                result = work();
              } catch (...) {
                failure = std::current_exception();
              }
              asio::post(here, [waiting = std::move(waiting), failure, result = std::move(result)]() mutable {
                if (!*waiting) return;
                auto taken = std::exchange(*waiting, std::nullopt);
                std::move (*taken)(failure, std::move(result));
              });
            });
      },
      asio::use_awaitable, std::move(function));
}

}  // namespace fwprobe::monitor
