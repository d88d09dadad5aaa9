#include "reports/redact.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "allowlist/allowlist.h"
#include "reports/measurement_json.h"
#include "reports/packed.h"
#include "reports/read_report.h"
#include "reports/redact_text.h"
#include "reports/settings_json.h"
#include "text/ascii.h"

namespace fwprobe::reports {
namespace {

using allowlist::Allowlist;

/// What is done with a text, by the key under which it stands. Every other text is searched (redact_text.h).
enum class Kind : std::uint8_t {
  verbatim,  ///< words of ours or of a protocol
  host,
  distinguished_name,
  digest,
  fingerprint,
  word,  ///< the key is its kind
  path,
};

struct Rule {
  std::string_view key;
  Kind kind;
};

constexpr Rule rules[] = {
    {"schema", Kind::verbatim},
    {"id", Kind::verbatim},
    {"kind", Kind::verbatim},
    {"category", Kind::verbatim},
    {"error", Kind::verbatim},
    {"message", Kind::verbatim},
    {"started", Kind::verbatim},
    {"finished", Kind::verbatim},
    {"not_before", Kind::verbatim},
    {"not_after", Kind::verbatim},
    {"key_exchange", Kind::verbatim},
    {"ciphers_to_client", Kind::verbatim},
    {"ciphers_to_server", Kind::verbatim},
    {"macs_to_client", Kind::verbatim},
    {"macs_to_server", Kind::verbatim},
    {"cipher", Kind::verbatim},
    {"signature", Kind::verbatim},
    {"host_key", Kind::verbatim},
    {"connection", Kind::verbatim},
    {"host", Kind::host},
    {"from", Kind::host},
    {"to", Kind::host},
    {"names", Kind::host},
    {"search", Kind::host},
    {"server_name", Kind::host},
    {"verify", Kind::host},
    {"dns_names", Kind::host},
    {"subject", Kind::distinguished_name},
    {"issuer", Kind::distinguished_name},
    {"verified_path", Kind::distinguished_name},
    {"serial", Kind::digest},
    {"sha256", Kind::digest},
    {"fingerprint", Kind::fingerprint},
    {"ssh_fingerprints", Kind::fingerprint},
    {"site", Kind::word},
    {"interface", Kind::word},
    {"ca_file", Kind::word},
    {"client_certificate", Kind::word},
    {"collection", Kind::path},
};

/// Fields of JSON bodies that people fill.
constexpr std::string_view people[] = {
    "name",  "description", "displayName", "providerDisplayName", "uniqueName", "customDisplayName",
    "title", "projectName", "mailAddress", "defaultBranch",       "account",    "subjectDescriptor"};

/// A name of something that is no host: a header, a variable, an alert.
constexpr std::string_view nameless[] = {"headers", "variables", "alert_received", "alert_sent",
                                         "allowlists"};

template <std::size_t Size>
bool in(const std::string_view (&table)[Size], std::string_view word) {
  return std::ranges::find(table, word) != std::end(table);
}

class Redaction {
 public:
  explicit Redaction(Pseudonyms& pseudonyms) : pseudonyms_{pseudonyms} {}

  void walk(Document& value, std::string_view key, std::string_view above) {
    if (value.is_array()) {
      for (auto& element : value) walk(element, key, above);
    } else if (value.is_object()) {
      object(value, key);
    } else if (value.is_string()) {
      value = text(value.get_ref<const std::string&>(), key, above);
    }
  }

  /// A list of the user's own: what it is for and who publishes it are theirs as well.
  void list(Document& list) {
    for (const auto* key : {"name", "title", "publisher", "source"})
      list[key] = pseudonyms_.word("list", list[key].get<std::string>());
    for (auto& entry : list["entries"]) {
      if (entry["domain"].is_object())
        entry["domain"]["name"] = pseudonyms_.host(entry["domain"]["name"].get<std::string>());
      if (entry["prefix"].is_string())
        entry["prefix"] = redacted_text(pseudonyms_, entry["prefix"].get<std::string>());
      entry["published"] = redacted_text(pseudonyms_, entry["published"].get<std::string>());
      if (entry.contains("issuers"))
        for (auto& issuer : entry["issuers"]) issuer = pseudonyms_.issuer(issuer.get<std::string>());
      entry["purpose"] = pseudonyms_.word("purpose", entry["purpose"].get<std::string>());
    }
  }

 private:
  void object(Document& object, std::string_view key) {
    if (object.contains("body") && object.contains("body_truncated")) body(object);
    // Follows from the others, and is no certificate's.
    if (key == "measurements") object.erase("subject");
    // What is no text goes: its bytes may hold what is sought, in any form.
    for (auto at = object.begin(); at != object.end();)
      at = at.key().ends_with("_base64") ? object.erase(at) : std::next(at);
    const bool has_host_name = !in(nameless, key);
    if (key == "headers" && object.contains("value")) return header(object);
    for (auto& [name, member] : object.items()) {
      if (name.starts_with("body")) continue;
      if (name == "name" && has_host_name && member.is_string())
        member = named(member.get<std::string>());
      else
        walk(member, name, key);
    }
  }

  void header(Document& header) {
    constexpr std::string_view references[] = {"location", "content-location"};
    const auto value = header["value"].get<std::string>();
    header["value"] = in(references, ascii_lower(header["name"].get<std::string>()))
                          ? redacted_reference(pseudonyms_, value)
                          : redacted_text(pseudonyms_, value);
  }

  std::string named(const std::string& text) {
    // Under "name" of a DNS question stand reverse names, too.
    const auto scanned = redacted_text(pseudonyms_, text);
    return scanned != text ? scanned : pseudonyms_.host(text);
  }

