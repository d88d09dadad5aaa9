#pragma once
// `fwprobe serve`: every target of the plan is measured when it is due, and the board says what is known. It
// lives on one thread, the control thread, and so does all that uses it: pages, metrics, notices.

#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <asio/awaitable.hpp>
#include <asio/io_context.hpp>

#include "monitor/board.h"
#include "monitor/log.h"
#include "monitor/measuring.h"
#include "monitor/service_manager.h"
#include "monitor/store.h"

namespace fwprobe::monitor {

struct ServiceParts {
  /// Reads the plan anew, on a thread of its own. The error says what is wrong, where, and what would be
  /// right.
  std::function<std::expected<Plan, std::string>()> read_plan;
  /// What receivers are told of a change; they are queued with it, both or neither. The board holds the
  /// change already. Pure.
  std::function<std::vector<Notice>(const Board&, std::size_t target, const Change&)> notices_of;
  Log log;
  ServiceManager manager;
  std::chrono::milliseconds drain{10'000};  ///< running measurements are waited for so long at the end
};

class Service {
 public:
  Service(Plan plan, ServiceParts parts);
  ~Service();
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// The control thread's: whoever serves or sends works on it.
  asio::io_context& context();
  const Board& board() const;
  /// Raised by every reload that was taken: whoever keeps something made of the plan makes it anew.
  std::uint64_t generation() const;
  /// Returns when the next plan was taken.
  asio::awaitable<void> reloaded();
  Store& store();
  Measuring& measuring();
  Log& log();
  /// Counters of the notices that were sent and failed live in the board's health.
  void count_notices(std::uint64_t sent, std::uint64_t failed);

  /// A bad plan keeps the old one; the error says why (also on the board).
  asio::awaitable<std::expected<void, std::string>> reload();

  /// Runs beside the service on its context, until it ends or run() does: then it is cancelled and waited
  /// for.
  void accompany(asio::awaitable<void> companion);

  /// Until SIGTERM or SIGINT, or stop(): no new runs, running ones are waited for, all is written. The
  /// signal, 0 for stop().
  int run();
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fwprobe::monitor
