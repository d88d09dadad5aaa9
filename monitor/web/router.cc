#include "monitor/web/router.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "monitor/web/api.h"
#include "monitor/web/status_page.h"
#include "monitor/web/target_page.h"
#include "reports/value_text.h"
#include "text/ascii.h"

namespace fwprobe::monitor {
namespace {

constexpr std::size_t most_targets = 10'000;
constexpr std::size_t most_runs = 10'000;

struct Asked {
  const Request& request;
  const Board& board;
  probe::WallClock::time_point now;
  std::string_view id;  ///< what stands in the path for ID
};

Answer not_found() { return plain(404, "there is nothing here; the targets are at /"); }

Answer unknown_target() { return plain(404, "there is no target of this id; /api/v1/targets lists them"); }

Routed status(const Asked& asked) { return status_page(asked.board, asked.request, asked.now); }

Routed metrics(const Asked&) { return MetricsWanted{}; }

Routed probe_target(const Asked& asked) {
  auto read = read_probe(asked.request, asked.board.plan.web);
  if (!read) return read.error();
  return std::move(*read);
}

Routed page_of_target(const Asked& asked) {
  if (!place_of(asked.board, asked.id)) return unknown_target();
  return HistoryWanted{std::string{asked.id}, {}, runs_of_a_page, HistoryForm::page};
}

Routed report_of_target(const Asked& asked) {
  if (!place_of(asked.board, asked.id)) return unknown_target();
  return ReportWanted{std::string{asked.id}};
}

Routed targets(const Asked& asked) {
  const auto selection = read_selection(asked.request);
  if (!selection) return selection.error();
  const auto limit = read_number(asked.request, "limit", 1, most_targets, 1000);
  if (!limit) return limit.error();
  const auto offset = read_number(asked.request, "offset", 0, most_targets * 1000, 0);
  if (!offset) return offset.error();
  auto places = select(asked.board, *selection).places;
  const auto total = places.size();
  const auto first = std::min(*offset, total);
  places.erase(places.begin(), places.begin() + static_cast<std::ptrdiff_t>(first));
  places.resize(std::min(places.size(), *limit));
  return json_answer(targets_json(asked.board, places, total, *offset));
}

Routed target(const Asked& asked) {
  const auto place = place_of(asked.board, asked.id);
  if (!place) return unknown_target();
  return json_answer(target_json(asked.board, *place));
}

/// RFC 3339 as reports write it, or seconds since the epoch as Prometheus' API has them.
std::optional<probe::WallClock::time_point> read_time(std::string_view text) {
  if (const auto time = reports::time_from(text)) return time;
  const auto seconds = whole_number<std::int64_t>(text);
  if (!seconds || *seconds < 0 || *seconds > 100'000'000'000) return std::nullopt;
  // The clock counts nanoseconds, and ends in 2262.
  return probe::WallClock::time_point{std::chrono::seconds{std::min<std::int64_t>(*seconds, 9'000'000'000)}};
}

Routed history(const Asked& asked) {
  if (!place_of(asked.board, asked.id)) return unknown_target();
  HistoryWanted wanted{std::string{asked.id}, {}, 0, HistoryForm::json};
  if (const auto since = asked.request.parameter("since"); !since.empty()) {
    const auto time = read_time(since);
    if (!time)
      return plain(400, "since is a time such as 2026-01-31T09:30:00.000Z, or seconds since the epoch");
    wanted.since = *time;
  }
  const auto limit = read_number(asked.request, "limit", 1, most_runs, 1000);
  if (!limit) return limit.error();
  wanted.limit = *limit;
  return wanted;
}

Routed alive(const Asked&) { return plain(200, "alive"); }

Routed ready(const Asked& asked) {
  const auto& health = asked.board.health;
  std::string reasons;
  if (health.draining) reasons += "the service is about to end\n";
  if (health.database_trouble)
    reasons += fmt::format("history is not written: {}\n", *health.database_trouble);
  // The old suite still does its work: no reason to take the service away.
  const auto warnings = health.reload_trouble
                            ? fmt::format("warning: the suite was not taken: {}\n", *health.reload_trouble)
                            : "";
  return plain(reasons.empty() ? 200 : 503, (reasons.empty() ? "ready\n" : reasons) + warnings);
}

/// Whether a page of another site made the browser ask (RFC 6454; Fetch Metadata, Sec-Fetch-Site).
bool cross_site(const Request& request) {
  const auto site = request.field("Sec-Fetch-Site");
  if (site && *site != "same-origin" && *site != "none") return true;
  const auto several = std::ranges::count_if(
      request.fields, [](const Field& field) { return equal_ignoring_case(field.name, "Origin"); });
  if (several == 0) return false;
  const auto origin = request.field("Origin");
  const auto host = request.field("Host");
  if (!origin || !host) return true;
  const auto authority = origin->find("://");
  return authority == std::string_view::npos || !equal_ignoring_case(origin->substr(authority + 3), *host);
}

Routed reload(const Asked& asked) {
  if (cross_site(asked.request)) return plain(403, "a page of another site may not ask for this");
  return ReloadWanted{};
}

struct Route {
  std::string_view method;  ///< GET includes HEAD
  std::string_view before;  ///< the path, or what stands before ID
  std::string_view after;   ///< what stands behind ID
  bool has_id;
  Routed (*answer)(const Asked& asked);
};

constexpr std::array routes{
    Route{"GET", "/", "", false, status},
    Route{"GET", "/metrics", "", false, metrics},
    Route{"GET", "/probe", "", false, probe_target},
    Route{"GET", "/targets/", "", true, page_of_target},
    Route{"GET", "/targets/", "/report", true, report_of_target},
    Route{"GET", "/api/v1/targets", "", false, targets},
    Route{"GET", "/api/v1/targets/", "", true, target},
    Route{"GET", "/api/v1/targets/", "/history", true, history},
    Route{"GET", "/healthz", "", false, alive},
    Route{"GET", "/readyz", "", false, ready},
    Route{"POST", "/-/reload", "", false, reload},
};

/// What stands for ID, empty for a route without one; nothing when the path is another's.
std::optional<std::string_view> match(const Route& route, std::string_view path) {
  if (!route.has_id) return path == route.before ? std::optional{std::string_view{}} : std::nullopt;
  if (!path.starts_with(route.before)) return std::nullopt;
  path.remove_prefix(route.before.size());
  if (!path.ends_with(route.after)) return std::nullopt;
  path.remove_suffix(route.after.size());
  if (path.empty() || path.find('/') != std::string_view::npos) return std::nullopt;
  return path;
}

}  // namespace

std::optional<std::size_t> place_of(const Board& board, std::string_view id) {
  const auto at =
      std::ranges::find(board.plan.targets, id, [](const Watched& one) { return std::string_view{one.id}; });
  if (at == board.plan.targets.end()) return std::nullopt;
  return static_cast<std::size_t>(at - board.plan.targets.begin());
}

Routed route(const Request& request, const Board& board, probe::WallClock::time_point now) {
  const auto method = request.method == "HEAD" ? std::string_view{"GET"} : std::string_view{request.method};
  for (const auto& one : routes) {
    const auto id = match(one, request.path);
    if (!id) continue;
    if (method == one.method) return one.answer({request, board, now, *id});
    auto answer = plain(405, fmt::format("the method here is {}", one.method));
    answer.fields.emplace_back("Allow", one.method == "GET" ? "GET, HEAD" : std::string{one.method});
    return answer;
  }
  return not_found();
}

}  // namespace fwprobe::monitor
