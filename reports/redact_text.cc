#include "reports/redact_text.h"

#include <algorithm>

#include <fmt/format.h>

#include "checks/azure_devops.h"
#include "probe/facts/dns.h"
#include "probe/host.h"
#include "probe/url.h"
#include "reports/value_text.h"
#include "text/ascii.h"

namespace fwprobe::reports {
namespace {

bool is_hex(char c) { return hex_digit(c) >= 0; }
bool is_host_character(char c) { return is_alphanumeric(c) || c == '.' || c == '-' || c == '_'; }
bool is_token_character(char c) { return is_alphanumeric(c) || std::string_view{"+/=_-~"}.contains(c); }
bool ends_url(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= 0x20 || byte >= 0x7f || std::string_view{"\"'<>\\^`{|}"}.contains(c);
}

/// The characters that are so, of the first `most`: what begins anywhere must not be sought to the end of a
/// long text each time.
template <typename Is>
std::string_view run(std::string_view text, std::size_t most, Is is) {
  text = text.substr(0, most);
  return text.substr(0, static_cast<std::size_t>(std::ranges::find_if_not(text, is) - text.begin()));
}

constexpr std::size_t longest_address = 45;  // with an IPv4 address in its end
constexpr std::size_t longest_name = 253;
constexpr std::size_t longest_url = 8 * 1024;  // probe::parse_url()
constexpr std::size_t longest_scheme = 32;

/// Ends of file names, which look like names of hosts.
constexpr std::string_view files[] = {"html", "htm",  "js",  "css",  "png",  "gif",  "jpg", "svg",
                                      "ico",  "json", "xml", "aspx", "asmx", "ashx", "php", "txt",
                                      "pem",  "crt",  "key", "conf", "yaml", "yml",  "md",  "gz"};
/// What ends in these is a page of a product, by which it may be known.
constexpr std::string_view pages[] = {".php", ".asp", ".aspx", ".cgi", ".jsp", ".html"};
/// Words of the paths of the services that fwprobe asks.
constexpr std::string_view path_words[] = {"tfs",
                                           "DefaultCollection",
                                           "info",
                                           "refs",
                                           "projects",
                                           "repositories",
                                           "connectionData",
                                           "git",
                                           "securitynamespaces",
                                           "permissions",
                                           "hooks",
                                           "subscriptions",
                                           "policy",
                                           "definitions",
                                           "build",
                                           "favicon.ico",
                                           "robots.txt",
                                           "login",
                                           "signin",
                                           "oauth2",
                                           "generate_204",
                                           "fwprobe-method-test",
                                           "organizationPolicy"};
/// Words of their answers that look like something else.
constexpr std::string_view service_words[] = {"Policy.DisallowOAuthAuthentication", "EditSubscriptions",
                                              "PublisherSecurity",
                                              checks::azure_devops::service_hooks_namespace};
constexpr std::string_view query_words[] = {"__rt",  "__ver",   "api-version",      "$top",
                                            "$skip", "service", "continuationToken"};

template <std::size_t Size>
bool in(const std::string_view (&table)[Size], std::string_view word) {
  return std::ranges::find(table, word) != std::end(table);
}

}  // namespace

bool is_service_word(std::string_view text) { return in(service_words, text); }

namespace {

class Scanner {
 public:
  Scanner(Pseudonyms& pseudonyms, std::string_view text) : pseudonyms_{pseudonyms}, rest_{text} {}

  std::string redacted() && {
    while (!rest_.empty()) {
      const bool inside = !done_.empty() && is_alphanumeric(before_);
      if (!inside &&
          (service_word() || url() || address() || guid() || mail() || host() || word() || token()))
        continue;
      keep(1);
    }
    return std::move(done_);
  }

 private:
  void keep(std::size_t count) {
    before_ = rest_[count - 1];
    done_ += rest_.substr(0, count);
    rest_.remove_prefix(count);
  }
  bool keep_whole(std::string_view text) {
    keep(text.size());
    return true;
  }
  bool replace(std::size_t count, std::string_view by) {
    before_ = rest_[count - 1];
    done_ += by;
    rest_.remove_prefix(count);
    return true;
  }

  bool service_word() {
    const auto text = run(rest_, longest_name, is_alphanumeric);
    return is_service_word(text) && keep_whole(text);
  }

  bool url() {
    const auto scheme = run(rest_, longest_scheme,
                            [](char c) { return is_alphanumeric(c) || c == '+' || c == '-' || c == '.'; });
    if (scheme.empty() || !is_letter(scheme[0]) || !rest_.substr(scheme.size()).starts_with("://"))
      return false;
    auto whole = run(rest_, longest_url, [](char c) { return !ends_url(c); });
    // The sentence's own punctuation.
    while (whole.size() > scheme.size() + 3 && std::string_view{".,;:!?)"}.contains(whole.back()))
      whole.remove_suffix(1);
    return replace(whole.size(), redacted_url(pseudonyms_, whole));
  }

