#pragma once
// The answer of `fwprobe rules verify`.

#include <optional>
#include <string>
#include <vector>

#include "checks/finding.h"
#include "checks/rules_verdict.h"

namespace fwprobe::reports {

struct RulesAnswer {
  std::string list;
  allowlist::Direction direction = allowlist::Direction::inbound;
  std::string service;  ///< "203.0.113.10:443"; empty for outbound lists
  std::vector<std::string> files;
  checks::RulesVerdict verdict;
  std::optional<checks::Finding> stale;  ///< that the list is old
};

/// What all entries together make: an entry that does not get through fails; one about which nothing is
/// certain is an error; more than is published warns, and so does an old list.
checks::Status status(const RulesAnswer& answer);

std::string rules_text(const RulesAnswer& answer);
/// An array of "fwprobe/rules/v1" documents' answers.
std::string rules_json(const std::vector<RulesAnswer>& answers);

}  // namespace fwprobe::reports
