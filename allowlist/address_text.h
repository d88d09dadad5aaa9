#pragma once
// Prefixes, addresses and ranges between text and numbers, for lists of a million of them. What is an address
// is as in inet_pton(3): no octal, no zone.

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "allowlist/prefix_set.h"

namespace fwprobe::allowlist {

/// "192.0.2.0/24", "2001:db8::1" or "192.0.2.1-192.0.2.9" as numbers, both ends included; an IPv4 number
/// stands in the low bits.
struct NumberRange {
  Uint128 first = 0;
  Uint128 last = 0;
  bool ipv6 = false;
  bool host_bits = false;  ///< bits were set behind the prefix' length, and are cleared in `first`
};

/// Nothing when `text` is none of them; no space is skipped but around the '-' of a range.
std::optional<NumberRange> read_range(std::string_view text);
/// Whether prefixes of an IPv6 range are IPv4 in IPv6 form: ::ffff:0:0/96 (RFC 4291 §2.5.5.2), or a part of
/// it, that no wider prefix of the range holds.
bool is_mapped(const NumberRange& range);
/// Like read_range(), for what people wrote: IPv4 in IPv6 form is refused. The error is a
/// sentence for a line of a terminal: what is wrong, what would be right.
std::expected<NumberRange, std::string> parse_range(std::string_view text);

/// The numbers of an IPv4 prefix or address at the beginning of `text`, and how long it is there.
struct LeadingRange {
  Range<std::uint32_t> range;
  std::uint32_t length = 0;  ///< 0: there is none
  bool is_prefix = false;    ///< with a '/'
  bool host_bits = false;
};
LeadingRange leading_ipv4(std::string_view text);

/// The number of an IPv6 address at the beginning of `text`, and how long it is there.
struct LeadingAddress {
  Uint128 address = 0;
  std::uint32_t length = 0;  ///< 0: there is none
};
LeadingAddress leading_ipv6(std::string_view text);

/// "192.0.2.1", "2001:db8::1" (RFC 5952), appended.
void append_address(std::string& text, std::uint32_t address);
void append_address(std::string& text, Uint128 address);

/// The fewest prefixes that hold exactly these addresses, a line each, appended.
void append_lines(std::string& text, const Range<std::uint32_t>& range);
void append_lines(std::string& text, const Range<Uint128>& range);

}  // namespace fwprobe::allowlist