  bool address() {
    if (!is_hex(rest_[0]) && rest_[0] != ':') return false;
    const auto text = run(rest_, longest_address, [](char c) { return is_hex(c) || c == '.' || c == ':'; });
    // "2001:db8::1." and "203.0.113.9: no answer"; "192.0.2.1:443"
    const auto end = text.find_last_not_of(".:") + 1;
    for (const auto size : {text.size(), end, std::min(text.find(':'), end)})
      if (const auto found = address_from(text.substr(0, size)); found && ends_at(size))
        return replace_address(text.substr(0, size), *found);
    return false;
  }

  /// Not within a word or a name: "1.2.0.192.in-addr.arpa" begins with no address.
  bool ends_at(std::size_t at) const {
    const auto behind = rest_.substr(at);
    return behind.empty() || (!is_alphanumeric(behind[0]) &&
                              !(behind.size() > 1 && behind[0] == '.' && is_alphanumeric(behind[1])));
  }

  bool replace_address(std::string_view text, const asio::ip::address& address) {
    const auto behind = rest_.substr(text.size());
    const auto length = behind.starts_with('/') ? run(behind.substr(1), 3, is_digit) : std::string_view{};
    const auto whole = rest_.substr(0, text.size() + 1 + length.size());
    const auto prefix = length.empty() ? std::unexpected{std::string{}} : allowlist::parse_prefix(whole);
    if (!prefix) return replace(text.size(), pseudonyms_.address(address).to_string());
    if (!prefix->host_bits) return replace(whole.size(), pseudonyms_.prefix(prefix->prefix).text());
    return replace(whole.size(), fmt::format("{}/{}", pseudonyms_.address(address).to_string(), length));
  }

  bool guid() {
    constexpr std::string_view form = "00000000-0000-0000-0000-000000000000";
    const auto text = rest_.substr(0, form.size());
    if (text.size() < form.size() || (rest_.size() > form.size() && is_alphanumeric(rest_[form.size()])))
      return false;
    for (std::size_t i = 0; i < form.size(); ++i)
      if (form[i] == '-' ? text[i] != '-' : !is_hex(text[i])) return false;
    if (is_service_word(text)) return keep_whole(text);
    const auto digest = pseudonyms_.digest(text);
    return replace(form.size(), "00000000-0000-4000-8000-" + digest.substr(digest.size() - 12));
  }

  bool mail() {
    const auto local = run(rest_, longest_name, [](char c) { return is_host_character(c) || c == '+'; });
    if (local.empty() || local.size() == rest_.size() || rest_[local.size()] != '@') return false;
    const auto domain = run(rest_.substr(local.size() + 1), longest_name, is_host_character);
    if (!domain.contains('.')) return false;
    const auto whole = local.size() + 1 + domain.size();
    return replace(whole, pseudonyms_.word("user", local) + "@" + pseudonyms_.host(domain));
  }

  bool host() {
    auto name = run(rest_, longest_name, is_host_character);
    while (name.ends_with('.') || name.ends_with('-')) name.remove_suffix(1);
    const auto dot = name.rfind('.');
    if (dot == std::string_view::npos || name.starts_with('.')) return false;
    if (is_service_word(name)) return keep_whole(name);
    const auto last = name.substr(dot + 1);
    if (last.size() < 2 || !std::ranges::all_of(last, is_letter) || in(files, last)) {
      // "OpenSSH_9.2p1", "index.html"
      return false;
    }
    const auto reversed = reverse(name);
    return replace(name.size(), reversed ? *reversed : pseudonyms_.host(name));
  }

  /// The name under which the names of an address stand, for its pseudonym.
  std::optional<std::string> reverse(std::string_view name) {
    constexpr std::string_view v4 = ".in-addr.arpa", v6 = ".ip6.arpa";
    std::vector<std::string> parts;
    const auto labels =
        name.substr(0, name.size() - std::min(name.size(), name.ends_with(v4) ? v4.size() : v6.size()));
    if (!name.ends_with(v4) && !name.ends_with(v6)) return std::nullopt;
    for (std::size_t at = 0; at <= labels.size();) {
      const auto end = std::min(labels.find('.', at), labels.size());
      parts.insert(parts.begin(), std::string{labels.substr(at, end - at)});
      at = end + 1;
    }
    std::string text;
    for (std::size_t i = 0; i < parts.size(); ++i)
      text += (i == 0 ? "" : name.ends_with(v4) ? "." : i % 4 == 0 ? ":" : "") + parts[i];
    const auto address = address_from(text);
    if (!address) return std::nullopt;
    return probe::reverse_name(pseudonyms_.address(*address));
  }

  bool word() {
    // The longest that begins here, among those that share the beginning: they stand side by side.
    const auto& words = pseudonyms_.words();
    constexpr std::size_t shortest = 4;
    if (rest_.size() < shortest) return false;
    for (auto at = words.upper_bound(rest_); at != words.begin();) {
      --at;
      if (std::string_view{at->first}.substr(0, shortest) < rest_.substr(0, shortest)) return false;
      const auto size = at->first.size();
      if (size >= shortest && rest_.starts_with(at->first) &&
          (size == rest_.size() || !is_alphanumeric(rest_[size])))
        return replace(size, std::string{at->second});
    }
    return false;
  }

