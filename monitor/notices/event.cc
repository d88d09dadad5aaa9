#include "monitor/notices/event.h"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "reports/value_text.h"

namespace fwprobe::monitor {
namespace {

using Json = nlohmann::ordered_json;
using checks::Status;
using probe::WallClock;

Json verdict_json(const Verdict& verdict) {
  Json json{{"status", checks::name(verdict.status)}, {"as_expected", verdict.as_expected}};
  if (verdict.cause) {
    const auto& why = checks::row(*verdict.cause);
    json["cause"] = why.code;
    json["title"] = why.title;
    json["responsible"] = checks::name(why.responsible);
  }
  return json;
}

Verdict read_verdict(const Json& json) {
  Verdict verdict;
  const auto status = reports::from_name<Status>(json.at("status").get<std::string>());
  if (!status) throw Json::other_error::create(599, "status", &json);
  verdict.status = *status;
  verdict.as_expected = json.at("as_expected").get<bool>();
  // A cause that another version knew is told as none.
  if (json.contains("cause")) verdict.cause = checks::cause_from(json["cause"].get<std::string>());
  return verdict;
}

std::size_t changes_since(const TargetState& state, WallClock::time_point since) {
  return static_cast<std::size_t>(
      std::ranges::count_if(state.changes, [&](const Change& change) { return change.at > since; }));
}

/// The end of the half hour in which `time` lies, so that all of it comes due together.
WallClock::time_point end_of_slot(WallClock::time_point time) {
  const auto since = time.time_since_epoch();
  return WallClock::time_point{since - since % flapping_slot + flapping_slot};
}

Event event_of(const Watched& watched, const TargetState& state, const Change& change) {
  Event event{watched.id,  watched.name, watched.group,  watched.tags,  watched.target.text(), change.at,
              change.from, change.to,    change.summary, std::string{}, std::nullopt};
  if (change.to.cause && state.last && state.last->location) {
    event.where = checks::name(state.last->location->where);
    event.hop = state.last->location->hop;
  }
  event.flapping = changes_since(state, change.at - std::chrono::hours{1}) >= flapping_changes;
  return event;
}

bool share_one(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::ranges::any_of(a, [&](const auto& one) { return std::ranges::find(b, one) != b.end(); });
}

}  // namespace

Concern concern(const Verdict& verdict) {
  if (!verdict.as_expected) return Concern::failure;
  return verdict.status == Status::warn ? Concern::warning : Concern::none;
}

bool wants(const Receiver& receiver, const Watched& watched) {
  return (receiver.groups.empty() ||
          std::ranges::find(receiver.groups, watched.group) != receiver.groups.end()) &&
         (receiver.tags.empty() || share_one(receiver.tags, watched.tags));
}

std::string link_to(const Board& board, std::string_view id) {
  auto link = board.plan.web.external_url;
  if (link.empty()) return link;
  while (link.ends_with('/')) link.pop_back();
  return link.append("/targets/").append(id);
}

std::vector<Notice> notices_of(const Board& board, std::size_t target, const Change& change) {
  if (!change.from && concern(change.to) == Concern::none) return {};
  const auto& watched = board.plan.targets.at(target);
  const auto& state = board.states.at(target);
  const auto event = event_of(watched, state, change);
  const auto created =
      state.last ? state.last->began + std::chrono::duration_cast<WallClock::duration>(state.last->took)
                 : change.at;
  const auto& settings = board.plan.notices;
  const auto due = event.flapping ? std::max(end_of_slot(created), created + settings.group_wait)
                                  : created + settings.group_wait;
  std::vector<Notice> notices;
  std::string payload;
  for (const auto& receiver : settings.receivers) {
    if (receiver.kind == ReceiverKind::alertmanager || !wants(receiver, watched)) continue;
    if (payload.empty()) payload = event_json(event).dump(-1, ' ', false, Json::error_handler_t::replace);
    notices.push_back({receiver.name, created, payload, due});
  }
  return notices;
}

Json event_json(const Event& event) {
  Json json{{"id", event.id},           {"name", event.name},
            {"group", event.group},     {"tags", event.tags},
            {"address", event.address}, {"at", reports::rfc3339(event.at)},
            {"from", nullptr},          {"to", verdict_json(event.to)},
            {"summary", event.summary}, {"flapping", event.flapping}};
  if (event.from) json["from"] = verdict_json(*event.from);
  if (!event.where.empty()) json["where"] = event.where;
  if (event.hop) json["hop"] = *event.hop;
  return json;
}

std::optional<Event> read_event(std::string_view text) {
  try {
    const auto json = Json::parse(text);
    const auto at = reports::time_from(json.at("at").get<std::string>());
    if (!at) return std::nullopt;
    Event event{json.at("id"),      json.at("name"),
                json.at("group"),   json.at("tags").get<std::vector<std::string>>(),
                json.at("address"), *at,
                std::nullopt,       read_verdict(json.at("to")),
                json.at("summary"), json.value("where", std::string{}),
                std::nullopt,       json.at("flapping").get<bool>()};
    if (!json.at("from").is_null()) event.from = read_verdict(json["from"]);
    if (json.contains("hop")) event.hop = json["hop"].get<int>();
    return event;
  } catch (const Json::exception&) {
    return std::nullopt;
  }
}

}  // namespace fwprobe::monitor
