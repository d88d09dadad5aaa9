#include <algorithm>

#include "checks/builders.h"
#include "reports/json_parts.h"
#include "reports/reach.h"
#include "reports/value_text.h"
#include "version.h"

namespace fwprobe::reports {
namespace {

using checks::EntryReach, checks::Reached, checks::WayReach;

Json cause_json(const std::optional<checks::Cause>& cause) {
  return cause ? Json(checks::row(*cause).code) : Json(nullptr);
}

Json counts_json(const WayReach& way) {
  constexpr const char* keys[] = {"accepted", "refused", "stopped", "silent", "absent", "unrouted", "failed"};
  Json json;
  for (std::size_t i = 0; i < checks::met_count; ++i) json[keys[i]] = way.count[i];
  return json;
}

Json way_json(const WayReach& way) {
  return {{"host", way.host.empty() ? Json(nullptr) : Json(way.host)},
          {"port", way.port},
          {"reach", name(way.reach)},
          {"cause", cause_json(way.cause)},
          {"summary", way.summary},
          {"location", way.location ? location_json(*way.location) : Json(nullptr)},
          {"confidence", name(way.confidence)},
          {"traced", way.traced ? Json(checks::text(*way.traced)) : Json(nullptr)},
          {"connections", counts_json(way)},
          {"remedy", way.remedy}};
}

Json entry_json(const EntryReach& entry) {
  const auto status = status_of(entry.reach);
  const bool is_prefix = std::holds_alternative<allowlist::Prefix>(entry.entry->what);
  Json json{{"entry", entry.entry->published},
            {"kind", is_prefix ? "prefix" : "domain"},
            {"line", entry.entry->line},
            {"purpose", entry.entry->purpose},
            {"status", name(status)},
            {"reach", name(entry.reach)},
            {"cause", status == checks::Status::fail ? cause_json(checks::Cause::allowlist_entry_unreachable)
                                                     : Json(nullptr)},
            {"summary", entry.summary},
            {"ways", Json::array()}};
  for (const auto& way : entry.ways) json["ways"].push_back(way_json(way));
  return json;
}

Json list_json(const allowlist::Allowlist& list) {
  return {{"name", list.name},
          {"title", list.title},
          {"publisher", list.publisher},
          {"source", list.source},
          {"retrieved", date(list.retrieved)},
          {"direction", name(list.direction)}};
}

Json summary_json(const ReachReport& report) {
  const auto& entries = report.survey.entries;
  Json json{{"status", name(report.status())}, {"entries", entries.size()}};
  for (const auto reach :
       {Reached::reachable, Reached::partly, Reached::unreachable, Reached::unknown, Reached::skipped})
    json[std::string{name(reach)}] = std::ranges::count(entries, reach, &EntryReach::reach);
  json["connections"] = report.survey.connections;
  return json;
}

}  // namespace

std::string render_json(const ReachReport& report) {
  Json json{{"schema", "fwprobe/allowlist-check/v1"},
            {"tool", {{"name", "fwprobe"}, {"version", FWPROBE_VERSION}}},
            {"run",
             {{"id", report.run_id},
              {"started", rfc3339(report.started)},
              {"finished", rfc3339(report.finished)},
              {"complete", report.survey.complete},
              {"vantage", vantage_json(report.vantage)}}},
            {"list", list_json(*report.list)},
            {"summary", summary_json(report)},
            {"findings", Json::array()},
            {"entries", Json::array()}};
  for (const auto& finding : report.findings) json["findings"].push_back(finding_json(finding));
  for (const auto& entry : report.survey.entries) json["entries"].push_back(entry_json(entry));
  constexpr int indent = 2;
  return json.dump(indent, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace fwprobe::reports