  bool token() {
    auto text = run(rest_, longest_url, is_token_character);
    constexpr std::size_t shortest = 24;
    const auto digits = std::ranges::count_if(text, is_digit);
    const auto letters = std::ranges::count_if(text, is_letter);
    if (text.size() < shortest || digits < 4 || letters < 4) return false;
    text = run(rest_, rest_.size(), is_token_character);
    return replace(text.size(), pseudonyms_.word("token", text));
  }

  Pseudonyms& pseudonyms_;
  std::string_view rest_;
  std::string done_;
  char before_ = ' ';
};

std::string segment(Pseudonyms& pseudonyms, std::string_view text) {
  const auto plain = probe::percent_decoded(text);
  const bool known = text.empty() || text.starts_with('_') || text.starts_with('.') || in(path_words, text) ||
                     is_service_word(text) || std::ranges::all_of(text, is_digit) ||
                     std::ranges::any_of(pages, [&](auto page) { return text.ends_with(page); });
  if (known) return std::string{text};
  const auto scanned = redacted_text(pseudonyms, plain);
  return scanned != plain ? scanned : pseudonyms.word("path", plain);
}

std::string query_value(Pseudonyms& pseudonyms, std::string_view key, std::string_view value) {
  auto scanned = redacted_text(pseudonyms, value);
  const bool tells_nothing = in(query_words, key) || value.empty() || value == "true" || value == "false" ||
                             std::ranges::all_of(value, is_digit);
  if (scanned != value || tells_nothing) return scanned;
  return pseudonyms.word("value", probe::percent_decoded(value));
}

std::string query(Pseudonyms& pseudonyms, std::string_view text) {
  std::string result;
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find('&', at), text.size());
    const auto pair = text.substr(at, end - at);
    const auto sign = std::min(pair.find('='), pair.size());
    result += at == 0 ? "" : "&";
    if (sign == pair.size())
      result += pair;
    else
      result += fmt::format("{}={}", pair.substr(0, sign),
                            query_value(pseudonyms, pair.substr(0, sign), pair.substr(sign + 1)));
    at = end + 1;
  }
  return result;
}

/// From "?" on. A fragment is the client's own, and often holds a token: it goes.
std::string query_part(Pseudonyms& pseudonyms, std::string_view text) {
  if (!text.starts_with('?')) return {};
  text.remove_prefix(1);
  return "?" + query(pseudonyms, text.substr(0, text.find('#')));
}

/// "user@host:port", "[2001:db8::1]:443"
std::string authority(Pseudonyms& pseudonyms, std::string_view text) {
  std::string result;
  if (const auto at = text.rfind('@'); at != std::string_view::npos) {
    result = "***@";
    text.remove_prefix(at + 1);
  }
  const bool brackets = text.starts_with('[');
  const auto end = brackets ? std::min(text.find(']'), text.size()) : std::min(text.find(':'), text.size());
  const auto host = text.substr(brackets ? 1 : 0, end - (brackets ? 1 : 0));
  auto address = address_from(host);
  if (const auto odd = probe::lenient_ipv4(host); odd && !address && pseudonyms.address(*odd) != *odd)
    address = *odd;
  const auto made = address                     ? pseudonyms.address(*address).to_string()
                    : probe::lenient_ipv4(host) ? std::string{host}
                                                : pseudonyms.host(host);
  return result + (brackets ? "[" + made : made) + std::string{text.substr(end)};
}

}  // namespace

std::string redacted_text(Pseudonyms& pseudonyms, std::string_view text) {
  return Scanner{pseudonyms, text}.redacted();
}

std::string redacted_reference(Pseudonyms& pseudonyms, std::string_view reference) {
  if (reference.contains("://")) return redacted_text(pseudonyms, reference);
  if (reference.starts_with("//")) return redacted_url(pseudonyms, fmt::format("x:{}", reference)).substr(2);
  const auto path_end = std::min(reference.find_first_of("?#"), reference.size());
  return redacted_path(pseudonyms, reference.substr(0, path_end)) +
         query_part(pseudonyms, reference.substr(path_end));
}

std::string redacted_path(Pseudonyms& pseudonyms, std::string_view path) {
  std::string result;
  for (std::size_t at = 0; at <= path.size();) {
    const auto end = std::min(path.find('/', at), path.size());
    result += (at == 0 ? "" : "/") + segment(pseudonyms, path.substr(at, end - at));
    at = end + 1;
  }
  return result;
}

std::string redacted_url(Pseudonyms& pseudonyms, std::string_view url) {
  const auto scheme_end = url.find("://") + 3;
  const auto behind = url.substr(scheme_end);
  const auto authority_end = std::min(behind.find_first_of("/?#"), behind.size());
  const auto rest = behind.substr(authority_end);
  const auto path_end = std::min(rest.find_first_of("?#"), rest.size());
  return std::string{url.substr(0, scheme_end)} + authority(pseudonyms, behind.substr(0, authority_end)) +
         redacted_path(pseudonyms, rest.substr(0, path_end)) + query_part(pseudonyms, rest.substr(path_end));
}

}  // namespace fwprobe::reports
