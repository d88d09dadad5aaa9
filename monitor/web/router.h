#pragma once
// Which answer a request gets: at once, or after the service was asked. Pure.

#include <variant>

#include "monitor/board.h"
#include "monitor/web/probe_request.h"
#include "monitor/web/request.h"

namespace fwprobe::monitor {

enum class HistoryForm : std::uint8_t { page, json };

struct HistoryWanted {
  std::string id;
  probe::WallClock::time_point since{};
  std::size_t limit = 0;
  HistoryForm form = HistoryForm::page;
};
struct ReportWanted {
  std::string id;
};
struct MetricsWanted {};
struct ReloadWanted {};

using Routed = std::variant<Answer, MetricsWanted, HistoryWanted, ReportWanted, ProbeRequest, ReloadWanted>;

Routed route(const Request& request, const Board& board, probe::WallClock::time_point now);

/// The target's place in the plan.
std::optional<std::size_t> place_of(const Board& board, std::string_view id);

}  // namespace fwprobe::monitor
