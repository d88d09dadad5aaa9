#pragma once

#include "cli/trace_options.h"
#include "cli/usage.h"

namespace fwprobe::cli {

/// `fwprobe trace`: prints the hops as they answer (as text), then the report: where the flow ends.
ExitCode run_trace(const TraceArguments& arguments, const Variables& variables);

}  // namespace fwprobe::cli
