// The report as one JSON document of schema fwprobe/report/v1.

#include <algorithm>

#include "checks/flow_rules.h"
#include "reports/json_parts.h"
#include "reports/measurement_json.h"
#include "reports/report.h"
#include "reports/settings_json.h"
#include "reports/value_text.h"
#include "version.h"

namespace fwprobe::reports {
namespace {

using checks::Status;

template <typename Range>
Json addresses_json(const Range& addresses) {
  auto array = Json::array();
  for (const auto& address : addresses) array.push_back(address.to_string());
  return array;
}

template <typename T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json address_json(const std::optional<asio::ip::address>& address) {
  return address ? Json(address->to_string()) : Json(nullptr);
}

Json cause_json(const std::optional<checks::Cause>& cause) {
  return cause ? Json(checks::row(*cause).code) : Json(nullptr);
}

Json ids_json(const std::vector<probe::MeasurementId>& ids) {
  auto array = Json::array();
  for (const auto id : ids) array.push_back(id_text(id));
  return array;
}

Json prefixes_json(const std::vector<allowlist::Prefix>& prefixes) {
  auto array = Json::array();
  for (const auto& prefix : prefixes) array.push_back(checks::text(prefix));
  return array;
}

Json flow_json(const checks::Flow& flow) {
  return {{"sources", prefixes_json(flow.sources)},
          {"destinations", prefixes_json(flow.destinations)},
          {"protocol", flow.protocol == allowlist::Protocol::udp ? "udp" : "tcp"},
          {"port", flow.port},
          {"direction", flow.direction == allowlist::Direction::inbound ? "inbound" : "outbound"},
          {"device", flow.device},
          {"remarks", checks::remarks(flow)}};
}

Json rules_json(const checks::Flow& flow) {
  auto json = Json::object();
  for (const auto& rules : checks::rules_for(flow)) json[std::string{rules.name}] = rules.text;
  return json;
}

Json diagnosis_json(const checks::Diagnosis& diagnosis) {
  return {{"cause", cause_json(diagnosis.cause)},
          {"title", diagnosis.title},
          {"explanation", diagnosis.explanation},
          {"location", location_json(diagnosis.location)},
          {"confidence", name(diagnosis.confidence)},
          {"responsible", name(diagnosis.responsible)},
          {"remedy", diagnosis.remedy},
          {"evidence", ids_json(diagnosis.evidence)},
          {"flow", diagnosis.flow ? flow_json(*diagnosis.flow) : Json(nullptr)},
          {"rules", diagnosis.flow ? rules_json(*diagnosis.flow) : Json(nullptr)}};
}

Json comparison_json(const checks::Comparison& comparison) {
  const auto& status = comparison.control_status;
  return {{"fault", name(comparison.fault)},
          {"confidence", name(comparison.confidence)},
          {"summary", comparison.summary},
          {"notes", comparison.notes},
          {"location", comparison.location ? location_json(*comparison.location) : Json(nullptr)},
          {"control",
           {{"vantage", comparison.control},
            {"status", status ? Json(name(*status)) : Json(nullptr)},
            {"cause", cause_json(comparison.control_cause)}}}};
}

Json held_json(const checks::Held& held) {
  return {{"status", name(held.expected.status)},
          {"cause", cause_json(held.expected.cause)},
          {"measured", {{"status", name(held.measured)}, {"cause", cause_json(held.cause)}}}};
}

Json target_json(const checks::Investigation& investigation,
                 std::vector<const allowlist::Allowlist*>& lists) {
  const auto& target = investigation.target;
  Json json{
      {"target", target.text()},
      {"host", target.host.name},
      {"port", target.port},
      {"scheme", name(target.scheme)},
      {"status", name(investigation.status)},
      {"complete", investigation.complete},
      {"settings", investigation.settings ? settings_json(*investigation.settings, lists) : Json(nullptr)}};
  // A diagnosis explains what is wrong; a target that passed has none.
  json["diagnosis"] = investigation.diagnosis && investigation.status != Status::pass
                          ? diagnosis_json(*investigation.diagnosis)
                          : Json(nullptr);
  if (investigation.held) json["expected"] = held_json(*investigation.held);
  if (investigation.comparison) json["comparison"] = comparison_json(*investigation.comparison);
  json["findings"] = Json::array();
  for (const auto& finding : investigation.findings) json["findings"].push_back(finding_json(finding));
  json["measurements"] = Json::array();
  for (const auto& measurement : investigation.evidence.measurements())
    json["measurements"].push_back(to_json(measurement, investigation.evidence));
  return json;
}

Json summary_json(const Report& report) {
  Json json{{"status", name(report.status())}, {"targets", report.targets.size()}};
  for (const auto status : {Status::pass, Status::warn, Status::fail, Status::error})
    json[std::string{name(status)}] =
        std::ranges::count(report.targets, status, &checks::Investigation::status);
  return json;
}

}  // namespace

Json finding_json(const checks::Finding& finding) {
  return {{"check", name(finding.check)},
          {"subject", finding.subject},
          {"status", name(finding.status)},
          {"cause", cause_json(finding.cause)},
          {"summary", finding.summary},
          {"evidence", ids_json(finding.evidence)},
          {"remedy", finding.remedy},
          {"confidence", name(finding.confidence)},
          {"location", finding.location ? location_json(*finding.location) : Json(nullptr)}};
}

Json location_json(const checks::Location& location) {
  return {{"where", name(location.where)},
          {"hop", or_null(location.hop)},
          {"address", address_json(location.address)},
          {"precision", location.precision ? Json(name(*location.precision)) : Json(nullptr)},
          {"next", address_json(location.next)}};
}

Json vantage_json(const Vantage& vantage) {
  return {{"host", vantage.host},
          {"site", or_null(vantage.site)},
          {"addresses", addresses_json(vantage.addresses)},
          {"egress", vantage.egress.empty() ? Json(nullptr) : Json(vantage.egress.front().to_string())},
          {"egress_addresses", addresses_json(vantage.egress)}};
}

std::string render_json(const Report& report) {
  Json json{{"schema", "fwprobe/report/v1"},
            {"tool", {{"name", "fwprobe"}, {"version", FWPROBE_VERSION}}},
            {"run",
             {{"id", report.run_id},
              {"started", rfc3339(report.started)},
              {"finished", rfc3339(report.finished)},
              {"complete", report.complete},
              {"vantage", vantage_json(report.vantage)}}},
            {"summary", summary_json(report)},
            {"targets", Json::array()}};
  std::vector<const allowlist::Allowlist*> lists;
  for (const auto& target : report.targets) json["targets"].push_back(target_json(target, lists));
  json["allowlists"] = Json::array();
  for (const auto* list : lists) json["allowlists"].push_back(allowlist_json(*list));
  // ASCII only: C1 controls and bidi characters are as dangerous to a terminal as an escape. What is not
  // UTF-8 becomes U+FFFD.
  constexpr int indent = 2;
  return json.dump(indent, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace fwprobe::reports
