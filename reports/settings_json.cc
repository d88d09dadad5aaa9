#include "reports/settings_json.h"

#include <algorithm>

namespace fwprobe::reports {

template <>
struct Form<checks::Profile> {
  static Json write(checks::Profile profile) { return checks::name(profile); }
  static bool read(const Document& json, checks::Profile& profile) {
    return read_text(json, profile, checks::profile_from);
  }
  static std::string right() { return "a profile, such as web or azure-devops-server"; }
};

// ---- settings

template <typename Io>
void fields(Io& io, Of<Io, checks::ResolveOverride>& override) {
  io("name", override.name);
  io("addresses", override.addresses);
}

/// Of the user's headers only the names.
template <typename Io>
void header_names(Io& io, Of<Io, std::vector<probe::HttpHeader>>& headers) {
  std::vector<std::string> names;
  for (const auto& header : headers) names.push_back(header.name);
  io("headers", names);
  if constexpr (!Io::writes)
    for (auto& name : names) headers.push_back({std::move(name), std::string{probe::blanked}});
}

template <typename Io>
void fields(Io& io, Of<Io, checks::StatusRange>& range) {
  io("first", range.first);
  io("last", range.last);
}

template <typename Io>
void fields(Io& io, Of<Io, probe::TcpSource>& source) {
  io("address", source.address);
  io("interface", source.interface);
}

template <typename Io>
void fields(Io& io, Of<Io, checks::ProxyVariable>& variable) {
  io("name", variable.name);
  io("value", variable.value);
}

template <typename Io>
void fields(Io& io, Of<Io, checks::ProxySource>& source) {
  io("kind", source.kind);
  io("text", source.text);
  io("variables", source.variables);
}

/// A file's name; the file itself is not read again.
template <typename Io>
void path(Io& io, const char* key, Of<Io, std::filesystem::path>& path) {
  std::string text = path.string();
  io(key, text);
  if constexpr (!Io::writes) path = text;
}

template <typename Io>
void fields(Io& io, Of<Io, checks::Settings>& settings) {
  // A new setting does not compile before it is decided here whether judging depends on it.
  [[maybe_unused]] auto& [profile, dns_servers, overrides, family, name_scope, expected_addresses, source,
                          attempts, trace, hops, hop_names, tls, server_name, ssh_fingerprints, proxies,
                          proxy_source, headers, expected_status, collection, token, allowlists, egress,
                          timeout, deadline, idle, upload, methods, expiry_warning, site, system_files] =
      settings;
  io("profile", profile);
  io("collection", collection);
  io("dns_servers", dns_servers);
  io("resolve", overrides);
  io("family", family);
  io("expect_scope", name_scope);
  io("expect_addresses", expected_addresses);
  io("source", source);
  io("attempts", attempts);
  path(io, "ca_file", tls.ca_file);
  path(io, "client_certificate", tls.client_certificate);
  io("server_name", server_name);
  io("ssh_fingerprints", ssh_fingerprints);
  io("proxies", proxy_source);
  io("expect_status", expected_status);
  header_names(io, headers);
  bool has_token = token && !token->empty();
  io("token", has_token);
  io("egress", egress);
  io("timeout_ms", timeout);
  io("deadline_ms", deadline);
  io("idle_ms", idle);
  io("upload_bytes", upload);
  io("methods", methods);
  io("expiry_warning_days", expiry_warning);
  if constexpr (!Io::writes) {
    if (has_token) token.emplace(std::string{probe::blanked});
    auto rules = checks::proxy_rules(proxy_source);
    if (rules)
      proxies = std::move(*rules);
    else
      io.refuse("proxies", rules.error());
  }
}

// ---- allowlists

/// A list by its name, and by its place among those of the report.
struct ListReference {
  std::string name;
  std::size_t at = 0;
};

template <typename Io>
void fields(Io& io, Of<Io, ListReference>& reference) {
  io("name", reference.name);
  io("at", reference.at);
}

template <typename Io>
void fields(Io& io, Of<Io, allowlist::PortRange>& range) {
  io("first", range.first);
  io("last", range.last);
}

template <typename Io>
void fields(Io& io, Of<Io, allowlist::Domain>& domain) {
  io("name", domain.name);
  io("wildcard", domain.wildcard);
}

template <typename Io>
void fields(Io& io, Of<Io, allowlist::Entry>& entry) {
  std::optional<allowlist::Prefix> prefix;
  std::optional<allowlist::Domain> domain;
  if (const auto* is = std::get_if<allowlist::Prefix>(&entry.what)) prefix = *is;
  if (const auto* is = std::get_if<allowlist::Domain>(&entry.what)) domain = *is;
  io("prefix", prefix);
  io("domain", domain);
  io("published", entry.published);
  io("host_bits", entry.host_bits);
  io("ports", entry.ports);
  io("protocol", entry.protocol);
  io("addresses", entry.addresses);
  io("purpose", entry.purpose);
  io("since", entry.since);
  io("until", entry.until);
  io("line", entry.line);
  if (!Io::writes || !entry.issuers.empty()) io.added("issuers", entry.issuers);
  if constexpr (!Io::writes) {
    if (prefix.has_value() == domain.has_value())
      io.refuse("prefix", "an entry has either a prefix or a domain, and null for the other");
    else if (domain && entry.host_bits)
      io.refuse("host_bits", "a domain has none");
    else if (prefix)
      entry.what = *prefix;
    else
      entry.what = std::move(*domain);
  }
}

template <typename Io>
void list_fields(Io& io, Of<Io, allowlist::Allowlist>& list) {
  io("name", list.name);
  io("title", list.title);
  io("publisher", list.publisher);
  io("source", list.source);
  io("retrieved", list.retrieved);
  io.added("fresh_for_days", list.fresh_for);
  io("direction", list.direction);
  io("entries", list.entries);
}

Json settings_json(const checks::Settings& settings, std::vector<const allowlist::Allowlist*>& lists) {
  auto json = Writer::json(settings);
  std::vector<ListReference> references;
  for (const auto& list : settings.allowlists) {
    auto at = std::ranges::find(lists, &list);
    if (at == lists.end()) at = lists.insert(at, &list);
    references.push_back({list.name, static_cast<std::size_t>(at - lists.begin())});
  }
  json["allowlists"] = Writer::json(references);
  return json;
}

void read_settings(Reader& io, checks::Settings& settings, const std::vector<allowlist::Allowlist>& lists) {
  fields(io, settings);
  std::vector<ListReference> references;
  io("allowlists", references);
  for (const auto& reference : references) {
    if (reference.at >= lists.size())
      return io.refuse("allowlists", "names a list that the report does not hold");
    settings.allowlists.push_back(lists[reference.at]);
  }
}

Json allowlist_json(const allowlist::Allowlist& list) {
  auto json = Json::object();
  Writer io{json};
  list_fields(io, list);
  return json;
}

void fields(Reader& io, allowlist::Allowlist& list) { list_fields(io, list); }

}  // namespace fwprobe::reports
