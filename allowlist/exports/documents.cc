// The entries themselves, for scripts and spreadsheets; both forms can be read again as lists.

#include <algorithm>
#include <map>
#include <optional>
#include <span>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "allowlist/exports/export.h"
#include "allowlist/values.h"
#include "text/date.h"

namespace fwprobe::allowlist {
namespace {

using Json = nlohmann::ordered_json;

/// Files may say that they are of a time that parse_date() does not read.
std::string date(std::chrono::year_month_day day) {
  using std::literals::operator""y;
  day = std::clamp(day, 1970y / 1 / 1, 9999y / 12 / 31);
  return full_date(day);
}

/// As parse_text() reads it; other publishers' texts may be longer, and files' names have any character.
std::string as_text(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return shortened(std::move(text), longest_text);
}

Json json_of(const Entry& entry, std::span<const PortRange> ports) {
  auto json = Json::object();
  if (std::holds_alternative<Prefix>(entry.what)) {
    json["prefix"] = canonical(entry);
  } else {
    json["domain"] = canonical(entry);
    json["addresses"] = entry.addresses == NameAddresses::any ? "any" : "listed";
  }
  for (const auto& range : ports)
    json["ports"].push_back(range.first == range.last ? Json(range.first) : Json(text(range)));
  json["protocol"] = protocol_name(entry.protocol);
  if (!entry.examples.empty()) json["examples"] = entry.examples;
  if (!entry.issuers.empty()) json["issuers"] = entry.issuers;
  if (!entry.purpose.empty()) json["purpose"] = as_text(entry.purpose);
  if (entry.since) json["since"] = date(*entry.since);
  if (entry.until) json["until"] = date(*entry.until);
  return json;
}

/// Equal for entries of which no two may be for the same port (yaml.cc).
std::string what_of(const Entry& entry) {
  return fmt::format("{} {}", protocol_name(entry.protocol), canonical(entry));
}

/// Publishers list a prefix under several services, each time with ports of its own: those that no entry
/// before had. None: all of them are there already.
std::optional<std::vector<PortRange>> new_ports(const Entry& entry, Ports& before) {
  const auto ports = entry.ports.empty() ? Ports{1, Ports::highest} : port_set(entry.ports);
  const auto rest = ports - before;
  if (rest.empty()) return std::nullopt;
  before = before | rest;
  std::vector<PortRange> left;
  if (entry.ports.empty() && rest == ports) return left;
  for (const auto& range : rest.ranges()) left.push_back({range.first, range.last});
  return left;
}

/// In as many entries as the ports need.
void add(Json& entries, const Entry& entry, std::span<const PortRange> ports) {
  do {
    const auto some = ports.first(std::min(ports.size(), most_ports));
    entries.push_back(json_of(entry, some));
    ports = ports.subspan(some.size());
  } while (!ports.empty());
}

/// What is in force. Of a name that is there with its addresses anywhere and with listed ones, the wider
/// entry comes first, and so keeps the ports of both.
std::vector<const Entry*> entries_of(const Export& wanted) {
  std::vector<const Entry*> entries;
  for (const auto addresses : {NameAddresses::any, NameAddresses::listed})
    for (const auto& entry : wanted.list.entries)
      if (entry.addresses == addresses && in_force(entry, wanted.day)) entries.push_back(&entry);
  return entries;
}

/// RFC 4180 §2; a cell of text that a spreadsheet would take for a formula keeps its words behind a quote.
std::string cell(std::string_view text) {
  std::string words = text.find_first_of("=+-@") == 0 ? "'" : "";
  for (const char c : printable(text)) words += c == '"' ? "\"\"" : std::string{c};
  const bool bare = words.find_first_of(",\"'") == std::string::npos;
  return bare ? words : fmt::format("\"{}\"", words);
}

}  // namespace

std::string export_json(const Export& wanted) {
  const auto& list = wanted.list;
  Json json{{"name", as_text(list.name)}, {"title", as_text(list.title)}};
  if (!list.publisher.empty()) json["publisher"] = list.publisher;
  if (!list.source.empty()) json["source"] = list.source;
  json["retrieved"] = date(list.retrieved);
  if (list.fresh_for) json["fresh_for"] = fmt::format("{}d", list.fresh_for->count());
  json["direction"] = list.direction == Direction::inbound ? "inbound" : "outbound";
  std::map<std::string, Ports> written;
  for (const auto* entry : entries_of(wanted))
    if (const auto ports = new_ports(*entry, written[what_of(*entry)])) add(json["entries"], *entry, *ports);
  // ASCII only, as in reports: what hides text or moves a cursor comes as an escape.
  return json.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
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
