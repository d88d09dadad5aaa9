#include <nlohmann/json.hpp>

#include "reports/rehearsal_report.h"

namespace fwprobe::reports {
namespace {

using Json = nlohmann::ordered_json;

Json example_json(const std::optional<checks::RehearsedAddress>& one) {
  if (!one) return nullptr;
  return {{"address", one->address.to_string()},
          {"kernel", checks::name(one->kernel)},
          {"computed", name(one->computed)}};
}

Json entry_json(const checks::EntryResult& computed, const checks::RehearsedEntry& entry) {
  const auto* prefix = std::get_if<allowlist::Prefix>(&computed.entry->what);
  return {{"entry", prefix != nullptr ? prefix->text() : computed.entry->published},
          {"published", computed.entry->published},
          {"verdict", name(entry.verdict)},
          {"addresses", entry.addresses},
          {"connecting", entry.connecting},
          {"example", example_json(entry.example)},
          {"computed", name(computed.verdict)},
          {"reason", computed.reason.empty() ? Json(nullptr) : Json(computed.reason)},
          {"rules", computed.rules}};
}

Json answer_json(const RehearsalAnswer& answer) {
  auto entries = Json::array();
  for (std::size_t i = 0; i < answer.entries.size(); ++i)
    entries.push_back(entry_json(answer.computed.entries[i], answer.entries[i]));
  return {{"list", answer.list},
          {"service", answer.service},
          {"files", answer.files},
          {"interface", answer.interface},
          {"status", checks::name(checks::status(answer.entries))},
          {"entries", std::move(entries)},
          {"notes", answer.computed.notes}};
}

}  // namespace

std::string rehearsal_json(const std::vector<RehearsalAnswer>& answers) {
  auto json = Json::array();
  for (const auto& answer : answers) json.push_back(answer_json(answer));
  const Json document{{"schema", "fwprobe/rehearsal/v1"}, {"answers", std::move(json)}};
  // Comments of rules are as their authors wrote them.
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace fwprobe::reports
