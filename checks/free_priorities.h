#pragma once
// Numbers for the rules to add to a group whose rules are in order by them: Azure's priorities.

#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>

#include "allowlist/rules/evaluate.h"

namespace fwprobe::checks {

/// The first rule of the chain that stops some of the flows, or may do so; null: its policy does.
const allowlist::Rule* first_stop(const allowlist::Chain& chain, const allowlist::FlowSet& flows);

/// Each is given out once, so that several pieces of advice can be carried out together.
class FreePriorities {
 public:
  explicit FreePriorities(std::span<const allowlist::Ruleset> rulesets) : rulesets_{rulesets} {}

  /// The last one in front of first_stop() that no rule of the chain has, and that ends no name in its group:
  /// "allow-ci-4095". None: all are taken.
  std::optional<int> take(std::size_t ruleset, std::size_t chain, const allowlist::FlowSet& flows);

  /// Those of the flows that are stopped, or may be, where no number is free in front.
  allowlist::FlowSet held_up(std::size_t ruleset, std::size_t chain, const allowlist::FlowSet& flows);

 private:
  std::set<int>& taken(std::size_t ruleset, std::size_t chain);

  std::span<const allowlist::Ruleset> rulesets_;
  std::map<std::pair<std::size_t, std::size_t>, std::set<int>> taken_;
};

}  // namespace fwprobe::checks
