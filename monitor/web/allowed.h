#pragma once
// What `/probe` may be asked about: whoever reaches the page cannot scan through it.

#include <optional>
#include <span>
#include <string>

#include "checks/target.h"
#include "monitor/plan.h"

namespace fwprobe::monitor {

/// Nothing for a target that is allowed: a name by a domain's pattern, an address by a prefix, either with
/// its port. Else why not, and what to write into the suite.
std::optional<std::string> refusal(const checks::Target& target, std::span<const AllowedTarget> allowed);

}  // namespace fwprobe::monitor
