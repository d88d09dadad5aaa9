#pragma once
// What to change in which firewall, in the form that its own rules have.

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "allowlist/rules/evaluate.h"
#include "checks/flow_rules.h"

namespace fwprobe::checks {

struct RulesRemedy {
  Flow flow;                   ///< its device names the file
  std::optional<Rules> rules;  ///< none where the platform's form would need what the file does not have
  std::string_view position;   ///< where they go: "in front of the rule that stops it"; empty: anywhere
};

/// For each ruleset that stops a part of the flow one for each destination that its chains see; `stopped` is
/// all of that part.
std::vector<RulesRemedy> remedies(std::span<const allowlist::Ruleset> rulesets,
                                  std::span<const allowlist::Touch> touches,
                                  const allowlist::FlowSet& stopped, const Flow& flow);

}  // namespace fwprobe::checks
