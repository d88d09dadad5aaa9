#pragma once
// URLs and host names (RFC 3986, RFC 5891, WHATWG's reading of IPv4 numbers), parsed once at the edge.

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include <asio/ip/address.hpp>

namespace fwprobe::probe {

/// A host as a URL names it: an address, or a name in its ASCII form (A-labels, lower case, no final dot)
/// with labels of at most 63 characters, 253 in all; underscores are allowed.
struct Host {
  std::string name;  ///< "azure.example.com", "192.0.2.1", "2001:db8::1" (no brackets)
  std::optional<asio::ip::address> address;  ///< when the host is an IP literal
  bool operator==(const Host&) const = default;
};

struct Url {
  std::string scheme;         ///< lower case
  bool has_userinfo = false;  ///< "user:password@" was there; it is dropped, never kept
  Host host;
  std::uint16_t port = 0;  ///< the scheme's default when not given; 0 when there is none
  std::string path;        ///< starts with "/" when there is a host; percent-encoding kept as given
  std::string query;       ///< without "?"
  bool operator==(const Url&) const = default;

  /// "/path?query", the request target of RFC 9112 §3.2.1.
  std::string target() const;
  /// "https://host[:port]", the port only when it is not the scheme's default.
  std::string origin() const;
  /// The whole URL, normalised, without userinfo and fragment.
  std::string text() const;
  bool same_origin(const Url& other) const {
    return scheme == other.scheme && host == other.host && port == other.port;
  }
};

/// What is wrong with a text that should be a URL or a host, as a sentence for the user.
struct UrlError {
  std::string message;
};

/// An absolute URL of at most 8 KiB, percent-encoding counted. IDN hosts are converted to A-labels (UTS #46),
/// escapes in the host are decoded, and an IPv4 host in any spelling of lenient_ipv4 becomes that address,
/// because that is where clients connect to. Bytes that RFC 3986 forbids (spaces, '|', '[' in a query, …) are
/// percent-encoded, dot segments removed. Refused: IPv6 zones, empty hosts, ports outside 1 to 65535.
std::expected<Url, UrlError> parse_url(std::string_view text);
/// `reference` (a Location header, for example) resolved against `base`, RFC 3986 §5.2; limits as for
/// parse_url.
std::expected<Url, UrlError> resolve(const Url& base, std::string_view reference);
/// A host name or address; IPv6 in brackets or not. Addresses are strict, dotted quad or RFC 4291 text; short
/// and octal spellings such as "127.1" are refused with the address that they may stand for.
std::expected<Host, UrlError> parse_host(std::string_view text);
/// An IPv4 address in any spelling that browsers and libc accept: "127.1", "0x7f.1", "2130706433",
/// "017700000001" (WHATWG URL §3.5, inet_aton(3)); nothing when it is a name.
std::optional<asio::ip::address_v4> lenient_ipv4(std::string_view text);
/// 443 for https, 80 for http, 22 for ssh, else 0.
std::uint16_t default_port(std::string_view scheme);

}  // namespace fwprobe::probe
