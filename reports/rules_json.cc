#include "reports/json_parts.h"
#include "reports/rules_report.h"

namespace fwprobe::reports {
namespace {

using checks::Cause;
using checks::EntryResult;
using checks::EntryVerdict;

Json prefixes_json(const allowlist::PrefixSet& set) {
  auto json = Json::array();
  for (const auto& prefix : set.prefixes()) json.push_back(prefix.text());
  return json;
}

Json cause_json(EntryVerdict verdict) {
  if (verdict <= EntryVerdict::unknown) return nullptr;
  const auto cause =
      verdict == EntryVerdict::partly ? Cause::allowlist_rule_partial : Cause::allowlist_rule_missing;
  return std::string{checks::row(cause).code};
}

/// A side that is not narrowed is null.
Json parts_json(const std::vector<checks::EntryPart>& parts) {
  const auto side = [](const allowlist::PrefixSet& set) {
    return set.empty() ? Json(nullptr) : prefixes_json(set);
  };
  auto json = Json::array();
  for (const auto& part : parts) {
    json.push_back({{"destinations", side(part.destinations)},
                    {"ports", part.ports.empty() ? Json(nullptr) : Json(checks::range_texts(part.ports))},
                    {"sources", side(part.sources)}});
  }
  return json;
}

Json entry_json(const EntryResult& result) {
  const auto* prefix = std::get_if<allowlist::Prefix>(&result.entry->what);
  return {{"entry", prefix != nullptr ? prefix->text() : result.entry->published},
          {"published", result.entry->published},
          {"verdict", name(result.verdict)},
          {"cause", cause_json(result.verdict)},
          {"reason", result.reason.empty() ? Json(nullptr) : Json(result.reason)},
          {"rules", result.rules},
          {"blocked", prefixes_json(result.missing)},
          {"cannot_tell", prefixes_json(result.open)},
          {"through_parts", parts_json(result.through)},
          {"blocked_parts", parts_json(result.stopped)},
          {"cannot_tell_parts", parts_json(result.undecided)}};
}

Json excess_json(const checks::RulesVerdict& verdict) {
  auto rules = Json::array();
  for (const auto& one : verdict.excess)
    rules.push_back({{"rule", one.rule}, {"addresses", one.addresses.text()}, {"prefixes", one.prefixes}});
  const auto cause =
      verdict.excess.empty() ? Json(nullptr) : Json(checks::row(Cause::allowlist_rule_too_broad).code);
  return {{"cause", cause}, {"addresses", verdict.excess_addresses.text()}, {"rules", std::move(rules)}};
}

Json answer_json(const RulesAnswer& answer) {
  auto entries = Json::array();
  for (const auto& result : answer.verdict.entries) entries.push_back(entry_json(result));
  auto findings = Json::array();
  if (answer.stale) findings.push_back(finding_json(*answer.stale));
  auto remedies = Json::array();
  for (const auto& one : answer.verdict.advice.remedies)
    remedies.push_back({{"say", checks::sentence(one.flow)},
                        {"form", one.rules ? Json(one.rules->name) : Json(nullptr)},
                        {"rules", one.rules ? Json(one.rules->text) : Json(nullptr)}});
  return {
      {"list", answer.list},
      {"direction", answer.direction == allowlist::Direction::inbound ? "inbound" : "outbound"},
      {"service", answer.service.empty() ? Json(nullptr) : Json(answer.service)},
      {"files", answer.files},
      {"status", checks::name(status(answer))},
      {"findings", std::move(findings)},
      {"entries", std::move(entries)},
      {"excess", excess_json(answer.verdict)},
      {"shadowed", answer.verdict.shadowed},
      {"notes", answer.verdict.notes},
      {"remedies", std::move(remedies)},
      {"remedies_leave",
       {{"addresses", prefixes_json(answer.verdict.advice.left)}, {"rules", answer.verdict.advice.left_by}}}};
}

}  // namespace

std::string rules_json(const std::vector<RulesAnswer>& answers) {
  auto json = Json::array();
  for (const auto& answer : answers) json.push_back(answer_json(answer));
  const Json document{{"schema", "fwprobe/rules/v1"}, {"answers", std::move(json)}};
  // Comments of rules are as their authors wrote them.
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace fwprobe::reports
