#include "allowlist/rules/linux_words.h"

#include <algorithm>
#include <span>
#include <utility>

#include "text/ascii.h"

namespace fwprobe::allowlist {
namespace {

constexpr std::pair<std::string_view, std::uint16_t> services[] = {
    {"ftp", 21},          {"ssh", 22},         {"telnet", 23},          {"smtp", 25},   {"domain", 53},
    {"http", 80},         {"www", 80},         {"pop3", 110},           {"ntp", 123},   {"imap2", 143},
    {"imap", 143},        {"snmp", 161},       {"ldap", 389},           {"https", 443}, {"microsoft-ds", 445},
    {"submissions", 465}, {"submission", 587}, {"ldaps", 636},          {"imaps", 993}, {"pop3s", 995},
    {"ms-sql-s", 1433},   {"mysql", 3306},     {"ms-wbt-server", 3389}, {"git", 9418},  {"postgresql", 5432},
    {"http-alt", 8080}};

constexpr std::pair<std::string_view, std::uint8_t> protocols[] = {
    {"icmp", 1},   {"igmp", 2},   {"ipip", 4},   {"tcp", 6},      {"udp", 17},    {"dccp", 33},
    {"ipv6", 41},  {"gre", 47},   {"esp", 50},   {"ah", 51},      {"icmpv6", 58}, {"ipv6-icmp", 58},
    {"vrrp", 112}, {"comp", 108}, {"sctp", 132}, {"udplite", 136}};

template <typename Number>
std::optional<Number> look_up(std::string_view word,
                              std::span<const std::pair<std::string_view, Number>> rows) {
  if (const auto number = whole_number<Number>(word)) return number;
  const auto row = std::ranges::find(rows, word, &std::pair<std::string_view, Number>::first);
  if (row == rows.end()) return std::nullopt;
  return row->second;
}

}  // namespace

std::optional<std::uint16_t> linux_port(std::string_view word) {
  return look_up<std::uint16_t>(word, services);
}

std::optional<std::uint8_t> linux_protocol(std::string_view word) {
  return look_up<std::uint8_t>(word, protocols);
}

const Protocols& transports() {
  static const Protocols all{
      std::vector<Protocols::Item>{{6, 6}, {17, 17}, {33, 33}, {132, 132}, {136, 136}}};
  return all;
}

PrefixSet all_v4() { return {Ranges4::all(), {}}; }
PrefixSet all_v6() { return {{}, Ranges6::all()}; }

}  // namespace fwprobe::allowlist
