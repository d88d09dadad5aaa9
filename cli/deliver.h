#pragma once
// What every verb that makes a report does with it.

#include "cli/output_options.h"
#include "cli/usage.h"
#include "reports/report.h"

namespace fwprobe::cli {

/// To standard output and to the files that were asked for. One that cannot be written does not keep the
/// others from being written; it is said on standard error, and nothing has passed then.
ExitCode deliver(const Output& output, const reports::Report& report, const Variables& variables);

}  // namespace fwprobe::cli
