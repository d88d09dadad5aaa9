// Host names and addresses, as URLs and options spell them.
#include "probe/host.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>

#include <fmt/format.h>
#include <idn2.h>

#include "text/ascii.h"

namespace fwprobe::probe {
namespace {

constexpr std::size_t max_name = 253;       // RFC 1035 §3.1, as text
constexpr std::size_t max_label = 63;       // RFC 1035 §2.3.4
constexpr std::size_t max_spelling = 4096;  // of a name before its conversion; UTF-8 and escapes need more

std::unexpected<UrlError> wrong(std::string message) { return std::unexpected{UrlError{std::move(message)}}; }

bool is_control(char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; }

/// RFC 1123 §2.1 with underscores, which real names have.
std::optional<std::string> what_is_wrong_with(std::string_view name) {
  if (name.size() > max_name)
    return fmt::format("'{}…' is longer than the {} characters of a host name", name.substr(0, 60), max_name);
  while (true) {
    const auto dot = name.find('.');
    const auto label = name.substr(0, dot);
    if (label.empty()) return std::string{"a host name has no empty label; remove the doubled dot"};
    if (label.size() > max_label)
      return fmt::format("the label '{}…' is longer than {} characters", label.substr(0, 40), max_label);
    const auto bad = std::ranges::find_if_not(label, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
    if (bad != label.end()) return std::string{"a host name has letters, digits, hyphens and dots only"};
    if (dot == std::string_view::npos) return std::nullopt;
    name.remove_prefix(dot + 1);
  }
}

/// A-labels, lower case, no final dot; not yet checked.
std::expected<std::string, UrlError> to_a_labels(std::string_view text) {
  std::string name{text};
  if (std::ranges::any_of(name, [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) {
    char* converted = nullptr;
    // UTS #46 non-transitional, as browsers and curl do: "straße" is not "strasse".
    const int status = idn2_to_ascii_8z(name.c_str(), &converted, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT);
    const std::unique_ptr<char, decltype(&idn2_free)> owner{converted, &idn2_free};
    if (status != IDN2_OK)
      return wrong(
          fmt::format("the host name is no valid internationalised name: {}", idn2_strerror(status)));
    name = converted;
  }
  // Only after the conversion, which makes dots of other full stops (UTS #46 §2.3).
  if (name.ends_with('.')) name.pop_back();
  return ascii_lower(name);
}

/// The value of one part in C's notation; nothing when it is no number.
std::optional<std::uint64_t> number(std::string_view part) {
  int base = 10;
  if (part.size() > 1 && part[0] == '0') {
    base = part[1] == 'x' || part[1] == 'X' ? 16 : 8;
    part.remove_prefix(base == 16 ? 2 : 1);
    // "0x" alone is zero, in WHATWG's reading.
    if (part.empty()) return 0;
  }
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value, base);
  if (error != std::errc{} || end != part.data() + part.size()) return std::nullopt;
  return value;
}

/// Digits and dots only: meant as an IPv4 address, whether it is one or not.
bool looks_like_ipv4(std::string_view name) {
  return name.find_first_not_of("0123456789.") == std::string_view::npos;
}

std::expected<Host, UrlError> checked(std::string name) {
  if (name.empty()) return wrong("the host is empty; write a name or an address");
  if (auto problem = what_is_wrong_with(name)) return wrong(std::move(*problem));
  // No client would look it up as a name (WHATWG URL §3.5, "ends in a number").
  if (looks_like_ipv4(name))
    return wrong(
        fmt::format("'{}' is not an IPv4 address: it takes four numbers from 0 to 255", name.substr(0, 60)));
  return Host{std::move(name), std::nullopt};
}

std::expected<Host, UrlError> ipv6(std::string_view text) {
  if (text.find('%') != std::string_view::npos)
    return wrong("an IPv6 zone has no meaning here; leave out what follows '%'");
  std::error_code error;
  const auto address = asio::ip::make_address_v6(std::string{text}, error);
  if (error) return wrong(fmt::format("'{}' is not an IPv6 address; write 2001:db8::1", text.substr(0, 60)));
  return Host{address.to_string(), address};
}

std::optional<UrlError> unusable(std::string_view text) {
  if (text.empty()) return UrlError{"the host is empty; write a name or an address"};
  if (text.size() > max_spelling)
    return UrlError{"the host is longer than the 253 characters of a host name"};
  if (std::ranges::any_of(text, is_control)) return UrlError{"the host contains a NUL or control character"};
  return std::nullopt;
}

}  // namespace

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      decoded += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

std::expected<Host, UrlError> host_of_url(std::string_view text) {
  const auto decoded = percent_decoded(text);
  if (auto problem = unusable(decoded)) return std::unexpected{std::move(*problem)};
  auto name = to_a_labels(decoded);
  if (!name) return std::unexpected{name.error()};
  if (const auto address = lenient_ipv4(*name)) return Host{address->to_string(), *address};
  return checked(std::move(*name));
}

std::expected<Host, UrlError> parse_host(std::string_view text) {
  if (auto problem = unusable(text)) return std::unexpected{std::move(*problem)};
  if (text.starts_with('[') || text.ends_with(']')) {
    if (text.size() < 2 || !text.starts_with('[') || !text.ends_with(']'))
      return wrong("one of the brackets is missing; write [2001:db8::1]");
    return ipv6(text.substr(1, text.size() - 2));
  }
  if (std::ranges::count(text, ':') > 1) return ipv6(text);
  if (text.find(':') != std::string_view::npos)
    return wrong(fmt::format("'{}': a host without a port is wanted here", text.substr(0, 60)));
  std::error_code error;
  const auto address = asio::ip::make_address_v4(std::string{text}, error);
  if (!error) return Host{address.to_string(), address};
  auto name = to_a_labels(text);
  if (!name) return std::unexpected{name.error()};
  if (const auto meant = lenient_ipv4(*name))
    return wrong(fmt::format("'{}' is read as {} by some programs and as a name by others; write {}", *name,
                             meant->to_string(), meant->to_string()));
  return checked(std::move(*name));
}

std::optional<asio::ip::address_v4> lenient_ipv4(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  if (text.empty() || text.size() > max_name) return std::nullopt;
  std::array<std::uint64_t, 4> parts{};
  std::size_t count = 0;
  while (true) {
    const auto dot = text.find('.');
    const auto part = text.substr(0, dot);
    if (part.empty() || count == parts.size()) return std::nullopt;
    const auto value = number(part);
    if (!value) return std::nullopt;
    parts[count++] = *value;
    if (dot == std::string_view::npos) break;
    text.remove_prefix(dot + 1);
  }
  // All parts but the last are one byte; the last fills what is left (inet_aton(3)).
  std::uint64_t address = 0;
  for (std::size_t i = 0; i + 1 < count; ++i) {
    if (parts[i] > 255) return std::nullopt;
    address |= parts[i] << (8 * (3 - i));
  }
  if (parts[count - 1] >= std::uint64_t{1} << (8 * (5 - count))) return std::nullopt;
  return asio::ip::address_v4{static_cast<asio::ip::address_v4::uint_type>(address | parts[count - 1])};
}

}  // namespace fwprobe::probe
