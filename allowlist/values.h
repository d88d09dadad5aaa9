#pragma once
// The values of a list's YAML, each parsed from its node; an error says what would be right.

#include <chrono>
#include <expected>
#include <string>
#include <variant>
#include <vector>

#include "allowlist/allowlist.h"
#include "allowlist/yaml_tree.h"

namespace fwprobe::allowlist {

template <typename T>
using Value = std::expected<T, Complaint>;

inline constexpr std::size_t longest_text = 1000;  ///< bytes
inline constexpr std::size_t most_ports = 100;     ///< of one entry: ports and ranges

/// At most longest_text bytes without control characters, not empty. `key` names it in messages, as below.
Value<std::string> parse_text(const YamlNode& node, std::string_view key);
/// "2026-11-23", RFC 3339's full-date.
Value<std::chrono::year_month_day> parse_date(const YamlNode& node, std::string_view key);
/// "90d": days, from 1 to 3650.
Value<std::chrono::days> parse_days(const YamlNode& node, std::string_view key);
/// "inbound" or "outbound".
Value<Direction> parse_direction(const YamlNode& node);
/// "tcp" or "udp".
Value<Protocol> parse_protocol(const YamlNode& node);
/// "listed" or "any".
Value<NameAddresses> parse_addresses(const YamlNode& node);
/// "[443, 8000-8100]": a list of at least one.
Value<std::vector<PortRange>> parse_ports(const YamlNode& node);
/// Like parse_prefix(), but an IPv4-mapped IPv6 prefix is refused: what a firewall makes of it is anyone's
/// guess.
Value<ParsedPrefix> parse_listed_prefix(const YamlNode& node);
/// "dev.azure.com" or "*.dev.azure.com".
Value<Domain> parse_domain(const YamlNode& node);
/// As parse_domain() reads it: "host.example.com", "*.example.com".
std::string text(const Domain& domain);
/// What an entry is for, whatever its publisher's spelling: "192.0.2.0/24", "*.example.com".
std::string canonical(const Entry& entry);
/// "[a.example.com, b.example.com]": at least one name, without a wildcard.
Value<std::vector<std::string>> parse_examples(const YamlNode& node);
/// "Example Issuing CA", or a list of such names: common names or organizations of authorities.
Value<std::vector<std::string>> parse_issuers(const YamlNode& node);

}  // namespace fwprobe::allowlist
