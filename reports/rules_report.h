#pragma once
// The answer of `fwprobe rules verify`, and of `rehearse`.

#include <optional>
#include <string>
#include <vector>

#include "checks/finding.h"
#include "checks/rules_verdict.h"

namespace fwprobe::reports {

/// A kernel's answer about one address.
struct Rehearsed {
  std::string address;
  std::string kernel;    ///< "allowed", "dropped", "refused"
  std::string computed;  ///< the same words, or "cannot tell"
  bool agrees = true;
};

struct RulesAnswer {
  std::string list;
  allowlist::Direction direction = allowlist::Direction::inbound;
  std::string service;  ///< "203.0.113.10:443"; empty for outbound lists
  std::vector<std::string> files;
  checks::RulesVerdict verdict;
  std::optional<std::vector<Rehearsed>> rehearsed;
};

/// What all entries together make: an entry that does not get through fails; one about which nothing is
/// certain is an error; more than is published warns.
checks::Status status(const RulesAnswer& answer);

std::string rules_text(const RulesAnswer& answer);
/// An array of "fwprobe/rules/v1" documents' answers.
std::string rules_json(const std::vector<RulesAnswer>& answers);

}  // namespace fwprobe::reports
