#pragma once

#include <string>
#include <vector>

#include "checks/rules_verdict.h"

namespace fwprobe::reports {

inline constexpr std::size_t most_listed = 50;  ///< lines, or answers, under one title

/// A line or more for each entry, in the list's order. Of a long list the worst come first, and those with
/// the same answer by the same rules stand together.
std::string rules_entries(const std::vector<checks::EntryResult>& results);

/// The first few of them.
std::string some_of(const allowlist::PrefixSet& set);

/// A word of a rule's in one line.
std::string rule_text(std::string_view text);

}  // namespace fwprobe::reports
