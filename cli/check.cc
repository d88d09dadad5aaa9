#include "cli/check.h"

#include <unistd.h>

#include "cli/measure.h"
#include "cli/progress.h"

namespace fwprobe::cli {

ExitCode run_check(const CheckArguments& arguments, const Variables& variables) {
  auto job = understand(arguments, variables);
  if (!job) return wrong_usage(job.error().message);
  auto contexts = probe::TlsContexts::load(job->settings.tls);
  if (!contexts) return wrong_usage(contexts.error());

  Progress progress{!job->output.quiet && ::isatty(STDERR_FILENO) == 1 ? Progress::Mode::line
                                                                       : Progress::Mode::silent};
  const auto measured = measure(*job, *contexts, progress);
  progress.clear();
  return deliver(*job, measured, variables);
}

}  // namespace fwprobe::cli
