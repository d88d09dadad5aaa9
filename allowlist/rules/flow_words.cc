#include "allowlist/rules/flow_words.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "allowlist/yaml_tree.h"
#include "text/ascii.h"

namespace fwprobe::allowlist {
namespace {

struct ProtocolRow {
  std::string_view word;
  std::uint8_t number;
};

/// IANA's protocol numbers by the names that AWS, Azure, Google Cloud and administrators write.
constexpr ProtocolRow protocol_rows[] = {
    {"icmp", 1}, {"igmp", 2}, {"ipip", 4},    {"tcp", 6},    {"udp", 17},       {"gre", 47},
    {"esp", 50}, {"ah", 51},  {"icmpv6", 58}, {"icmp6", 58}, {"ipv6-icmp", 58}, {"sctp", 132},
};

/// Those whose headers begin with a source and a destination port: TCP, UDP, DCCP, SCTP, UDP-Lite.
constexpr std::uint8_t with_ports[] = {6, 17, 33, 132, 136};

bool is_all(std::string_view word) { return word == "*" || word == "all" || word == "any"; }

/// Addresses in their written family: sets take ::ffff:0:0/96 for IPv4 (RFC 4291 §2.5.5.2), whose packets no
/// rule of IPv6 matches.
PrefixSet as_written(PrefixSet set, std::string_view word) {
  if (!word.contains(':') || set.v4().empty()) return set;
  constexpr Uint128 mapped = Uint128{0xffff} << 32U;
  std::vector<Ranges6::Item> ranges;
  for (const auto& range : set.v4().ranges()) ranges.push_back({mapped | range.first, mapped | range.last});
  return {{}, Ranges6{std::move(ranges)}};
}

}  // namespace

std::expected<Protocols, std::string> parse_protocol_word(std::string_view word) {
  const auto lower = ascii_lower(word);
  if (is_all(lower) || lower == "-1") return Protocols::all();
  const auto* row = std::ranges::find(protocol_rows, lower, &ProtocolRow::word);
  if (row != std::end(protocol_rows)) return Protocols{row->number, row->number};
  if (const auto value = whole_number<std::uint8_t>(lower)) return Protocols{*value, *value};
  return std::unexpected{
      fmt::format("{} is no protocol; write tcp, udp, icmp, a number from 0 to 255, or any", excerpt(word))};
}

bool have_ports(const Protocols& protocols) {
  return std::ranges::any_of(with_ports, [&](std::uint8_t value) { return protocols.contains(value); });
}

std::expected<Ports, std::string> parse_ports_word(std::string_view word) {
  if (is_all(ascii_lower(word))) return Ports::all();
  const auto dash = word.find('-');
  const auto first = whole_number<std::uint16_t>(word.substr(0, dash));
  const auto last =
      dash == std::string_view::npos ? first : whole_number<std::uint16_t>(word.substr(dash + 1));
  if (!first || !last)
    return std::unexpected{
        fmt::format("{} is no port; write 443 or 8000-8010, from 0 to 65535", excerpt(word))};
  if (*last < *first)
    return std::unexpected{fmt::format("the ports {} run backwards; write {}-{}", word, *last, *first)};
  return Ports{*first, *last};
}

const Ports& client_ports() {
  static const Ports ports{1024, 65535};
  return ports;
}

std::expected<PrefixSet, std::string> parse_addresses_word(std::string_view word) {
  if (is_all(ascii_lower(word))) return PrefixSet::everything();
  const auto dash = word.find('-');
  if (dash == std::string_view::npos) {
    const auto parsed = parse_prefix(word);
    if (parsed) return as_written(PrefixSet{parsed->prefix}, word);
    const bool plain = word.find_first_not_of("0123456789abcdefABCDEF:./") == std::string_view::npos;
    if (plain) return std::unexpected{parsed.error()};
    return std::unexpected{fmt::format("{} is no address and no prefix; write 192.0.2.0/24", excerpt(word))};
  }
  std::error_code no_first;
  std::error_code no_last;
  const auto first = asio::ip::make_address(std::string{word.substr(0, dash)}, no_first);
  const auto last = asio::ip::make_address(std::string{word.substr(dash + 1)}, no_last);
  if (no_first || no_last || first.is_v4() != last.is_v4())
    return std::unexpected{fmt::format("{} is no range; write 192.0.2.1-192.0.2.9", excerpt(word))};
  if (last < first) return std::unexpected{fmt::format("the range {} runs backwards", excerpt(word))};
  return as_written(PrefixSet{AddressRange{first, last}}, word);
}

}  // namespace fwprobe::allowlist
