#pragma once
// The ways through --idle, --upload and --methods: what is asked, in which order, and what came back. The
// plan reads from them what to ask next, the check what was answered; both walk the same way.

#include <optional>
#include <vector>

#include "checks/evidence.h"
#include "checks/plan.h"

namespace fwprobe::checks {

using Trial = std::optional<Item<probe::HttpTrial>>;

/// --methods: GET, then the others at the same time, then GET again when one of them got no answer.
struct MethodTrials {
  Trial get;
  std::vector<Trial> others;  ///< as far as they are answered
  Trial get_again;
  std::vector<TrialWish> next;
};
MethodTrials method_trials(const Case& the_case);

/// --upload: a small body, the large one, then the small one again when the large one got no answer.
struct UploadTrials {
  Trial small, large, small_again;
  std::vector<TrialWish> next;
};
UploadTrials upload_trials(const Case& the_case);

/// --idle: a connection that has just been used is kept silent, then used again. When it does not work any
/// more a fresh one is tried at once: the positive control.
struct IdleTrial {
  Trial before, after, fresh;  ///< requests, where the target speaks HTTP
  std::optional<Item<probe::IdleWatch>> watch;
  std::optional<Item<probe::TcpConnect>> fresh_connection;  ///< where it does not
  Wishes next;
};
IdleTrial idle_trial(const Case& the_case);

/// The target itself has answered, so that trials have something to compare with.
bool answers(const Case& the_case);

/// Whether the connection was used again after the silence and did not work.
bool is_dead(const IdleTrial& trial);

}  // namespace fwprobe::checks
