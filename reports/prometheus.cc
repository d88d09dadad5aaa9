// Prometheus' text format 0.0.4, for the textfile collector of node_exporter. Labels are the target, as it
// was asked for, and words of our own, so that the number of series is bounded by the command line.

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "reports/certificate_view.h"
#include "reports/escape.h"
#include "reports/formats.h"
#include "reports/layers.h"
#include "reports/prometheus_family.h"
#include "version.h"

namespace fwprobe::reports {
namespace {

using checks::Status;

int severity(Status status) {
  switch (status) {
    case Status::fail:
      return 3;
    case Status::error:
      return 2;
    case Status::warn:
      return 1;
    default:
      return 0;
  }
}

/// By label. The collector refuses a file in which a series stands twice; of targets that have the same label
/// the worst one speaks.
using Targets = std::map<std::string, const checks::Investigation*>;

Targets by_label(const Report& report, const std::string& site) {
  Targets targets;
  for (const auto& target : report.targets) {
    auto& chosen = targets[fmt::format("target={}{}", prometheus_label(target.target.text()), site)];
    if (!chosen || severity(target.status) > severity(chosen->status)) chosen = &target;
  }
  return targets;
}

std::string status_families(const Targets& targets, const RenderOptions& options) {
  Family success{"fwprobe_target_success", "Whether the target passed: 1 yes, 0 no or not measured."};
  Family status{"fwprobe_target_status", "The target's status: 1 for the one that it has."};
  Family cause{"fwprobe_target_cause_info",
               "The cause of a target that did not pass (fwprobe explain CAUSE)."};
  for (const auto& [label, target] : targets) {
    const auto is = target->status;
    success.add(label, is == Status::pass || (is == Status::warn && !options.strict) ? 1 : 0);
    for (const auto one : {Status::pass, Status::warn, Status::fail, Status::error})
      status.add(fmt::format("{},status=\"{}\"", label, checks::name(one)), one == is ? 1 : 0);
    if (const auto* diagnosis = trouble(*target); diagnosis && diagnosis->cause)
      cause.add(fmt::format("{},cause=\"{}\",where=\"{}\",responsible=\"{}\"", label,
                            checks::row(*diagnosis->cause).code, checks::name(diagnosis->location.where),
                            checks::name(diagnosis->responsible)),
                1);
  }
  return success.take() + status.take() + cause.take();
}

std::string measured_families(const Targets& targets) {
  Family phase{"fwprobe_phase_duration_seconds", "How long the first measurement of a phase took."};
  Family expiry{"fwprobe_certificate_expiry_timestamp_seconds",
                "When the target's own certificate ends (notAfter), since the epoch."};
  Family hop{"fwprobe_blocking_hop", "The hop at or behind which the way ends; 1 is the first router."};
  for (const auto& [label, target] : targets) {
    for (const auto& layer : layers())
      if (const auto took = layer.kind.empty() ? std::nullopt : time_of(*target, layer.kind))
        phase.add(fmt::format("{},phase=\"{}\"", label, layer.kind), seconds(*took));
    if (const auto* leaf = own_certificate(*target)) expiry.add(label, timestamp(leaf->not_after));
    if (const auto* diagnosis = trouble(*target); diagnosis && diagnosis->location.hop)
      hop.add(label, *diagnosis->location.hop);
  }
  return phase.take() + expiry.take() + hop.take();
}

std::string run_families(const Report& report, std::string_view site) {
  const auto own = site.empty() ? std::string{} : std::string{site.substr(1)};
  Family build{"fwprobe_build_info", "The version that wrote this."};
  Family started{"fwprobe_run_start_timestamp_seconds", "When the run began, since the epoch."};
  Family took{"fwprobe_run_duration_seconds", "How long the run took."};
  Family complete{"fwprobe_run_complete", "Whether the run came to its end: 1 yes, 0 interrupted."};
  build.add(fmt::format("version=\"{}\"{}", FWPROBE_VERSION, site), 1);
  started.add(own, timestamp(report.started));
  took.add(own, seconds(report.finished - report.started));
  complete.add(own, report.complete ? 1 : 0);
  return build.take() + started.take() + took.take() + complete.take();
}

}  // namespace

std::string render_prometheus(const Report& report, const RenderOptions& options) {
  const auto& name = report.vantage.site;
  const auto site = name ? fmt::format(",site={}", prometheus_label(*name)) : "";
  const auto targets = by_label(report, site);
  return status_families(targets, options) + measured_families(targets) + run_families(report, site);
}

}  // namespace fwprobe::reports
