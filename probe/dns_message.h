#pragma once
// Reads a DNS reply (RFC 1035 §4.1). Pure: bytes in, lookup out.

#include <cstdint>
#include <span>

#include "probe/facts/dns.h"

namespace fwprobe::probe {

/// Whether the TC bit of a reply is set (RFC 1035 §4.1.1): its sections are cut and must not be read.
bool is_truncated(std::span<const unsigned char> reply);

/// What a reply says about `question`: its status, the CNAME chain from the asked name, the addresses at its
/// end. Anything that cannot be parsed or answers another question is `malformed`, with the reason in
/// `detail`.
DnsLookup read_reply(DnsQuestion question, std::span<const unsigned char> reply);

}  // namespace fwprobe::probe
