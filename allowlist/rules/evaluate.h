#pragma once
// What becomes of flows under rulesets: exactly, over whole sets.

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "allowlist/allowlist.h"
#include "allowlist/rules/ruleset.h"

namespace fwprobe::allowlist {

/// A rule, or a chain's policy, or what no file speaks about.
struct RuleRef {
  static constexpr std::size_t none = SIZE_MAX;
  std::size_t ruleset = none;
  std::size_t chain = none;
  std::size_t rule = none;  ///< none: the policy
  Packet packet = Packet::opening;
  auto operator<=>(const RuleRef&) const = default;
};

/// Where rules have sent a connection.
using Target = std::pair<asio::ip::address, std::uint16_t>;

/// Flows that a rule decides or may decide.
struct Touch {
  FlowSet flows;
  Verdict verdict = Verdict::next;  ///< accept, drop, reject; next: not known
  RuleRef where;
  std::string doubt;  ///< why this is not certain; empty: it is
  std::optional<Target>
      target{};  ///< what the rule sees as their destination, when earlier ones translated it
  std::size_t base = RuleRef::none;  ///< the chain at a hook by which they came to the rule
};

struct Evaluation {
  /// Flows for which each end is possible; where only one is, that is the answer. A flow is accepted when all
  /// of its connection's packets are.
  FlowSet accepted;
  FlowSet dropped;
  FlowSet rejected;
  std::vector<Touch> touches;

  FlowSet allowed() const { return accepted - dropped - rejected; }
};

/// Of TCP flows, from sources to destinations and their ports. The error is a sentence: the rules are more
/// than can be judged.
std::expected<Evaluation, std::string> evaluate(std::span<const Ruleset> rulesets, const FlowSet& flows,
                                                Direction direction, Position position);

/// What the flows meet when whatever a chain stops goes on to the next one: all that stops them.
std::expected<std::vector<Touch>, std::string> touches_past_stops(std::span<const Ruleset> rulesets,
                                                                  const FlowSet& flows, Direction direction,
                                                                  Position position);

/// Rules that no packet reaches, as earlier ones in their chain take all of theirs; `by` is one that does so
/// alone, if there is one. Those that may be idle are left out.
struct Shadowed {
  RuleRef rule;
  RuleRef by;
};
/// The error says why it was not looked for.
std::expected<std::vector<Shadowed>, std::string> shadowed(std::span<const Ruleset> rulesets);

}  // namespace fwprobe::allowlist
