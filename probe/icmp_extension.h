#pragma once
// What a router may add to an ICMP error behind the packet that it quotes (RFC 4884 §7). Pure: bytes in,
// labels out.

#include <cstdint>
#include <span>
#include <vector>

#include "probe/failure.h"

namespace fwprobe::probe {

/// Whether the message says that there is an extension, or one is only looked for where old routers put it.
enum class Extension : std::uint8_t { announced, assumed };

/// The MPLS label stack (RFC 4950 §3) of the extension structure that begins with the first byte; at most 16
/// entries. Empty when there is none, when it is cut short or contradicts itself, or when its checksum is
/// wrong; one that is only assumed must have a checksum, as anything else could stand there.
std::vector<MplsLabel> mpls_labels(std::span<const unsigned char> extension, Extension place);

}  // namespace fwprobe::probe
