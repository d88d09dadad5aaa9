#pragma once
// What two runs from different places say together about one target (two_vantages.h).

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "checks/cause.h"
#include "checks/finding.h"

namespace fwprobe::checks {

/// Whose fault it is, as far as the two show it.
enum class Fault : std::uint8_t {
  none,     ///< it works from both
  here,     ///< at this vantage, in its network, or in a rule for its address
  there,    ///< the same of the control's vantage
  server,   ///< the same for both: at the server, in its zone, or in front of it
  unknown,  ///< the two do not decide it; `summary` says why
};

struct Comparison {
  Fault fault = Fault::unknown;
  Confidence confidence = Confidence::low;
  std::string summary;             ///< the conclusion and what it stands on
  std::vector<std::string> notes;  ///< what else differs: addresses, certificates, times
  std::optional<Location> location;
  std::string control;                   ///< where the control was measured: "build-9 (dmz)"
  std::optional<Status> control_status;  ///< none: the control lacks the target
  std::optional<Cause> control_cause;
};

std::string_view name(Fault fault);

}  // namespace fwprobe::checks
