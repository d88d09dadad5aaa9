#include "monitor/web/api.h"

#include <nlohmann/json.hpp>

#include "reports/json_parts.h"
#include "reports/value_text.h"

namespace fwprobe::monitor {
namespace {

using Json = nlohmann::ordered_json;
using reports::milliseconds;
using reports::rfc3339;

/// Texts of the network may hold anything; what is no UTF-8 is replaced.
std::string written(const Json& document) {
  return document.dump(-1, ' ', false, Json::error_handler_t::replace);
}

template <typename T, typename Write>
Json or_null(const std::optional<T>& value, Write write) {
  return value ? Json(write(*value)) : Json(nullptr);
}

Json cause_json(const std::optional<checks::Cause>& cause) {
  return or_null(cause, [](checks::Cause one) { return checks::row(one).code; });
}

Json phases_json(const Phases& phases) {
  auto object = Json::object();
  for (const auto& phase : phase_table)
    object[std::string{phase.name}] = or_null(phases.*phase.took, [](auto one) { return milliseconds(one); });
  return object;
}

Json outcome_json(const Outcome& outcome) {
  return {{"began", rfc3339(outcome.began)},
          {"took_ms", milliseconds(outcome.took)},
          {"status", checks::name(outcome.status)},
          {"as_expected", outcome.as_expected},
          {"cause", cause_json(outcome.cause)},
          {"summary", outcome.summary},
          {"location", or_null(outcome.location, reports::location_json)},
          {"confidence", or_null(outcome.confidence, [](auto one) { return checks::name(one); })},
          {"responsible", or_null(outcome.responsible, [](auto one) { return checks::name(one); })},
          {"phases_ms", phases_json(outcome.phases)},
          {"http_status", or_null(outcome.http_status, [](auto code) { return code; })},
          {"http_body_bytes", or_null(outcome.http_body_bytes, [](auto bytes) { return bytes; })},
          {"redirects", outcome.redirects},
          {"tls_version", outcome.tls_version.empty() ? Json(nullptr) : Json(outcome.tls_version)},
          {"leaf_expiry", or_null(outcome.leaf_expiry, rfc3339)},
          {"chain_expiry", or_null(outcome.chain_expiry, rfc3339)},
          {"allowlist_covered", or_null(outcome.listed, [](bool listed) { return listed; })},
          {"allowlist_stale_at", or_null(outcome.list_stale_at, rfc3339)}};
}

Json verdict_json(const Verdict& verdict) {
  return {{"status", checks::name(verdict.status)},
          {"as_expected", verdict.as_expected},
          {"cause", cause_json(verdict.cause)}};
}

Json target_value(const Watched& watched, const TargetState& state) {
  return {{"id", watched.id},
          {"name", watched.name},
          {"group", watched.group.empty() ? Json(nullptr) : Json(watched.group)},
          {"tags", watched.tags},
          {"target", watched.target.text()},
          {"interval_ms", watched.interval.count()},
          {"expect",
           {{"status", checks::name(watched.expect.status)}, {"cause", cause_json(watched.expect.cause)}}},
          {"state", name(standing_of(verdict_of(state)))},
          {"confirmed", or_null(state.confirmed, verdict_json)},
          {"since", state.confirmed ? Json(rfc3339(state.since)) : Json(nullptr)},
          {"running", state.running},
          {"last", or_null(state.last, outcome_json)}};
}

}  // namespace

std::string targets_json(const Board& board, const std::vector<std::size_t>& places, std::size_t total,
                         std::size_t offset) {
  auto targets = Json::array();
  for (const auto place : places)
    targets.push_back(target_value(board.plan.targets[place], board.states[place]));
  return written({{"schema", "fwprobe/targets/v1"},
                  {"host", board.host},
                  {"site", board.plan.site.empty() ? Json(nullptr) : Json(board.plan.site)},
                  {"total", total},
                  {"offset", offset},
                  {"targets", std::move(targets)}});
}

std::string target_json(const Board& board, std::size_t place) {
  const auto& state = board.states[place];
  auto changes = Json::array();
  for (const auto& change : state.changes)
    changes.push_back({{"at", rfc3339(change.at)},
                       {"from", or_null(change.from, verdict_json)},
                       {"to", verdict_json(change.to)},
                       {"summary", change.summary}});
  auto document = target_value(board.plan.targets[place], state);
  document["changes"] = std::move(changes);
  Json with_schema = {{"schema", "fwprobe/target/v1"}};
  with_schema.update(document);
  return written(with_schema);
}

std::string history_json(const Watched& watched, const std::vector<Outcome>& outcomes) {
  auto runs = Json::array();
  for (const auto& outcome : outcomes) runs.push_back(outcome_json(outcome));
  return written({{"schema", "fwprobe/history/v1"}, {"id", watched.id}, {"outcomes", std::move(runs)}});
}

}  // namespace fwprobe::monitor
