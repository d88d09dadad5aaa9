// URLs: uriparser reads what RFC 3986 allows, after what servers and people really write is made so.
#include "probe/url.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <uriparser/Uri.h>

#include "probe/host.h"
#include "text/ascii.h"

namespace fwprobe::probe {
namespace {

/// As percent-encoded. Also keeps uriparser's recursion, one level a character, far from the stack's end.
constexpr std::size_t max_url = 8 * 1024;
constexpr auto npos = std::string_view::npos;

std::unexpected<UrlError> wrong(std::string message) { return std::unexpected{UrlError{std::move(message)}}; }

std::unexpected<UrlError> too_long() { return wrong("longer than the 8 KiB that a URL may have"); }

std::string_view view(const UriTextRangeA& range) {
  if (range.first == nullptr) return {};
  return {range.first, static_cast<std::size_t>(range.afterLast - range.first)};
}

/// Owns what uriparser allocated, and the text that its ranges point into.
struct Uri {
  std::string text;
  UriUriA value{};
  explicit Uri(std::string given = {}) : text{std::move(given)} {}
  Uri(const Uri&) = delete;
  Uri& operator=(const Uri&) = delete;
  ~Uri() { uriFreeUriMembersA(&value); }
};

/// Where the authority stands in a URL or reference (RFC 3986 §3.2); begin == end when there is none.
struct Authority {
  std::size_t begin = 0;
  std::size_t end = 0;
};

Authority find_authority(std::string_view text) {
  const auto colon = text.find_first_of(":/?");
  const auto start = colon != npos && text[colon] == ':' ? colon + 1 : 0;
  if (!text.substr(start).starts_with("//")) return {};
  return {start + 2, std::min(text.find_first_of("/?", start + 2), text.size())};
}

/// Servers send bytes that RFC 3986 forbids (spaces, '|', '{', '[', backslashes, UTF-8, a lone '%'), and
/// every client follows them all the same; they are percent-encoded first, as browsers do (WHATWG URL §1.3).
std::string with_forbidden_bytes_encoded(std::string_view text) {
  constexpr std::string_view forbidden = " \"<>\\^`{|}";
  auto authority = find_authority(text);
  // Brackets belong to the host; in front of '@' they are a password's.
  if (const auto at = text.substr(0, authority.end).rfind('@'); at != npos && at >= authority.begin)
    authority.begin = at + 1;
  const auto is_forbidden = [&](std::size_t i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte >= 0x7f || forbidden.find(c) != npos) return true;
    if (c == '%') return i + 2 >= text.size() || hex_digit(text[i + 1]) < 0 || hex_digit(text[i + 2]) < 0;
    return (c == '[' || c == ']') && (i < authority.begin || i >= authority.end);
  };
  std::string encoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_forbidden(i))
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(text[i]));
    else
      encoded += text[i];
  }
  return encoded;
}

std::string port_error(std::string_view port) {
  return fmt::format("port {}: ports are 1 to 65535", port.substr(0, 12));
}

/// What uriparser would refuse with a position only.
std::optional<std::string> what_is_wrong_with_authority(std::string_view text) {
  const auto [begin, end] = find_authority(text);
  auto host = text.substr(begin, end - begin);
  if (const auto at = host.rfind('@'); at != npos) host.remove_prefix(at + 1);
  if (host.starts_with('[')) {
    const auto close = host.find(']');
    if (close == npos) return "the bracket ']' behind the IPv6 address is missing";
    if (host.substr(0, close).find('%') != npos)
      return "an IPv6 zone has no meaning in a URL; leave out what follows '%'";
    host.remove_prefix(close + 1);
    if (host.empty()) return std::nullopt;
    if (!host.starts_with(':')) return "only a port can follow the bracket ']'";
  } else if (std::ranges::count(host, ':') > 1) {
    return fmt::format("write an IPv6 address in brackets: [{}]", host.substr(0, 60));
  }
  const auto colon = host.find(':');
  if (colon == npos) return std::nullopt;
  const auto port = host.substr(colon + 1);
  if (port.find_first_not_of("0123456789") != npos) return port_error(port);
  return std::nullopt;
}

std::expected<std::uint16_t, UrlError> port_of(const UriUriA& uri, std::string_view scheme) {
  const auto port = view(uri.portText);
  if (port.empty()) return default_port(scheme);
  unsigned number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc{} || end != port.data() + port.size() || number == 0 || number > 65535)
    return wrong(port_error(port));
  return static_cast<std::uint16_t>(number);
}

