#pragma once
// A suite file (docs/suites.md) as a plan: what is watched, how, and what is expected. Strictly: what is not
// understood is refused, with its place, never guessed.

#include <deque>
#include <expected>
#include <filesystem>
#include <string>
#include <vector>

#include "cli/suite/document.h"
#include "cli/usage.h"
#include "monitor/plan.h"

namespace fwprobe::cli {

struct Suite {
  monitor::Plan plan;
  std::vector<std::string> notes;  ///< what was left out, each a sentence
};

/// Reads a suite and what it includes. The error is "FILE:LINE:COLUMN: what is wrong and what would be
/// right".
std::expected<Suite, UsageError> read_suite(const std::filesystem::path& file, const Variables& variables);

/// The same of documents that are read already; the last one is the suite itself.
std::expected<Suite, UsageError> understand_suite(const std::deque<SuiteDocument>& documents,
                                                  const Variables& variables);

}  // namespace fwprobe::cli
