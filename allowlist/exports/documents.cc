// The entries themselves, for scripts and spreadsheets; both forms can be read again as lists.

#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "allowlist/exports/export.h"

namespace fwprobe::allowlist {
namespace {

using Json = nlohmann::ordered_json;

std::string date(std::chrono::year_month_day day) {
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                     static_cast<unsigned>(day.day()));
}

Json json_of(const Entry& entry) {
  auto json = Json::object();
  if (const auto* prefix = std::get_if<Prefix>(&entry.what)) {
    json["prefix"] = prefix->text();
  } else {
    const auto& domain = std::get<Domain>(entry.what);
    json["domain"] = (domain.wildcard ? "*." : "") + domain.name;
    json["addresses"] = entry.addresses == NameAddresses::any ? "any" : "listed";
  }
  for (const auto& range : entry.ports)
    json["ports"].push_back(range.first == range.last ? Json(range.first) : Json(text(range)));
  json["protocol"] = protocol_name(entry.protocol);
  if (!entry.purpose.empty()) json["purpose"] = entry.purpose;
  if (entry.since) json["since"] = date(*entry.since);
  if (entry.until) json["until"] = date(*entry.until);
  return json;
}

/// Equal for entries that let the same through.
std::string same_for(const Entry& entry) {
  auto json = json_of(entry);
  for (const auto* key : {"purpose", "since", "until", "addresses"}) json.erase(key);
  return json.dump();
}

/// RFC 4180 §2; a cell of text that a spreadsheet would take for a formula keeps its words behind a quote.
std::string cell(std::string_view text) {
  std::string words = text.find_first_of("=+-@") == 0 ? "'" : "";
  for (const char c : text) {
    const bool is_control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    words += is_control ? " " : c == '"' ? "\"\"" : std::string{c};
  }
  const bool bare = words.find_first_of(",\"'") == std::string::npos;
  return bare ? words : fmt::format("\"{}\"", words);
}

}  // namespace

std::string export_json(const Export& wanted) {
  const auto& list = wanted.list;
  Json json{{"name", list.name}, {"title", list.title}};
  if (!list.publisher.empty()) json["publisher"] = list.publisher;
  if (!list.source.empty()) json["source"] = list.source;
  json["retrieved"] = date(list.retrieved);
  json["direction"] = list.direction == Direction::inbound ? "inbound" : "outbound";
  std::set<std::string> seen;  // publishers list a prefix under several services
  for (const auto& entry : list.entries)
    if (in_force(entry, wanted.day) && seen.insert(same_for(entry)).second)
      json["entries"].push_back(json_of(entry));
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string export_csv(const Export& wanted) {
  std::string lines = "prefix,protocol,ports,purpose\n";
  for (const auto& entry : wanted.list.entries) {
    const auto* prefix = std::get_if<Prefix>(&entry.what);
    if (!prefix || !in_force(entry, wanted.day)) continue;
    std::string ports;
    for (const auto& range : entry.ports) ports += (ports.empty() ? "" : " ") + text(range);
    lines += fmt::format("{},{},{},{}\n", prefix->text(), protocol_name(entry.protocol), ports,
                         cell(entry.purpose));
  }
  return lines;
}

}  // namespace fwprobe::allowlist
