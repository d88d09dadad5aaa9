#pragma once
// What to change in which firewall, in the form that its own rules have.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "allowlist/rules/evaluate.h"
#include "checks/flow_rules.h"
#include "checks/free_priorities.h"

namespace fwprobe::checks {

struct RulesRemedy {
  Flow flow;                   ///< its device names the file
  std::optional<Rules> rules;  ///< none where the platform's form would need what the file does not have
  std::string_view position;   ///< where they go: "in front of the rule that stops it"; empty: anywhere
};

struct RulesAdvice {
  std::vector<RulesRemedy> remedies;  ///< to be carried out all, in any order
  /// Of what is published that which may be stopped even then, and by which rules.
  allowlist::PrefixSet left;
  std::vector<std::string> left_by;
};

/// For flows of one direction, which the rulesets stop as `evaluation` says, what lets all of them through:
/// behind each change the way goes on as the changed rules have it, up to the next rule that stops it. Takes
/// from `free` what its commands need.
RulesAdvice advise(std::span<const allowlist::Ruleset> rulesets, const allowlist::Evaluation& evaluation,
                   std::span<const Flow> flows, allowlist::Position position, FreePriorities& free);

}  // namespace fwprobe::checks
