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
using allowlist::Ruleset;
using allowlist::Touch;
using allowlist::Verdict;

bool surely_stops(const Touch& touch) {
  return (touch.verdict == Verdict::drop || touch.verdict == Verdict::reject) && touch.doubt.empty() &&
         touch.base != allowlist::RuleRef::none;
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

  /// Whether what stops the flows asks for more than before.
  bool add(const Evaluation& evaluation) {
    bool more = false;
    for (std::size_t flow = 0; flow < flows_.size(); ++flow) {
      const auto stopped = flows_of(flows_[flow]) - evaluation.accepted;
      if (stopped.empty()) continue;
      for (const auto& touch : evaluation.touches) {
        if (!surely_stops(touch)) continue;
        auto part = touch.flows & stopped;
        if (part.empty()) continue;
        auto& one = change_of(touch, flow);
        more |= add_place(one.change, touch);
        one.stopped.push_back(std::move(part));
      }
    }
    for (auto& one : all_) more |= widen(one);
    return more;
  }

  std::vector<Ruleset> applied() const {
    std::vector<Ruleset> rulesets{rulesets_.begin(), rulesets_.end()};
    for (const auto& one : all_)
      for (const auto& place : one.change.places) apply(one.change, place, rulesets[one.change.ruleset]);
    return rulesets;
  }

  /// In the files' order.
  std::vector<RuleChange> take() && {
    std::vector<RuleChange> changes;
    for (std::size_t i = 0; i < rulesets_.size(); ++i)
      for (auto& one : all_)
        if (one.change.ruleset == i) changes.push_back(std::move(one.change));
    return changes;
  }

 private:
  struct Growing {
    RuleChange change;
    std::vector<FlowSet> stopped;
  };

  Growing& change_of(const Touch& touch, std::size_t flow) {
    const auto& where = touch.where;
    const auto& ruleset = rulesets_[where.ruleset];
    const auto is_beside = [&](const RuleChange::Place& place) {
      // A platform's chains are groups that are changed each by itself.
      if (ruleset.path == allowlist::Path::platform)
        return place.base == first_of_its_name(ruleset, touch.base);
      return is_left_alone(ruleset, place) == is_left_alone(ruleset, {touch.base, touch.where.chain});
    };
    const auto is_same = [&](const Growing& one) {
      const auto& change = one.change;
      return change.flow == flow && change.ruleset == where.ruleset && change.target == touch.target &&
             change.is_for_replies() == (where.packet == Packet::reply) && is_beside(change.places.front());
    };
    const auto same = std::ranges::find_if(all_, is_same);
    if (same != all_.end()) return *same;
    return all_.emplace_back(Growing{{flow, where.ruleset, where.packet, touch.target, {}, {}}, {}});
  }

  bool add_place(RuleChange& change, const Touch& touch) const {
    const auto& ruleset = rulesets_[change.ruleset];
    const RuleChange::Place place{first_of_its_name(ruleset, touch.base),
                                  first_of_its_name(ruleset, touch.where.chain)};
    const auto same = std::ranges::find(change.places, place.base, &RuleChange::Place::base);
    if (same == change.places.end()) {
      change.places.push_back(place);
      return true;
    }
    if (same->chain == place.chain || same->chain == place.base) return false;
    same->chain = place.base;
    return true;
  }

  bool widen(Growing& one) const {
    if (one.stopped.empty()) return false;
    auto flow = flows_[one.change.flow];
    const auto stopped = published(allowlist::united(std::exchange(one.stopped, {})), flow.direction) |
                         PrefixSet{one.change.published};
    auto& prefixes = published_side(flow);
    std::erase_if(prefixes, [&](const auto& prefix) { return !PrefixSet{prefix}.intersects(stopped); });
    const bool more = prefixes.size() != one.change.published.size();
    one.change.published = std::move(prefixes);
    return more;
  }

  void apply(const RuleChange& change, const RuleChange::Place& place, Ruleset& ruleset) const {
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
  constexpr int most_rounds = 32;  // each goes one stop further, through all of the rules
  const auto* now = &evaluation;
  for (int round = 0; round < most_rounds && changes.add(*now); ++round) {
    changed.rulesets = changes.applied();
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
