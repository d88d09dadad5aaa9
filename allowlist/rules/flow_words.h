#pragma once
// The words that the exports have in common: protocols, ports, addresses. Upper and lower case are the same.

#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "allowlist/flow_set.h"

namespace fwprobe::allowlist {

/// "tcp", "6", or all: "*", "all", "any", "-1". An error is a sentence, as below.
std::expected<Protocols, std::string> parse_protocol_word(std::string_view word);
/// Whether flows of one of these are told apart by ports.
bool have_ports(const Protocols& protocols);

/// "443", "8000-8010", or all: "*", "all", "any".
std::expected<Ports, std::string> parse_ports_word(std::string_view word);

/// Ports that a client's system may choose (RFC 6056 §3.2): which of them, nobody knows before.
const Ports& client_ports();

/// "192.0.2.0/24", "2001:db8::1", "192.0.2.1-192.0.2.9", or all: "*", "all", "any". Host bits are cleared, as
/// the platforms do. IPv4-mapped IPv6 addresses are IPv6 here.
std::expected<PrefixSet, std::string> parse_addresses_word(std::string_view word);

/// The union of many sets, in pairs: one after the other would copy the growing one each time.
template <typename Set>
Set united(std::vector<Set> sets) {
  for (auto count = sets.size(); count > 1; count = (count + 1) / 2) {
    for (std::size_t i = 0; i < count / 2; ++i) sets[i] = sets[2 * i] | sets[2 * i + 1];
    if (count % 2 == 1) sets[count / 2] = std::move(sets[count - 1]);
  }
  return sets.empty() ? Set{} : std::move(sets.front());
}

}  // namespace fwprobe::allowlist
