#pragma once
// What every verb that measures does: all targets at once, signals, and the report made of it.

#include "checks/investigate.h"
#include "cli/check_options.h"
#include "cli/usage.h"
#include "reports/report.h"

namespace fwprobe::cli {

struct Measured {
  reports::Report report;
  int signal = 0;  ///< that ended it (SIGINT, SIGTERM); 0 when it came to its end
};

/// What is measured, each target in its own manner.
struct Work {
  struct Item {
    const checks::Target* target = nullptr;
    const checks::Settings* settings = nullptr;
    probe::TlsContexts* contexts = nullptr;
    probe::HttpLimits limits;
    checks::Expectation expected;
  };
  std::vector<Item> items;
  std::size_t jobs = 16;             ///< at the same time
  std::size_t per_destination = 16;  ///< of them, to one host and port
};

/// Measures until all is said or a signal comes. A second signal ends the process. The settings of a target's
/// report are for the caller to say, and so is the site.
Measured measure(const Work& work, checks::Observer& observer);
/// The targets of one command line.
Measured measure(const CheckJob& job, probe::TlsContexts& contexts, checks::Observer& observer);

/// How a run ends that a signal may have ended; 0: none did.
ExitCode exit_code(int signal, ExitCode otherwise);

/// Writes the reports; the exit code of the run.
ExitCode deliver(const Output& output, const Measured& measured, const Variables& variables);

}  // namespace fwprobe::cli
