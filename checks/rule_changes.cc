#include "checks/rule_changes.h"

#include <algorithm>
#include <utility>

#include "allowlist/rules/flow_pieces.h"

namespace fwprobe::checks {
namespace {

using allowlist::Evaluation;
using allowlist::FlowSet;
using allowlist::Packet;
using allowlist::PrefixSet;
using allowlist::Rule;
using allowlist::RuleRef;
using allowlist::Ruleset;
using allowlist::Touch;
using allowlist::Verdict;

bool surely_stops(const Touch& touch) {
  return (touch.verdict == Verdict::drop || touch.verdict == Verdict::reject) && touch.doubt.empty() &&
         touch.base != RuleRef::none;
}

/// A chain is there once for each kind of packet: the first of them.
std::size_t first_of_its_name(const Ruleset& ruleset, std::size_t chain) {
  const auto found = std::ranges::find(ruleset.chains, ruleset.chains[chain].name, &allowlist::Chain::name);
  return static_cast<std::size_t>(found - ruleset.chains.begin());
}

std::vector<allowlist::Prefix>& published_side(Flow& flow) {
  return flow.direction == allowlist::Direction::inbound ? flow.sources : flow.destinations;
}

class Changes {
 public:
  Changes(std::span<const Ruleset> rulesets, std::span<const Flow> flows)
      : rulesets_{rulesets}, flows_{flows} {}

  /// Whether what stops the flows that are not accepted asks for more than before.
  bool add(std::span<const Touch> touches, const FlowSet& accepted) {
    bool more = false;
    for (std::size_t flow = 0; flow < flows_.size(); ++flow) {
      const auto stopped = flows_of(flows_[flow]) - accepted;
      if (stopped.empty()) continue;
      for (const auto& touch : touches) {
        if (!surely_stops(touch)) continue;
        auto part = touch.flows & stopped;
        if (part.empty()) continue;
        auto& one = change_of(touch, flow);
        more |= put(one.change.places.front(), touch);
        one.stopped.push_back(std::move(part));
      }
    }
    for (auto& one : all_) more |= widen(one);
    return more;
  }

  std::vector<Ruleset> applied() const {
    std::vector<Ruleset> rulesets{rulesets_.begin(), rulesets_.end()};
    for (const auto& one : all_) apply(one.change, rulesets[one.change.ruleset]);
    return rulesets;
  }

  /// In the files' order.
  std::vector<RuleChange> take() && {
    std::vector<RuleChange> changes;
    for (std::size_t i = 0; i < rulesets_.size(); ++i)
      for (auto& one : all_)
        if (one.change.ruleset == i) join(changes, std::move(one.change));
    return changes;
  }

 private:
  /// Of one place.
  struct Growing {
    RuleChange change;
    std::vector<FlowSet> stopped;
  };

  Growing& change_of(const Touch& touch, std::size_t flow) {
    const auto& where = touch.where;
    const auto base = first_of_its_name(rulesets_[where.ruleset], touch.base);
    RuleChange wanted{flow, where.ruleset, where.packet, touch.target, {{base, RuleRef::none}}, {}};
    const auto same = std::ranges::find_if(all_, [&](const Growing& one) {
      return are_alike(one.change, wanted) && one.change.places.front().base == base;
    });
    return same != all_.end() ? *same : all_.emplace_back(Growing{std::move(wanted), {}});
  }

  /// Whether it is another one than before.
  bool put(RuleChange::Place& place, const Touch& touch) const {
    const auto before = place.chain;
    const auto stops = first_of_its_name(rulesets_[touch.where.ruleset], touch.where.chain);
    place.chain = before == RuleRef::none || before == stops ? stops : place.base;
    return place.chain != before;
  }

  static bool are_alike(const RuleChange& a, const RuleChange& b) {
    return a.flow == b.flow && a.ruleset == b.ruleset && a.target == b.target &&
           a.is_for_replies() == b.is_for_replies();
  }

  /// Places that need the same become one change; so do those that have their chain in common.
  void join(std::vector<RuleChange>& changes, RuleChange change) const {
    const auto& ruleset = rulesets_[change.ruleset];
    const auto& place = change.places.front();
    const auto takes = [&](const RuleChange& other) {
      // A platform's chains are groups that are changed each by itself.
      return are_alike(other, change) && ruleset.path != allowlist::Path::platform &&
             is_left_alone(ruleset, other.places.front()) == is_left_alone(ruleset, place) &&
             (other.published == change.published ||
              std::ranges::find(other.places, place.chain, &RuleChange::Place::chain) != other.places.end());
    };
    const auto other = std::ranges::find_if(changes, takes);
    if (other == changes.end()) return changes.push_back(std::move(change));
    other->places.push_back(place);
    if (other->published != change.published)
      other->published = (PrefixSet{other->published} | PrefixSet{change.published}).prefixes();
  }

