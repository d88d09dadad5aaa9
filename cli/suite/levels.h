#pragma once
// What defaults, groups and targets of a suite may say alike: options of `check`, and how the target is
// watched.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "checks/expectation.h"
#include "cli/suite/options.h"

namespace fwprobe::cli {

/// One level; what it leaves open the wider one decides.
struct Level {
  OptionLayer options;
  std::optional<std::string> group;
  std::vector<std::string> tags;  ///< those of all levels together
  std::optional<checks::Expectation> expect;
  std::optional<std::chrono::milliseconds> interval;
  std::optional<int> confirm;
};

/// Reads the pair when a level may have it; false: it is none of its keys.
bool read_level(Level& level, const Given& pair, const SuiteOptions& options, SuiteReading& reading);
/// The keys of a level.
std::vector<std::string> level_keys(const SuiteOptions& options);
/// What the narrower level says over what the wider one says.
void overlay(Level& wider, const Level& narrower);

}  // namespace fwprobe::cli
