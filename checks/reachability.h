#pragma once
// Whether a place besides the target could be reached, from the measurements of a journey to it.

#include <cstdint>
#include <string>
#include <vector>

#include "checks/evidence.h"
#include "checks/target.h"

namespace fwprobe::checks {

enum class Whether : std::uint8_t { yes, no, unknown };

struct Reachability {
  Whether reached = Whether::unknown;
  std::string obstacle;  ///< for `no`: what was met there, "connection refused [tcp.refused]"
  std::vector<probe::MeasurementId> evidence;
};

/// `unknown` while an address is untried, and when nothing was measured. One address that accepts is enough.
Reachability reachability(const Case& the_case, Scheme scheme, const probe::Host& host, std::uint16_t port);

}  // namespace fwprobe::checks
