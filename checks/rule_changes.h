#pragma once
// Rules to add in front of those that stop a flow, tried out on the rules themselves: behind one that stops
// it there may be others.

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "allowlist/rules/evaluate.h"
#include "checks/flow.h"

namespace fwprobe::checks {

/// Rules to add to chains of one firewall that see the flow alike and stop the same of it.
struct RuleChange {
  struct Place {
    std::size_t base = 0;   ///< the chain at a hook
    std::size_t chain = 0;  ///< the one behind it that stops the flow; where several do, `base` itself
  };

  std::size_t flow = 0;  ///< of those that are asked about
  std::size_t ruleset = 0;
  allowlist::Packet packet = allowlist::Packet::opening;  ///< the first that is stopped
  std::optional<allowlist::Target> target;                ///< as the chains see it; none: the flow's own
  std::vector<Place> places;
  std::vector<allowlist::Prefix> published;  ///< those of the flow of which a part is stopped

  bool is_for_replies() const { return packet == allowlist::Packet::reply; }
};

struct ChangedRules {
  std::vector<RuleChange> changes;
  std::vector<allowlist::Ruleset> rulesets;
  allowlist::Evaluation evaluation;  ///< of the flows under them
};

/// As many changes as the flows need to get through, as far as that can be known; `evaluation` is that of the
/// rules without them. The flows are of one direction. The error is a sentence: the rules are more than can
/// be judged.
std::expected<ChangedRules, std::string> change_for(std::span<const allowlist::Ruleset> rulesets,
                                                    const allowlist::Evaluation& evaluation,
                                                    std::span<const Flow> flows,
                                                    allowlist::Position position);

/// A rule that accepts ends a nat chain in front of the translation that is in it (nft(8), "NAT STATEMENTS").
bool is_left_alone(const allowlist::Ruleset& ruleset, const RuleChange::Place& place);

/// `flow` as the chains of the change see it.
Flow seen_by(const RuleChange& change, const Flow& flow);

allowlist::FlowSet flows_of(const Flow& flow);

/// The side that an allowlist publishes.
allowlist::PrefixSet published(const allowlist::FlowSet& flows, allowlist::Direction direction);

}  // namespace fwprobe::checks
