#pragma once
// Probes what the plans say, all of it at once within the limits, and traces what does not answer beside it.

#include <cstddef>
#include <span>
#include <vector>

#include <asio/awaitable.hpp>

#include "checks/reach.h"
#include "checks/settings.h"

namespace fwprobe::checks {

struct ReachProgress {
  std::size_t connections = 0;  ///< known by now; names add theirs when they are resolved
  std::size_t ended = 0;
  std::size_t accepted = 0;
  std::size_t names_open = 0;
  std::size_t traces_open = 0;
};

class ReachObserver {
 public:
  virtual ~ReachObserver() = default;
  virtual void moved(const ReachProgress&) {}
};

struct ReachSurvey {
  std::vector<EntryReach> entries;  ///< one for each plan
  probe::Environment environment;
  std::size_t connections = 0;
  bool complete = true;  ///< false: cancelled before the end
};

/// `settings` says from where, by which resolvers, how patiently, and whether ways are traced. Neither
/// proxies nor TLS are used.
asio::awaitable<ReachSurvey> survey_reach(std::span<const ReachPlan> plans, const Settings& settings,
                                          probe::SweepLimits limits, ReachObserver& observer);

}  // namespace fwprobe::checks