  bool widen(Growing& one) const {
    if (one.stopped.empty()) return false;
    auto flow = flows_[one.change.flow];
    const auto stopped = published(allowlist::united(std::exchange(one.stopped, {})), flow.direction) |
                         PrefixSet{one.change.published};
    auto& prefixes = published_side(flow);
    if (!stopped.contains(PrefixSet{prefixes}))
      std::erase_if(prefixes, [&](const auto& prefix) { return !PrefixSet{prefix}.intersects(stopped); });
    const bool more = prefixes.size() != one.change.published.size();
    one.change.published = std::move(prefixes);
    return more;
  }

  void apply(const RuleChange& change, Ruleset& ruleset) const {
    const auto& place = change.places.front();
    if (is_left_alone(ruleset, place)) return;
    Rule rule;
    rule.match = flows_of(seen_by(change, flows_[change.flow]));
    rule.outcome.verdict = Verdict::accept;
    const auto name = ruleset.chains[place.chain].name;
    for (auto& chain : ruleset.chains)
      if (chain.name == name && (chain.packet == Packet::reply) == change.is_for_replies())
        chain.rules.insert(chain.rules.begin(), rule);
  }

  std::span<const Ruleset> rulesets_;
  std::span<const Flow> flows_;
  std::vector<Growing> all_;
};

}  // namespace

std::expected<ChangedRules, std::string> change_for(std::span<const Ruleset> rulesets,
                                                    const Evaluation& evaluation, std::span<const Flow> flows,
                                                    allowlist::Position position) {
  ChangedRules changed;
  Changes changes{rulesets, flows};
  std::vector<FlowSet> asked;
  for (const auto& flow : flows) asked.push_back(flows_of(flow));
  const auto all = allowlist::united(std::move(asked));
  constexpr int most_rounds = 32;  // each mends what the one before has laid bare
  const auto* now = &evaluation;
  for (int round = 0; round < most_rounds && changes.add(now->touches, now->accepted); ++round) {
    changed.rulesets = changes.applied();
    // What is stopped again meets all of its stops at once: a round for each of them would take long.
    if (round > 0) {
      const auto behind =
          allowlist::touches_past_stops(changed.rulesets, all, flows.front().direction, position);
      if (!behind) return std::unexpected{behind.error()};
      if (changes.add(*behind, now->accepted)) changed.rulesets = changes.applied();
    }
    auto next = allowlist::evaluate(changed.rulesets, all, flows.front().direction, position);
    if (!next) return std::unexpected{next.error()};
    changed.evaluation = std::move(*next);
    now = &changed.evaluation;
  }
  changed.changes = std::move(changes).take();
  return changed;
}

bool is_left_alone(const Ruleset& ruleset, const RuleChange::Place& place) {
  return ruleset.chains[place.base].base->translates;
}

Flow seen_by(const RuleChange& change, const Flow& flow) {
  auto one = flow;
  published_side(one) = change.published;
  if (change.is_for_replies()) one.stopped = Flow::Stopped::replies;
  if (!change.target) return one;
  const auto& [address, port] = *change.target;
  one.destinations = {allowlist::Prefix{address, address.is_v4() ? 32 : 128}};
  one.port = port;
  one.last_port = 0;
  return one;
}

FlowSet flows_of(const Flow& flow) {
  constexpr std::uint8_t tcp = 6;
  allowlist::FlowBox box;
  if (!flow.sources.empty()) box.sources = PrefixSet{flow.sources};
  box.destinations = PrefixSet{flow.destinations};
  if (flow.stopped == Flow::Stopped::replies) std::swap(box.sources, box.destinations);
  box.protocols = allowlist::Protocols{tcp, tcp};
  box.ports = allowlist::Ports{flow.port, std::max(flow.port, flow.last_port)};
  return FlowSet{box};
}

PrefixSet published(const FlowSet& flows, allowlist::Direction direction) {
  return direction == allowlist::Direction::inbound ? flows.sources() : flows.destinations();
}

}  // namespace fwprobe::checks
