#include "allowlist/prefix.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "allowlist/address_text.h"
#include "allowlist/prefix_set.h"
#include "allowlist/yaml_tree.h"

namespace fwprobe::allowlist {
namespace {

using asio::ip::address;
using asio::ip::address_v4;

enum class HostBits : std::uint8_t { cleared, set };

/// `a` with every bit behind `length` set or cleared.
address with_host_bits(const address& a, int length, HostBits bits) {
  const int width = a.is_v6() ? 128 : 32;
  const auto host = length == 0 ? ~Uint128{0} : (Uint128{1} << (width - length)) - 1;
  return address_of(bits == HostBits::set ? number_of(a) | host : number_of(a) & ~host, a);
}

bool is_mapped(const address& a) { return a.is_v6() && a.to_v6().is_v4_mapped(); }

address unmapped(const address& a) {
  return is_mapped(a) ? address{asio::ip::make_address_v4(asio::ip::v4_mapped, a.to_v6())} : a;
}

constexpr int mapped_bits = 96;  // RFC 4291 §2.5.5.2

/// One look instead of a try as IPv6 in front of every IPv4 address.
address read_address(const std::string& text, std::error_code& error) {
  if (text.contains(':')) return asio::ip::make_address_v6(text, error);
  return asio::ip::make_address_v4(text, error);
}

}  // namespace

Prefix::Prefix(const address& a, int length) {
  const bool mapped = is_mapped(a) && length >= mapped_bits;
  length_ = mapped ? length - mapped_bits : length;
  network_ = with_host_bits(mapped ? unmapped(a) : a, length_, HostBits::cleared);
}

address Prefix::last() const { return with_host_bits(network_, length_, HostBits::set); }

bool Prefix::contains(const address& a) const {
  const auto plain = unmapped(a);
  return plain.is_v4() == network_.is_v4() && with_host_bits(plain, length_, HostBits::cleared) == network_;
}

std::string Prefix::text() const {
  std::string text;
  if (network_.is_v4())
    append_address(text, network_.to_v4().to_uint());
  else
    append_address(text, number(network_.to_v6()));
  return text + "/" + std::to_string(length_);
}

std::expected<ParsedPrefix, std::string> parse_prefix(std::string_view text) {
  constexpr std::size_t longest = 64;
  const auto slash = text.find('/');
  std::error_code error;
  const auto address = read_address(std::string{text.substr(0, std::min(slash, longest))}, error);
  if (error || text.size() > longest || text.contains('%'))
    return std::unexpected{
        fmt::format("{} is not a prefix; write 192.0.2.0/24, 2001:db8::/32 or an address", excerpt(text))};
  const unsigned longest_length = address.is_v4() ? 32 : 128;
  unsigned length = longest_length;
  if (slash != std::string_view::npos) {
    const auto digits = text.substr(slash + 1);
    const auto [end, parse_error] = std::from_chars(digits.data(), digits.data() + digits.size(), length);
    if (parse_error != std::errc{} || end != digits.data() + digits.size() || length > longest_length ||
        (digits.size() > 1 && digits.starts_with('0')))
      return std::unexpected{
          fmt::format("{}: the prefix length is a number from 0 to {}", excerpt(text), longest_length)};
  }
  const auto bits = static_cast<int>(length);
  return ParsedPrefix{{address, bits}, with_host_bits(address, bits, HostBits::cleared) != address};
}

}  // namespace fwprobe::allowlist
