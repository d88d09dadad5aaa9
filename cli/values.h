#pragma once
// Option values: from the user's text to types. Every error is one sentence that says what is wrong and what
// would be right; the caller puts the option's name before it.

#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <asio/ip/address.hpp>

#include "checks/settings.h"
#include "probe/clock.h"
#include "probe/endpoint.h"
#include "probe/facts/http.h"

namespace fwprobe::cli {

template <typename T>
using Parsed = std::expected<T, std::string>;

/// "500ms", "3s", "2m", "24h": more than zero, at most a week.
Parsed<probe::Clock::duration> parse_duration(std::string_view text);
/// Bytes: "10MiB", "512KiB", "1MB" (a thousand thousands), "65536"; 1 KiB to 100 MiB.
Parsed<std::uint64_t> parse_size(std::string_view text);
/// "443", "8000-8100": from 1 to 65535, the lower first.
Parsed<allowlist::PortRange> parse_port_range(std::string_view text);
/// "192.0.2.1", "2001:db8::1", without a port.
Parsed<asio::ip::address> parse_address(std::string_view text);
/// "192.0.2.1:443", "[2001:db8::1]:443".
std::optional<std::pair<asio::ip::address, std::uint16_t>> parse_endpoint(std::string_view text);
/// "192.0.2.1", "192.0.2.1:5353", "2001:db8::1", "[2001:db8::1]:5353"; port 53 when not given.
Parsed<probe::UdpEndpoint> parse_resolver(std::string_view text);
/// "127.0.0.1:9876", "[::1]:9876".
Parsed<probe::TcpEndpoint> parse_listen(std::string_view text);
/// "HOST=ADDR[,ADDR…]".
Parsed<checks::ResolveOverride> parse_override(std::string_view text);
/// "Name: value" (RFC 9110 §5.1, §5.5).
Parsed<probe::HttpHeader> parse_header(std::string_view text);
/// "200,204,3xx".
Parsed<std::vector<checks::StatusRange>> parse_statuses(std::string_view text);
/// An address or the name of an interface that exists.
Parsed<probe::TcpSource> parse_source(std::string_view text);

/// "SHA256:" and the Base64 of 32 bytes, with or without its padding, as `ssh-keygen -lf` prints it; given
/// back without.
Parsed<std::string> parse_fingerprint(std::string_view text);

/// The names of a table's rows: "aws|github", as --help shows the values of an option.
template <typename Rows>
std::string names_of(const Rows& rows, std::string_view separator = "|") {
  std::string names;
  for (const auto& row : rows) names.append(names.empty() ? "" : separator).append(row.name);
  return names;
}

/// The candidate that is at most two edits away from `word`; empty when there is none.
std::string_view nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace fwprobe::cli
