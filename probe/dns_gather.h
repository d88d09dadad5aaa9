#pragma once
// All that comes back on one DNS query (DnsListen::all): a second answer, or one with another ID, is somebody
// else's.

#include <optional>
#include <vector>

#include <asio/awaitable.hpp>
#include <asio/ip/address.hpp>

#include "probe/clock.h"
#include "probe/facts/dns.h"

namespace fwprobe::probe {

/// Sends `message` once, from a port of its own and under an ID that nobody can guess (RFC 5452 §9.2): what
/// comes late for another query does not get here. `known` has the question.
asio::awaitable<DnsLookup> gather_answers(DnsLookup known, std::vector<unsigned char> message,
                                          std::optional<asio::ip::address> source,
                                          Clock::time_point deadline);

}  // namespace fwprobe::probe