std::expected<Host, UrlError> host_of(const UriUriA& uri, std::string_view scheme) {
  if (uri.hostData.ip6 != nullptr) {
    asio::ip::address_v6::bytes_type bytes{};
    std::copy_n(uri.hostData.ip6->data, bytes.size(), bytes.begin());
    const asio::ip::address_v6 address{bytes};
    return Host{address.to_string(), address};
  }
  if (uri.hostData.ipFuture.first != nullptr)
    return wrong(
        "this form of address in brackets is not in use; write an IPv6 address such as [2001:db8::1]");
  if (!view(uri.hostText).empty()) return host_of_url(view(uri.hostText));
  if (scheme == "http" || scheme == "https" || uri.hostText.first != nullptr)
    return wrong(fmt::format("the host is missing; write {}://host/", scheme));
  return Host{};
}

std::expected<Url, UrlError> from_uri(const UriUriA& uri) {
  Url url;
  url.scheme = ascii_lower(view(uri.scheme));
  url.has_userinfo = uri.userInfo.first != nullptr;
  auto host = host_of(uri, url.scheme);
  if (!host) return std::unexpected{host.error()};
  url.host = std::move(*host);
  const auto port = port_of(uri, url.scheme);
  if (!port) return std::unexpected{port.error()};
  url.port = *port;
  for (const auto* segment = uri.pathHead; segment != nullptr; segment = segment->next) {
    // Dot segments are gone; uriparser 0.9 puts one in front of an empty segment, as if no host stood there.
    if (!url.host.name.empty() && view(segment->text) == ".") continue;
    if (segment != uri.pathHead || !url.host.name.empty() || uri.absolutePath != 0) url.path += '/';
    url.path += view(segment->text);
  }
  if (url.path.empty() && !url.host.name.empty()) url.path = "/";
  url.query = view(uri.query);
  if (url.text().size() > max_url) return too_long();
  return url;
}

std::expected<void, UrlError> parse(Uri& uri) {
  const char* error_at = nullptr;
  if (uriParseSingleUriA(&uri.value, uri.text.c_str(), &error_at) == URI_SUCCESS) return {};
  const auto size = uri.text.size();
  const auto place = error_at == nullptr ? size : static_cast<std::size_t>(error_at - uri.text.c_str());
  if (place >= size) return wrong("not a URL: it ends too early");
  // The piece and not its position: encoding has moved it.
  return wrong(fmt::format("not a URL: '{}' cannot stand where it does", uri.text.substr(place, 12)));
}

/// A URL or reference as uriparser takes it: no white space around it, no fragment, every byte allowed.
std::expected<std::string, UrlError> prepared(std::string_view text) {
  text = trimmed(text, " \t\r\n\f\v");
  text = text.substr(0, text.find('#'));
  if (text.size() > max_url) return too_long();
  if (auto problem = what_is_wrong_with_authority(text)) return wrong(std::move(*problem));
  auto encoded = with_forbidden_bytes_encoded(text);
  if (encoded.size() > max_url) return too_long();
  return encoded;
}

/// RFC 3986 §5.2.2; dot segments of an absolute reference are removed, too.
std::expected<Url, UrlError> transform(const Uri& reference, const Uri& base) {
  Uri target;
  if (uriAddBaseUriA(&target.value, &reference.value, &base.value) != URI_SUCCESS)
    return wrong("not a reference that can be resolved");
  return from_uri(target.value);
}

}  // namespace

std::string Url::target() const {
  return fmt::format("{}{}{}", path.empty() ? "/" : path, query.empty() ? "" : "?", query);
}

std::string Url::origin() const {
  const bool v6 = host.address && host.address->is_v6();
  const auto name = v6 ? fmt::format("[{}]", host.name) : host.name;
  if (port == default_port(scheme)) return fmt::format("{}://{}", scheme, name);
  return fmt::format("{}://{}:{}", scheme, name, port);
}

std::string Url::text() const {
  if (host.name.empty()) return fmt::format("{}:{}{}{}", scheme, path, query.empty() ? "" : "?", query);
  return origin() + target();
}

std::uint16_t default_port(std::string_view scheme) {
  if (scheme == "https") return 443;
  if (scheme == "http") return 80;
  if (scheme == "ssh") return 22;
  return 0;
}

std::expected<Url, UrlError> parse_url(std::string_view text) {
  auto encoded = prepared(text);
  if (!encoded) return std::unexpected{encoded.error()};
  Uri uri{std::move(*encoded)};
  if (const auto parsed = parse(uri); !parsed) return std::unexpected{parsed.error()};
  if (uri.value.scheme.first == nullptr) return wrong("the scheme is missing; write https://host/");
  return transform(uri, uri);
}

std::expected<Url, UrlError> resolve(const Url& base, std::string_view reference) {
  auto encoded = prepared(reference);
  if (!encoded) return std::unexpected{encoded.error()};
  Uri base_uri{base.text()};
  Uri reference_uri{std::move(*encoded)};
  for (auto* uri : {&base_uri, &reference_uri})
    if (const auto parsed = parse(*uri); !parsed) return std::unexpected{parsed.error()};
  return transform(reference_uri, base_uri);
}

}  // namespace fwprobe::probe
