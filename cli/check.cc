#include "cli/check.h"

#include "cli/allowlist.h"
#include "cli/measure.h"
#include "cli/progress.h"

namespace fwprobe::cli {

ExitCode run_check(const CheckArguments& arguments, const Variables& variables) {
  auto job = understand(arguments, variables);
  if (!job) return wrong_usage(job.error().message);
  auto contexts = probe::TlsContexts::load(job->settings.tls);
  if (!contexts) return wrong_usage(contexts.error());

  for (const auto& list : job->settings.allowlists) show_notes(list.title, list.notes);
  Progress progress{LiveLines::mode(job->output.quiet), job->targets.size()};
  const auto measured = measure(*job, *contexts, progress);
  progress.clear();
  return deliver(job->output, measured, variables);
}

}  // namespace fwprobe::cli
