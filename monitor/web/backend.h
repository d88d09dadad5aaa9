#pragma once
// What the HTTP side needs of the service. All of it is called on the control thread, which answers too.

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include <asio/awaitable.hpp>

#include "checks/investigation.h"
#include "monitor/board.h"
#include "probe/clock.h"

namespace fwprobe::monitor {

class Backend {
 public:
  virtual ~Backend() = default;
  virtual const Board& board() const = 0;
  /// Newest first; the error says why the history cannot be read.
  virtual asio::awaitable<std::expected<std::vector<Outcome>, std::string>> history(
      std::string id, probe::WallClock::time_point since, std::size_t limit) = 0;
  /// The last full report that was kept, a document of fwprobe/report/v1; none: none yet.
  virtual asio::awaitable<std::expected<std::optional<std::string>, std::string>> report(std::string id) = 0;
  /// What is measured by `until` is judged.
  virtual asio::awaitable<checks::Investigation> probe(checks::Target target, Manner manner,
                                                       probe::Clock::time_point until) = 0;
  /// A bad suite keeps the old one; the error says why.
  virtual asio::awaitable<std::expected<void, std::string>> reload() = 0;
};

}  // namespace fwprobe::monitor
