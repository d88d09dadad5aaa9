#pragma once
#include <vector>

#include "checks/investigation.h"

namespace fwprobe::reports {

/// The leaves that the target itself presented, over whatever address; a handshake each, in their order.
std::vector<const probe::Certificate*> own_certificates(const checks::Investigation& target);

/// Of these the one that ends first; null when there was none.
const probe::Certificate* own_certificate(const checks::Investigation& target);

}  // namespace fwprobe::reports
