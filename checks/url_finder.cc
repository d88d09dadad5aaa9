#include "checks/url_finder.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "text/ascii.h"

namespace fwprobe::checks {
namespace {

constexpr auto npos = std::string_view::npos;
constexpr std::size_t max_scheme = 32;
constexpr std::size_t max_host = 255;
constexpr int max_percent_level = 3;  // a sign-in page's reply_to inside another one's is encoded twice

bool is_scheme_char(char c) { return is_alphanumeric(c) || c == '+' || c == '-' || c == '.'; }
bool is_name_char(char c) { return is_alphanumeric(c) || c == '.' || c == '-' || c == '_'; }
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/// What ends an authority: RFC 3986 §3.2, the characters that no URL holds, and the apostrophe, which quotes
/// URLs in scripts far more often than it stands in a user's name.
constexpr std::array<bool, 256> authority_ends = [] {
  std::array<bool, 256> table{};
  for (std::size_t c = 0; c <= 0x20; ++c) table[c] = true;
  for (const char c : {'"', '\'', '<', '>', '`', '{', '}', '|', '^', '\\', '/', '?', '#', '\x7f'})
    table[static_cast<unsigned char>(c)] = true;
  return table;
}();
bool ends_authority(char c) { return authority_ends[static_cast<unsigned char>(c)]; }

/// A character and how many bytes spell it; zero bytes: it is not spelled here.
struct Spelled {
  char value = 0;
  std::size_t length = 0;
};

Spelled hex_pair(std::string_view text, std::size_t at, std::size_t prefix) {
  if (at + 2 > text.size()) return {};
  const int high = hex_digit(text[at]);
  const int low = hex_digit(text[at + 1]);
  if (high < 0 || low < 0) return {};
  return {static_cast<char>(high * 16 + low), prefix + 2};
}

/// "%2F" at level 1, "%252F" at level 2, …
Spelled percent_spelled(std::string_view text, std::size_t at, int level) {
  if (at >= text.size() || text[at] != '%') return {};
  std::size_t i = at + 1;
  for (int n = 1; n < level; ++n, i += 2)
    if (text.substr(i, 2) != "25") return {};
  return hex_pair(text, i, i - at);
}

/// "\/", "\u002f", "\x2f", with as many backslashes as JSON inside of JSON needs (RFC 8259 §7, ECMA-262
/// §12.9.4).
Spelled backslash_spelled(std::string_view text, std::size_t at) {
  std::size_t i = at;
  while (i < text.size() && i < at + 8 && text[i] == '\\') ++i;
  if (i == at || i >= text.size()) return {};
  if (text[i] == '/') return {'/', i + 1 - at};
  if (text.substr(i, 3) == "u00") return hex_pair(text, i + 3, i + 3 - at);
  if (text[i] == 'x') return hex_pair(text, i + 1, i + 1 - at);
  return {};
}

/// The next character of an escaped text; zero bytes at its end.
Spelled spelled(std::string_view text, std::size_t at, int level) {
  if (at >= text.size()) return {};
  if (level > 0) {
    if (const auto escaped = percent_spelled(text, at, level); escaped.length > 0) return escaped;
  } else if (text[at] == '\\') {
    if (const auto escaped = backslash_spelled(text, at); escaped.length > 0) return escaped;
  }
  return {text[at], 1};
}

/// Behind two slashes at `at`, however they are spelled; npos when they are not there.
std::size_t behind_slashes(std::string_view text, std::size_t at, int level) {
  for (int n = 0; n < 2; ++n) {
    const auto slash = spelled(text, at, level);
    if (slash.length == 0 || slash.value != '/') return npos;
    at += slash.length;
  }
  return at;
}

/// Schemes that are recognised also when something is glued to them, as in "\nhttp://" inside a script or
/// "%3Dhttp".
constexpr std::string_view well_known[] = {"https", "http", "wss", "ws",  "ssh",
                                           "sftp",  "ftps", "ftp", "git", "svn"};
/// They name no host that a client would connect to.
constexpr std::string_view not_reached[] = {"vstfs", "file", "urn", "res", "about", "blob"};

std::string_view scheme_before(std::string_view text, std::size_t colon) {
  std::size_t begin = colon;
  while (begin > 0 && colon - begin < max_scheme && is_scheme_char(text[begin - 1])) --begin;
  const auto run = text.substr(begin, colon - begin);
  for (const auto scheme : well_known)
    if (run.size() >= scheme.size() && equal_ignoring_case(run.substr(run.size() - scheme.size()), scheme))
      return run.substr(run.size() - scheme.size());
  if (run.size() < 2 || run.size() == max_scheme || !is_letter(run.front())) return {};
  for (const auto scheme : not_reached)
    if (equal_ignoring_case(run, scheme)) return {};
  return run;
}

/// The host's beginning when the host of "user@host:" ends at `colon`; npos when it is none.
std::size_t scp_host_begin(std::string_view text, std::size_t colon) {
  std::size_t begin = colon;
  if (colon > 0 && text[colon - 1] == ']') {
    const auto window = colon > 64 ? colon - 64 : 0;
    const auto bracket = text.substr(window, colon - window).rfind('[');
    if (bracket == npos) return npos;
    begin = window + bracket;
  } else {
    while (begin > 0 && colon - begin < max_host && is_name_char(text[begin - 1])) --begin;
  }
  return begin == colon || begin == 0 || text[begin - 1] != '@' ? npos : begin;
}

bool begins_scp_path(std::string_view text, std::size_t at) {
  if (at >= text.size() || text.substr(at, 2) == "//") return false;
  return is_name_char(text[at]) || text[at] == '/' || text[at] == '~';
}

UrlCandidate scp_candidate(std::string_view text, std::size_t user, std::size_t host, std::size_t colon) {
  UrlCandidate found;
  found.begin = user;
  found.end = colon;
  found.scheme = "ssh";
  found.host_port = text.substr(host, colon - host);
  found.scp_form = true;
  return found;
}

void split_user(UrlCandidate& candidate, std::string_view authority) {
  const auto at = authority.rfind('@');
  candidate.has_user = at != npos;
  candidate.host_port = authority.substr(at == npos ? 0 : at + 1);
}

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size();) {
    const auto next = spelled(text, i, 1);
    decoded.push_back(next.value);
    i += next.length;
  }
  return decoded;
}

