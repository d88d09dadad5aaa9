#pragma once
// This machine's environment for many targets that are measured at the same time.

#include <optional>

#include "probe/clock.h"
#include "probe/environment.h"

namespace fwprobe::probe {

/// What was read within the last second is not read again: with thousands of targets at once that would be a
/// large part of the work. Interfaces, routes and files that change are seen a second later.
class EnvironmentMemory {
 public:
  /// As read_environment() says it.
  Environment read(EnvironmentQuestion question, const SystemFiles& files);

 private:
  struct Reading {
    SystemFiles files;
    Clock::time_point at;
    Environment machine;  ///< without the entries of the hosts file
    std::string hosts_file;
  };
  std::optional<Reading> last_;
};

}  // namespace fwprobe::probe
