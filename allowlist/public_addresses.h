#pragma once

#include "allowlist/prefix_set.h"

namespace fwprobe::allowlist {

/// The unicast addresses of the Internet: those of IPv4 and of 2000::/3 (RFC 4291 §2.4) whose scope is
/// global.
const PrefixSet& public_addresses();

}  // namespace fwprobe::allowlist
