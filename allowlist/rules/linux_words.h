#pragma once
// Names of ports and protocols in hand-written rules (/etc/services, /etc/protocols), without the files.

#include <optional>
#include <string_view>

#include "allowlist/flow_set.h"

namespace fwprobe::allowlist {

std::optional<std::uint16_t> linux_port(std::string_view word);     ///< "443", "https"
std::optional<std::uint8_t> linux_protocol(std::string_view word);  ///< "6", "tcp"
/// Those whose headers begin with two ports.
const Protocols& transports();
constexpr std::uint8_t tcp_protocol = 6;

PrefixSet all_v4();
PrefixSet all_v6();

}  // namespace fwprobe::allowlist
