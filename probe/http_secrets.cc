#include "probe/http_secrets.h"

#include <algorithm>

#include <fmt/format.h>

#include "text/ascii.h"

namespace fwprobe::probe {
namespace {

constexpr auto npos = std::string_view::npos;

/// Headers whose whole value is a credential, in a request or a response.
constexpr std::string_view credential_headers[] = {"Authorization",
                                                   "Proxy-Authorization",
                                                   "Authentication-Info",
                                                   "Proxy-Authentication-Info",
                                                   "Cookie",
                                                   "Cookie2",
                                                   "X-Api-Key",
                                                   "X-Auth-Token",
                                                   "X-Subject-Token",
                                                   "X-Session-Token",
                                                   "X-Amz-Security-Token",
                                                   "X-CSRF-Token",
                                                   "X-XSRF-Token",
                                                   "Private-Token",
                                                   "Access-Token",
                                                   "Refresh-Token"};

constexpr std::string_view cookie_headers[] = {"Set-Cookie", "Set-Cookie2"};

/// RFC 6265 §4.1.1, RFC 6265bis §4.1.1, and Chromium's Priority: their values say nothing of the session.
constexpr std::string_view cookie_attributes[] = {"Expires",  "Max-Age",  "Domain",     "Path",
                                                  "Secure",   "HttpOnly", "SameSite",   "Version",
                                                  "Priority", "Comment",  "Partitioned"};

/// Headers that users set and whose values are no secret: blanking "application/json" wherever a server says
/// it would blind every check.
constexpr std::string_view public_headers[] = {"Accept",
                                               "Accept-Charset",
                                               "Accept-Encoding",
                                               "Accept-Language",
                                               "Cache-Control",
                                               "Connection",
                                               "Content-Length",
                                               "Content-Type",
                                               "Date",
                                               "DNT",
                                               "Expect",
                                               "Forwarded",
                                               "From",
                                               "Host",
                                               "If-Match",
                                               "If-None-Match",
                                               "If-Modified-Since",
                                               "If-Unmodified-Since",
                                               "Max-Forwards",
                                               "Origin",
                                               "Pragma",
                                               "Range",
                                               "Referer",
                                               "TE",
                                               "Upgrade-Insecure-Requests",
                                               "User-Agent",
                                               "Via",
                                               "X-Requested-With",
                                               "X-TFS-FedAuthRedirect",
                                               "X-Forwarded-For",
                                               "X-Forwarded-Host",
                                               "X-Forwarded-Proto",
                                               "X-Forwarded-Port",
                                               "Git-Protocol",
                                               "Upgrade"};

/// Shorter values occur by chance, and would blank half of a page.
constexpr std::size_t shortest_credential = 4;
constexpr std::size_t shortest_other = 8;

template <typename Names>
bool is_one_of(std::string_view name, const Names& names) {
  return std::ranges::any_of(names, [&](auto other) { return equal_ignoring_case(name, other); });
}

void scrub_piece(std::string& text, std::string_view piece, std::size_t shortest) {
  if (piece.size() >= shortest) Secret{std::string{piece}}.scrub(text);
}

/// The parts of a credential's value that a server may have taken out of it: what follows the scheme, and
/// each cookie's value.
void scrub_credential(std::string& text, std::string_view value) {
  scrub_piece(text, value, shortest_credential);
  if (const auto space = value.find(' '); space != npos)
    scrub_piece(text, trimmed(value.substr(space)), shortest_credential);
  for (auto rest = value; !rest.empty();) {
    const auto pair = rest.substr(0, rest.find(';'));
    rest.remove_prefix(std::min(rest.size(), pair.size() + 1));
    if (const auto equals = pair.find('='); equals != npos)
      scrub_piece(text, trimmed(pair.substr(equals + 1), " \t\""), shortest_credential);
  }
}

/// An attribute of a cookie; one that is not known could be a second cookie.
std::string without_secrets(std::string_view attribute) {
  const auto equals = attribute.find('=');
  const auto name = attribute.substr(0, equals);
  if (trimmed(attribute).empty()) return std::string{attribute};
  if (!is_one_of(trimmed(name), cookie_attributes))
    return equals == npos ? std::string{blanked} : fmt::format("{}={}", name, blanked);
  // Some proxies join several cookies with commas: "Path=/, Session=…".
  const auto comma = attribute.find(',');
  if (comma == npos || attribute.find('=', comma) == npos) return std::string{attribute};
  return fmt::format("{}, {}", attribute.substr(0, comma), blanked);
}

std::string without_cookie_value(std::string_view cookie) {
  const auto pair = cookie.substr(0, cookie.find(';'));
  const auto equals = pair.find('=');
  // Without "=" all of it is the value (RFC 6265bis §5.6).
  auto kept = equals == npos ? std::string{blanked} : fmt::format("{}={}", pair.substr(0, equals), blanked);
  for (auto rest = cookie.substr(pair.size()); !rest.empty();) {
    const auto attribute = rest.substr(1, rest.find(';', 1) - 1);
    rest.remove_prefix(attribute.size() + 1);
    kept += fmt::format(";{}", without_secrets(attribute));
  }
  return kept;
}

/// The value that is kept; nothing when all of it may be.
std::optional<std::string> kept_value(std::string_view name, std::string_view value) {
  if (is_one_of(name, cookie_headers)) return without_cookie_value(value);
  if (is_one_of(name, credential_headers)) return std::string{blanked};
  return std::nullopt;
}

}  // namespace

void HttpSecrets::scrub(std::string& text) const {
  token.scrub(text);
  scrub_credential(text, authorization.expose());
  for (const auto& [name, value] : user_headers) {
    if (is_one_of(name, credential_headers))
      scrub_credential(text, value);
    else if (!is_one_of(name, public_headers))
      scrub_piece(text, value, shortest_other);
  }
  scrub_credential(text, proxy_authorization);
}

void blank_secrets(std::vector<HttpHeader>& headers, const HttpSecrets& secrets) {
  for (auto& [name, value] : headers) {
    if (auto kept = kept_value(name, value)) value = std::move(*kept);
    secrets.scrub(name);
    secrets.scrub(value);
  }
}

void blank_secrets(std::string& first_bytes, const HttpSecrets& secrets) {
  secrets.scrub(first_bytes);
  std::string kept;
  bool in_secret =
      false;  // the lines that continue a secret header (obs-fold, RFC 9112 §5.2) are secret, too
  for (std::string_view rest = first_bytes; !rest.empty();) {
    const auto line = rest.substr(0, rest.find_first_of("\r\n"));
    rest.remove_prefix(line.size());
    const auto end = rest.substr(0, rest.find_first_not_of("\r\n"));
    rest.remove_prefix(end.size());
    const auto colon = line.find(':');
    const auto name = line.substr(0, colon);
    const auto value =
        colon == npos ? std::nullopt : kept_value(trimmed(name), trimmed(line.substr(colon + 1)));
    in_secret = value || (in_secret && line.find_first_of(" \t") == 0);
    if (value)
      kept += fmt::format("{}: {}", name, *value);
    else
      kept += in_secret ? blanked : line;
    kept += end;
  }
  first_bytes = std::move(kept);
}

}  // namespace fwprobe::probe
