#pragma once
// What every verb that measures does: all targets at once, signals, and the report made of it.

#include "checks/investigation.h"
#include "cli/check_options.h"
#include "cli/usage.h"
#include "reports/report.h"

namespace fwprobe::cli {

struct Measured {
  reports::Report report;
  int signal = 0;  ///< that ended it (SIGINT, SIGTERM); 0 when it came to its end
};

/// Measures until all is said or a signal comes. A second signal ends the process.
Measured measure(const CheckJob& job, probe::TlsContexts& contexts, checks::Observer& observer);

/// How a run ends that a signal may have ended; 0: none did.
ExitCode exit_code(int signal, ExitCode otherwise);

/// Writes the reports; the exit code of the run.
ExitCode deliver(const CheckJob& job, const Measured& measured, const Variables& variables);

}  // namespace fwprobe::cli
