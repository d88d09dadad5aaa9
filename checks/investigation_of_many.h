#pragma once
// One of many investigations on the same machine.

#include "checks/investigation.h"
#include "probe/environment_memory.h"

namespace fwprobe::checks {

/// As investigate(), with what the others have read of this machine.
asio::awaitable<Investigation> investigate(Target target, const Settings& settings,
                                           probe::TlsContexts& contexts, Observer& observer,
                                           probe::HttpLimits limits, Expectation expected,
                                           probe::EnvironmentMemory& environment);

}  // namespace fwprobe::checks
