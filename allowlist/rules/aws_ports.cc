#include "allowlist/rules/aws_ports.h"

#include <algorithm>
#include <initializer_list>

#include <fmt/format.h>

#include "allowlist/rules/flow_words.h"

namespace fwprobe::allowlist {
namespace {

constexpr std::uint8_t icmp = 1;
constexpr std::uint8_t tcp = 6;
constexpr std::uint8_t udp = 17;
constexpr std::uint8_t icmpv6 = 58;

bool is_one_of(const Protocols& protocols, std::initializer_list<std::uint8_t> numbers) {
  return std::ranges::any_of(numbers,
                             [&](std::uint8_t number) { return protocols == Protocols{number, number}; });
}

std::string name_of(std::string_view word, const Protocols& protocols) {
  if (protocols.is_all()) return "all";
  if (is_one_of(protocols, {tcp})) return "tcp";
  if (is_one_of(protocols, {udp})) return "udp";
  return std::string{word};
}

}  // namespace

bool is_icmp(const Protocols& protocols) { return is_one_of(protocols, {icmp, icmpv6}); }

AwsTraffic read_aws_traffic(JsonFields& fields, const JsonNode& object, std::string_view protocol_key,
                            const PortKeys& keys) {
  AwsTraffic traffic;
  const auto word = fields.need_text(object, protocol_key);
  const auto* node = fields.find(object, protocol_key);
  if (node == nullptr) return traffic;
  traffic.protocols = fields.parsed(*node, parse_protocol_word).value_or(Protocols{});
  traffic.text = name_of(word, traffic.protocols);
  const auto* range = keys.within.empty() ? &object : fields.find(object, keys.within);
  if (range == nullptr || !fields.need_object(*range)) return traffic;
  const auto first = fields.whole(*range, keys.first, -1, 65535).value_or(-1);
  const auto last = fields.whole(*range, keys.last, -1, 65535).value_or(-1);
  if (first == -1 && last == -1) return traffic;
  if (is_icmp(traffic.protocols)) {
    traffic.doubt = fmt::format("it is ICMP type {}", first);
    return traffic;
  }
  // VPC User Guide: "If you specify a protocol number other than 6, 17 or 1, traffic on all ports is
  // allowed".
  if (!is_one_of(traffic.protocols, {tcp, udp})) return traffic;
  if (first == -1 || last < first) {
    fields.refuse(*range, fmt::format("the ports {} to {} are no range", first, last));
    return traffic;
  }
  traffic.ports = Ports{static_cast<std::uint16_t>(first), static_cast<std::uint16_t>(last)};
  if (!traffic.ports.is_all())
    traffic.text += first == last ? fmt::format(" {}", first) : fmt::format(" {}-{}", first, last);
  return traffic;
}

}  // namespace fwprobe::allowlist