  std::string text(const std::string& text, std::string_view key, std::string_view above) {
    if (key == "name" && in(nameless, above)) return text;
    const auto* const rule = std::ranges::find(rules, key, &Rule::key);
    if (rule == std::end(rules)) return redacted_text(pseudonyms_, text);
    switch (rule->kind) {
      case Kind::verbatim:
        return text;
      case Kind::host:
        return text.contains(':') || text.contains('/') || address_from(text)
                   ? redacted_text(pseudonyms_, text)
                   : named(text);
      case Kind::distinguished_name:
        return text.contains('=') ? pseudonyms_.distinguished_name(text) : redacted_text(pseudonyms_, text);
      case Kind::digest:
        return pseudonyms_.digest(text);
      case Kind::fingerprint:
        return pseudonyms_.fingerprint(text);
      case Kind::word:
        return pseudonyms_.word(key, text);
      case Kind::path:
        return redacted_path(pseudonyms_, text);
    }
    return {};
  }

  void body(Document& response) {
    auto whole = response["body"].get<std::string>();
    if (const auto at = response.find("body_gzip"); at != response.end() && at->is_string())
      whole = unpacked(at->get_ref<const std::string&>(), report_limit).value_or("");
    auto made = body_text(whole);
    // No body of a report is longer; pseudonyms may be.
    made.resize(std::min(made.size(), probe::HttpLimits{}.body));
    response["body"] = "";  // the packed one is read
    response["body_truncated"] = made.size() > body_excerpt;
    response["body_gzip"] = packed(made);
  }

  std::string body_text(const std::string& body) {
    auto json = Json::parse(body, nullptr, false);
    if (json.is_discarded() || !json.is_structured()) return redacted_text(pseudonyms_, body);
    walk_body(json, {});
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
  }

  void walk_body(Json& value, std::string_view key) {
    if (value.is_array())
      for (auto& element : value) walk_body(element, key);
    else if (value.is_object())
      for (auto& [name, member] : value.items()) walk_body(member, name);
    else if (value.is_string())
      value = body_value(value.get<std::string>(), key);
  }

  std::string body_value(const std::string& text, std::string_view key) {
    if (is_service_word(text)) return text;
    const bool is_prose = in(people, key) && !text.contains("://");
    return is_prose ? pseudonyms_.word("text", text) : redacted_text(pseudonyms_, text);
  }

  Pseudonyms& pseudonyms_;
};

/// Whether a list is one of those that are built in, whatever else is called so.
bool is_published(const Allowlist& list) {
  const auto names = allowlist::published_names();
  if (std::ranges::find(names, list.name) == names.end()) return false;
  const auto ours = allowlist::load(list.name);
  return ours && allowlist_json(*ours) == allowlist_json(list);
}

Document redacted(const Report& report, Pseudonyms& pseudonyms) {
  auto document = Document::parse(render_json(report));
  Redaction redaction{pseudonyms};
  redaction.walk(document["run"]["vantage"], "vantage", "run");
  std::vector<const Allowlist*> lists;
  for (const auto& target : report.targets) settings_json(*target.settings, lists);
  for (std::size_t i = 0; i < lists.size(); ++i)
    if (!is_published(*lists[i])) redaction.list(document["allowlists"][i]);
  for (auto& target : document["targets"]) {
    for (const auto* judged : {"findings", "diagnosis", "comparison", "host"}) target.erase(judged);
    for (const auto* key : {"settings", "target", "measurements"}) redaction.walk(target[key], key, "target");
  }
  return document;
}

/// What the two say of a target, but for names.
std::string verdict(const checks::Investigation& target) {
  std::string text{checks::name(target.status)};
  if (!target.diagnosis || target.status == checks::Status::pass) return text;
  const auto& diagnosis = *target.diagnosis;
  if (diagnosis.cause) text += fmt::format(" {}", checks::row(*diagnosis.cause).code);
  return text + fmt::format(", {} {}, {}", checks::name(diagnosis.location.where),
                            diagnosis.location.hop.value_or(0), checks::name(diagnosis.confidence));
}

/// Of a first attempt whose pseudonyms stay in their addresses' scope; none when there is no such.
std::optional<Pseudonyms> fitting(std::string_view key, const std::vector<asio::ip::address>& addresses) {
  constexpr unsigned attempts = 4096;
  for (unsigned attempt = 0; attempt < attempts; ++attempt) {
    Pseudonyms pseudonyms{key, attempt};
    for (const auto& address : addresses)
      if (pseudonyms.fits()) pseudonyms.address(address);
    if (pseudonyms.fits()) return pseudonyms;
  }
  return std::nullopt;
}

}  // namespace

std::expected<Report, std::string> redact(const Report& report, std::string_view key) {
  Pseudonyms scout{key, 0};
  redacted(report, scout);
  auto pseudonyms = fitting(key, scout.addresses());
  if (!pseudonyms) return std::unexpected{"no pseudonyms are found that keep the scopes of all addresses"};
  // Twice: the words of the end may stand in the texts of the beginning.
  redacted(report, *pseudonyms);
  auto made = read_report(redacted(report, *pseudonyms).dump(), "the redacted report");
  if (!made) return made;
  for (std::size_t i = 0; i < made->targets.size(); ++i) {
    auto& target = made->targets[i];
    checks::conclude(target, *target.settings);
    if (const auto was = verdict(report.targets[i]), is = verdict(target); was != is)
      return std::unexpected{fmt::format(
          "target {} cannot be redacted with the same verdict: {} would become {}", i + 1, was, is)};
  }
  return made;
}

}  // namespace fwprobe::reports
