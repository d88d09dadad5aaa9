#include "cli/trace.h"

#include "cli/live_hops.h"
#include "cli/measure.h"
#include "cli/progress.h"

namespace fwprobe::cli {
namespace {

/// The hops themselves are the progress of a text.
Measured measure_as_text(const CheckJob& job, probe::TlsContexts& contexts) {
  LiveHops hops;
  auto measured = measure(job, contexts, hops);
  hops.finish();
  return measured;
}

Measured measure_for_a_document(const CheckJob& job, probe::TlsContexts& contexts) {
  Progress progress{LiveLines::mode(job.output.quiet), job.targets.size()};
  return measure(job, contexts, progress);
}

}  // namespace

ExitCode run_trace(const TraceArguments& arguments, const Variables& variables) {
  const auto job = understand(arguments, variables);
  if (!job) return wrong_usage(job.error().message);
  auto contexts = probe::TlsContexts::load(job->settings.tls);
  if (!contexts) return wrong_usage(contexts.error());
  const auto measured =
      job->output.is_text() ? measure_as_text(*job, *contexts) : measure_for_a_document(*job, *contexts);
  return deliver(job->output, measured, variables);
}

}  // namespace fwprobe::cli