std::optional<probe::Host> host_from(std::string_view text) {
  if (text.starts_with('[')) {
    // A zone (RFC 6874) means something on one machine only; the address is judged without it.
    const auto end = text.find_first_of("%]");
    if (end == npos) return std::nullopt;
    auto host = probe::parse_host(std::string{text.substr(0, end)} + "]");
    return host ? std::optional{std::move(*host)} : std::nullopt;
  }
  std::string name = text.contains('%') ? percent_decoded(text) : std::string{text};
  if (name.ends_with('.')) name.pop_back();
  if (name.empty() || name.contains('\0')) return std::nullopt;
  if (const auto address = probe::lenient_ipv4(name)) return probe::Host{address->to_string(), *address};
  auto host = probe::parse_host(name);
  if (!host) return std::nullopt;
  // Full-width digits become ASCII only when the name is converted (UTS #46 §4).
  if (const auto address = probe::lenient_ipv4(host->name))
    return probe::Host{address->to_string(), *address};
  return std::move(*host);
}

std::uint16_t usual_port(std::string_view scheme) {
  if (scheme == "wss") return 443;
  if (scheme == "ws") return 80;
  if (scheme == "git") return 9418;
  return probe::default_port(scheme);
}

/// The port in `text`, which is what follows the host; nothing when it is none. Text may follow it in prose.
std::optional<std::uint16_t> port_from(std::string_view text, std::uint16_t usual) {
  if (!text.starts_with(':')) return usual;
  text.remove_prefix(1);
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (!text.empty() && (is_alphanumeric(text.front()) || text.front() == '$' || text.front() == '%'))
    return std::nullopt;
  if (error == std::errc::invalid_argument) return usual;
  if (error != std::errc{} || port > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

}  // namespace

std::optional<UrlCandidate> UrlFinder::next() {
  while (true) {
    if (next_colon_ < position_) next_colon_ = text_.find(':', position_);
    if (next_percent_ < position_) next_percent_ = text_.find('%', position_);
    const auto at = std::min(next_colon_, next_percent_);
    if (at == npos) return std::nullopt;
    position_ = at + 1;
    if (text_[at] == ':') {
      if (auto found = at_colon(at, 1, 0)) return found;
      if (auto found = scp_at_colon(at)) return found;
      continue;
    }
    for (int level = 1; level <= max_percent_level; ++level) {
      const auto colon = percent_spelled(text_, at, level);
      if (colon.length == 0 || colon.value != ':') continue;
      if (auto found = at_colon(at, colon.length, level)) return found;
    }
  }
}

std::optional<UrlCandidate> UrlFinder::at_colon(std::size_t colon, std::size_t colon_length, int level) {
  const auto from = behind_slashes(text_, colon + colon_length, level);
  if (from == npos) return std::nullopt;
  UrlCandidate found;
  found.scheme = scheme_before(text_, colon);
  if (found.scheme.empty()) return std::nullopt;
  found.begin = colon - found.scheme.size();
  found.level = level;
  std::string_view authority;
  found.end = read_authority(from, level, authority);
  split_user(found, authority);
  // "http://http://localhost/": the second URL's scheme was read as the first one's host.
  position_ =
      found.end > from && text_[found.end - 1] == ':' ? found.end - 1 : std::max(found.end, position_);
  return found;
}

std::size_t UrlFinder::read_authority(std::size_t from, int level, std::string_view& authority) {
  auto end = from;
  if (level == 0) {
    while (end < text_.size() && !ends_authority(text_[end])) ++end;
    authority = text_.substr(from, end - from);
    if (end == text_.size() || text_[end] != '\\' || ends_authority(spelled(text_, end, 0).value)) return end;
  }
  unescaped_ = text_.substr(from, end - from);
  while (true) {
    const auto next = spelled(text_, end, level);
    if (next.length == 0 || ends_authority(next.value)) break;
    // Inside of a query the next parameter ends it (WHATWG URL §5.1).
    if (level > 0 && next.length == 1 && (next.value == '&' || next.value == ';')) break;
    unescaped_.push_back(next.value);
    end += next.length;
  }
  authority = unescaped_;
  return end;
}

std::optional<UrlCandidate> UrlFinder::scp_at_colon(std::size_t colon) {
  if (!begins_scp_path(text_, colon + 1)) return std::nullopt;
  const auto host = scp_host_begin(text_, colon);
  if (host == npos || host < 4 || text_.substr(host - 4, 3) != "git") return std::nullopt;
  if (host > 4 && is_name_char(text_[host - 5])) return std::nullopt;
  return scp_candidate(text_, host - 4, host, colon);
}

std::optional<UrlCandidate> whole_scp_form(std::string_view text) {
  const auto at = text.find('@');
  if (at == npos || at == 0 || at > max_host || !std::ranges::all_of(text.substr(0, at), is_name_char))
    return std::nullopt;
  const auto colon = text.find(':', text.substr(at + 1, 1) == "[" ? text.find(']', at) : at);
  if (colon == npos || scp_host_begin(text, colon) != at + 1 || !begins_scp_path(text, colon + 1))
    return std::nullopt;
  if (std::ranges::any_of(text, is_space)) return std::nullopt;
  return scp_candidate(text, 0, at + 1, colon);
}

std::optional<UrlCandidate> network_path(std::string_view text, std::string_view base_scheme) {
  if (!text.starts_with("//")) return std::nullopt;
  UrlCandidate found;
  found.scheme = base_scheme;
  found.end = 2;
  while (found.end < text.size() && !ends_authority(text[found.end])) ++found.end;
  split_user(found, text.substr(2, found.end - 2));
  return found;
}

std::optional<Origin> parse_origin(const UrlCandidate& candidate) {
  const auto text = candidate.host_port;
  if (text.empty()) return std::nullopt;
  std::size_t end = 0;
  if (text.front() == '[') {
    const auto bracket = text.find(']');
    if (bracket == npos) return std::nullopt;
    end = bracket + 1;
  } else {
    const auto in_host = [](char c) {
      return is_name_char(c) || c == '%' || static_cast<unsigned char>(c) >= 0x80;
    };
    end = static_cast<std::size_t>(std::ranges::find_if_not(text, in_host) - text.begin());
  }
  if (end == 0 || end > 4 * max_host) return std::nullopt;
  Origin origin;
  origin.scheme = ascii_lower(candidate.scheme);
  const auto port = port_from(text.substr(end), usual_port(origin.scheme));
  if (!port) return std::nullopt;
  origin.port = *port;
  auto host = host_from(text.substr(0, end));
  if (!host) return std::nullopt;
  origin.host = canonical(std::move(*host));
  return origin;
}

std::string shown(std::string_view text, const UrlCandidate& candidate, std::size_t limit) {
  std::string result;
  if (candidate.has_user) {
    result.append(candidate.scheme).append("://").append(candidate.host_port);
  } else {
    result = text.substr(candidate.begin, std::min(candidate.end - candidate.begin, limit));
  }
  // What follows an encoded authority may be an encoded query, and a query may hold secrets.
  for (auto i = candidate.end; candidate.level == 0 && i < text.size() && result.size() < limit; ++i) {
    const char c = text[i];
    const bool escaped_slash = c == '\\' && text.substr(i, 2) == "\\/";
    if (c == '?' || c == '#' || (ends_authority(c) && c != '/' && !escaped_slash)) break;
    result.push_back(c);
  }
  if (result.size() > limit) result.resize(limit);
  while (!result.empty() && result.size() == limit &&
         (static_cast<unsigned char>(result.back()) & 0xC0U) == 0x80U)
    result.pop_back();  // not in the middle of a UTF-8 sequence
  return result;
}

}  // namespace fwprobe::checks
