#include <algorithm>
#include <set>
#include <utility>

#include "allowlist/rules/evaluate.h"
#include "allowlist/rules/flow_pieces.h"

namespace fwprobe::allowlist {
namespace {

/// Whether the rule takes every packet of its match, whatever else the packet is.
bool takes_all(const Rule& rule) { return rule.doubt.empty() && !rule.narrowed; }

bool ends(Verdict verdict) {
  return verdict == Verdict::accept || verdict == Verdict::drop || verdict == Verdict::reject ||
         verdict == Verdict::return_ || verdict == Verdict::translate || verdict == Verdict::go_to;
}

class Reach {
 public:
  explicit Reach(const Ruleset& ruleset) : ruleset_{ruleset}, reached_(ruleset.chains.size()) {
    for (std::size_t i = 0; i < ruleset.chains.size(); ++i)
      reached_[i].resize(ruleset.chains[i].rules.size());
  }

  FlowSet walk(std::size_t chain, FlowSet flows, std::size_t depth) {
    constexpr std::size_t most_boxes = 256;
    constexpr std::size_t most_visits = 2'000'000;
    constexpr std::size_t most_depth = 64;
    visited_chains_.insert(chain);
    RemainingFlows remaining{std::move(flows)};
    std::vector<FlowSet> returned;
    const auto& rules = ruleset_.chains[chain].rules;
    for (std::size_t i = 0; i < rules.size(); ++i) {
      too_much_ |= ++visits_ > most_visits || remaining.box_count() > most_boxes || depth > most_depth;
      if (too_much_) break;
      const auto& rule = rules[i];
      const bool jumps = rule.outcome.verdict == Verdict::jump || rule.outcome.verdict == Verdict::go_to;
      // `match` is of a SYN from outside; others go this way too, such as what loops back or is established.
      auto part = remaining.within(rule.widest());
      if (part.empty()) continue;
      reached_[chain][i] = true;
      const bool takes = takes_all(rule);
      if (takes && (ends(rule.outcome.verdict) || rule.outcome.verdict == Verdict::jump))
        remaining.take(part);
      if (rule.outcome.verdict == Verdict::return_) returned.push_back(part);
      if (!jumps) continue;
      auto back = walk(rule.outcome.chain, std::move(part), depth + 1);
      if (rule.outcome.verdict == Verdict::go_to) {
        returned.push_back(std::move(back));
      } else if (takes && !back.empty()) {
        auto all = remaining.all();
        all |= back;
        remaining = RemainingFlows{std::move(all)};
      }
    }
    returned.push_back(remaining.all());
    return united(std::move(returned));
  }

  bool too_much() const { return too_much_; }

  /// Of chains that packets come to. A line that stands for several rules (a verdict map) is reached when one
  /// is.
  void collect(std::size_t index, std::vector<Shadowed>& found) const {
    for (const auto chain : visited_chains_) {
      const auto& rules = ruleset_.chains[chain].rules;
      for (std::size_t i = 0; i < rules.size();) {
        auto last = i;
        bool reached = false;
        bool may_match = false;
        for (; last < rules.size() && same_line(rules[last], rules[i]); ++last) {
          reached |= reached_[chain][last];
          may_match |= !rules[last].match.empty();
        }
        if (!reached && may_match && !rules[i].may_be_idle)
          found.push_back({{index, chain, i, Packet::opening}, taker(index, chain, i)});
        i = last;
      }
    }
  }

 private:
  static bool same_line(const Rule& a, const Rule& b) {
    return a.name.line == b.name.line && a.name.name == b.name.name;
  }

  RuleRef taker(std::size_t index, std::size_t chain, std::size_t rule) const {
    const auto& rules = ruleset_.chains[chain].rules;
    for (std::size_t i = 0; i < rule; ++i)
      if (takes_all(rules[i]) && ends(rules[i].outcome.verdict) &&
          rules[i].match.contains(rules[rule].widest()))
        return {index, chain, i, Packet::opening};
    return {};
  }

  const Ruleset& ruleset_;
  std::vector<std::vector<bool>> reached_;
  std::set<std::size_t> visited_chains_;
  std::size_t visits_ = 0;
  bool too_much_ = false;
};

}  // namespace

std::expected<std::vector<Shadowed>, std::string> shadowed(std::span<const Ruleset> rulesets) {
  std::vector<Shadowed> found;
  for (std::size_t i = 0; i < rulesets.size(); ++i) {
    Reach reach{rulesets[i]};
    for (std::size_t j = 0; j < rulesets[i].chains.size(); ++j) {
      const auto& chain = rulesets[i].chains[j];
      if (chain.base && chain.packet == Packet::opening) reach.walk(j, chain.base->scope, 0);
    }
    if (reach.too_much())
      return std::unexpected{"the rules differ in too many ways; rules that never match were not looked for"};
    reach.collect(i, found);
  }
  return found;
}

}  // namespace fwprobe::allowlist
