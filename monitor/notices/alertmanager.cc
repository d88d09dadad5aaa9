#include "monitor/notices/alertmanager.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "monitor/notices/digest.h"
#include "reports/escape.h"
#include "reports/value_text.h"

namespace fwprobe::monitor {
namespace {

using Json = nlohmann::ordered_json;
using probe::WallClock;

std::string_view severity(const Verdict& verdict) {
  // What could not be measured may be well.
  const bool sure = concern(verdict) == Concern::failure && verdict.status != checks::Status::error;
  return sure ? "critical" : "warning";
}

Json labels(const Alert& alert, const Board& board) {
  const auto& watched = *alert.watched;
  const auto& verdict = *alert.verdict;
  Json labels = Json::object();
  // An empty label is none to Alertmanager.
  const auto add = [&](const char* name, std::string_view value) {
    if (!value.empty()) labels[name] = reports::printable(value, 200);
  };
  add("alertname", concern(verdict) == Concern::failure ? "FwprobeTargetFailed" : "FwprobeTargetWarns");
  add("severity", severity(verdict));
  add("target", watched.id);
  add("name", watched.name);
  add("group", watched.group);
  add("status", checks::name(verdict.status));
  add("cause", checks::code_of(verdict.cause));
  add("site", board.plan.site);
  return labels;
}

Json annotations(const Alert& alert) {
  const auto& watched = *alert.watched;
  Json annotations{
      {"summary", reports::printable(fmt::format("{}: {}", watched.name, verdict_text(*alert.verdict)))},
      {"description", reports::printable(alert.summary)},
      {"address", reports::printable(watched.target.text())}};
  if (alert.verdict->cause) {
    const auto& why = checks::row(*alert.verdict->cause);
    annotations["title"] = why.title;
    annotations["responsible"] = checks::name(why.responsible);
    annotations["explain"] = fmt::format("fwprobe explain {}", why.code);
  }
  return annotations;
}

/// The alerts of one target: that of its state, and those that earlier states ended with.
void add_alerts(std::vector<Alert>& alerts, const Watched& watched, const TargetState& state,
                WallClock::time_point now) {
  if (!state.confirmed) return;
  std::set<std::string> told;
  const auto& changes = state.changes;
  if (concern(*state.confirmed) != Concern::none) {
    const std::string_view summary = !changes.empty() ? std::string_view{changes.front().summary}
                                     : state.last     ? std::string_view{state.last->summary}
                                                      : std::string_view{};
    alerts.push_back({&watched, &*state.confirmed, summary, state.since, {}});
    told.insert(alerts.back().key());
  }
  for (std::size_t i = 1; i < changes.size(); ++i) {
    const auto ended = changes[i - 1].at;
    // A change is known some runs after it began.
    if (ended + std::max<WallClock::duration>(alert_end_told, 3 * watched.interval) < now) return;
    if (concern(changes[i].to) == Concern::none) continue;
    const Alert alert{&watched, &changes[i].to, changes[i].summary, changes[i].at, ended};
    if (told.insert(alert.key()).second) alerts.push_back(alert);
  }
}

}  // namespace

std::string Alert::key() const {
  return fmt::format("{} {} {} {}", watched->id, checks::name(verdict->status), verdict->as_expected,
                     checks::code_of(verdict->cause));
}

std::vector<Alert> alerts_of(const Board& board, const Receiver& receiver, WallClock::time_point now) {
  std::vector<Alert> alerts;
  for (std::size_t i = 0; i < board.plan.targets.size(); ++i)
    if (wants(receiver, board.plan.targets[i]))
      add_alerts(alerts, board.plan.targets[i], board.states.at(i), now);
  return alerts;
}

std::string render_alerts(std::span<const Alert> alerts, const Board& board, WallClock::time_point now) {
  Json array = Json::array();
  for (const auto& alert : alerts) {
    Json json{{"labels", labels(alert, board)},
              {"annotations", annotations(alert)},
              {"startsAt", reports::rfc3339(alert.started)},
              {"endsAt", reports::rfc3339(alert.ended.value_or(now + alert_lasts))}};
    if (const auto link = link_to(board, alert.watched->id); !link.empty()) json["generatorURL"] = link;
    array.push_back(std::move(json));
  }
  return array.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace fwprobe::monitor
