#pragma once
// The investigation loop: ask what the plan asks, add the answer, plan again, until nothing is left or the
// deadline has come. Read this first, then plan.h, then one check.

#include <asio/awaitable.hpp>

#include "checks/investigation.h"
#include "checks/plan.h"
#include "probe/environment_memory.h"
#include "probe/tls.h"

namespace fwprobe::checks {

/// What is going on, for whoever shows progress; called between two steps of the loop.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void asking(const Target&, const probe::Question&) {}
  /// A hop of a trace that goes on, as soon as it has answered.
  virtual void stepped(const Target&, const probe::PathQuestion&, const probe::PathStep&) {}
  virtual void answered(const Target&, const probe::Measurement&) {}
  /// Judged; nothing more comes of this target, which is the same object in each of these calls.
  virtual void finished(const Target&, Status) {}
};

/// Investigates one target on the calling coroutine's executor. Cancelling it (SIGINT) ends every operation;
/// the measurements made until then are judged and returned with complete = false. `limits` are those of each
/// response. With an expected failure the verdict is whether it came as expected. `environment` is shared by
/// all targets that are measured on this machine.
asio::awaitable<Investigation> investigate(Target target, const Settings& settings,
                                           probe::TlsContexts& contexts, Observer& observer,
                                           probe::EnvironmentMemory& environment,
                                           probe::HttpLimits limits = {}, Expectation expected = {});

}  // namespace fwprobe::checks
