#include "checks/url_scan.h"

#include <algorithm>
#include <utility>

#include "allowlist/utf8.h"
#include "checks/text_forms.h"
#include "checks/url_collector.h"

namespace fwprobe::checks {
namespace {

enum class BodyKind : std::uint8_t { json, html, text, binary };

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// Parts of media types (RFC 9110 §8.3.1) whose bodies name nothing to follow.
constexpr std::string_view binary_types[] = {
    "image/",          "audio/",           "video/",          "font/",
    "application/zip", "application/gzip", "application/pdf", "application/x-git-"};

/// By the first character and then by the declared type: sign-in pages come as JSON, and JSON as text.
BodyKind kind_of(std::string_view body, std::string_view declared) {
  std::string type{declared.substr(0, 128)};
  std::ranges::transform(type, type.begin(), lower);
  const auto declares = [&](std::string_view part) { return type.contains(part); };
  const auto first = body.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return BodyKind::text;
  const bool svg = declares("svg");
  if (!svg && std::ranges::any_of(binary_types, declares)) return BodyKind::binary;
  if (body[first] == '<') return BodyKind::html;
  if (body[first] == '{' || body[first] == '[' || declares("json")) return BodyKind::json;
  return declares("html") || svg ? BodyKind::html : BodyKind::text;
}

}  // namespace

UrlScan scan_response(const probe::HttpResponse& response, const probe::Url& base, Profile profile) {
  UrlCollector found{base.scheme};
  scan_headers(response.headers, profile, found);
  const auto type = probe::header(response.headers, "Content-Type").value_or("");
  const auto body = allowlist::without_bom(response.body);
  switch (kind_of(body, type)) {
    case BodyKind::json:
      scan_json(body, profile, found);
      break;
    case BodyKind::html:
      scan_html(body, found);
      break;
    case BodyKind::text:
      scan_text(body, found);
      break;
    case BodyKind::binary:
      break;
  }
  return std::move(found).take();
}

UrlScan scan_response_headers(const probe::HttpResponse& response, const probe::Url& base, Profile profile) {
  UrlCollector found{base.scheme};
  scan_headers(response.headers, profile, found);
  return std::move(found).take();
}

namespace {

/// Forms that need the body's structure to be told from other text: "user@host:path" from an e-mail address,
/// "//host" from a path, and escapes.
bool needs_structure(std::string_view body) {
  if (body.contains('@') || body.contains("&#") || body.contains("\\u") || body.contains("\\/")) return true;
  if (!is_valid_utf8(body)) return true;
  for (auto at = body.find("//"); at != std::string_view::npos; at = body.find("//", at + 2))
    if (at == 0 || body[at - 1] != ':') return true;
  return false;
}

}  // namespace

bool may_lead_elsewhere(std::string_view body, const Origin& first, const Origin& second) {
  if (needs_structure(body)) return true;
  const auto is_asked = [&](const Origin& origin) { return origin == first || origin == second; };
  std::string last_scheme, last_host;  // nearly always the same one again
  UrlFinder finder{body};
  while (const auto candidate = finder.next()) {
    if (candidate->scheme == last_scheme && candidate->host_port == last_host) continue;
    const auto origin = parse_origin(*candidate);
    if (origin && !is_asked(*origin)) return true;
    last_scheme = candidate->scheme;
    last_host = candidate->host_port;
  }
  return false;
}

}  // namespace fwprobe::checks
