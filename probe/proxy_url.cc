#include "probe/proxy_url.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

#include <fmt/format.h>

namespace fwprobe::probe {
namespace {

constexpr std::uint16_t default_proxy_port = 1080;  // CURL_DEFAULT_PROXY_PORT, for HTTP proxies too
constexpr std::size_t longest_socks_field = 255;    // RFC 1929 §2

std::optional<ProxyKind> kind_of(std::string_view scheme) {
  if (scheme == "http") return ProxyKind::http;
  if (scheme == "socks5" || scheme == "socks5h") return ProxyKind::socks5;
  return {};
}

/// A '%' that no two hexadecimal digits follow stands for itself, as for curl.
std::string percent_decoded(std::string_view text) {
  std::string decoded;
  decoded.reserve(
      text.size());  // at once, so that no smaller buffer is left behind with a part of a password
  while (!text.empty()) {
    unsigned char byte = 0;
    const auto* digits = text.data() + 1;
    if (text[0] == '%' && text.size() >= 3 &&
        std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2) {
      decoded.push_back(static_cast<char>(byte));
      text.remove_prefix(3);
    } else {
      decoded.push_back(text[0]);
      text.remove_prefix(1);
    }
  }
  return decoded;
}

}  // namespace

std::expected<ProxyServer, std::string> parse_proxy(std::string_view text) {
  std::string scheme = "http";
  if (const auto mark = text.find("://"); mark != text.npos) {
    scheme = text.substr(0, mark);
    std::ranges::transform(scheme, scheme.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    text.remove_prefix(mark + 3);
  }
  const auto kind = kind_of(scheme);
  // A scheme with '@' or ':' in it is a part of a password that holds "://".
  if (!kind && scheme.find_first_of("@:/") != scheme.npos)
    return std::unexpected{std::string{"write the proxy as http://host:port, with '/' in a password as %2F"}};
  if (!kind)
    return std::unexpected{
        fmt::format("{}:// proxies are not supported; use http://, socks5:// or socks5h://", scheme)};

  const auto authority = text.substr(0, text.find_first_of("/?#"));
  if (text.substr(authority.size()).find('@') != text.npos)
    return std::unexpected{
        std::string{"in a proxy's user name and password '/', '?' and '#' are written %2F, %3F and %23"}};
  ProxyServer server;
  server.kind = *kind;
  const auto at = authority.rfind('@');
  if (at != authority.npos) {
    const auto credentials = authority.substr(0, at);
    const auto colon = credentials.find(':');
    server.user = percent_decoded(credentials.substr(0, colon));
    if (colon != credentials.npos) server.password = Secret{percent_decoded(credentials.substr(colon + 1))};
  }
  if (*kind == ProxyKind::socks5 &&
      std::max(server.user.size(), server.password.expose().size()) > longest_socks_field)
    return std::unexpected{
        std::string{"SOCKS5 carries at most 255 bytes of user name and of password (RFC 1929)"}};

  // A scheme that has no default port tells whether one was given.
  const auto url = parse_url(fmt::format("proxy://{}", authority.substr(at == authority.npos ? 0 : at + 1)));
  if (!url) return std::unexpected{url.error().message};
  if (url->host.name.empty())
    return std::unexpected{std::string{"the proxy's host is missing; write http://host:port"}};
  server.host = url->host;
  server.port = url->port == 0 ? default_proxy_port : url->port;
  return server;
}

}  // namespace fwprobe::probe
