#include "allowlist/rules/jump_loop.h"

#include <cstdint>
#include <vector>

namespace fwprobe::allowlist {
namespace {

enum class State : std::uint8_t { unseen, open, done };

struct Visit {
  std::size_t chain;
  std::size_t next_rule = 0;
};

/// Depth first, without recursion: a hostile file may have as many chains as rules.
const Chain* loop_from(std::size_t first, const Ruleset& ruleset, std::vector<State>& states) {
  std::vector<Visit> path;
  const auto enter = [&](std::size_t chain) {
    states[chain] = State::open;
    path.push_back({chain});
  };
  if (states[first] == State::unseen) enter(first);
  while (!path.empty()) {
    auto& [chain, next_rule] = path.back();
    const auto& rules = ruleset.chains[chain].rules;
    if (next_rule == rules.size()) {
      states[chain] = State::done;
      path.pop_back();
      continue;
    }
    const auto& outcome = rules[next_rule++].outcome;
    if (outcome.verdict != Verdict::jump && outcome.verdict != Verdict::go_to) continue;
    if (states[outcome.chain] == State::open) return &ruleset.chains[outcome.chain];
    if (states[outcome.chain] == State::unseen) enter(outcome.chain);
  }
  return nullptr;
}

}  // namespace

const Chain* jump_loop(const Ruleset& ruleset) {
  std::vector<State> states(ruleset.chains.size());
  for (std::size_t i = 0; i < ruleset.chains.size(); ++i)
    if (ruleset.chains[i].base)
      if (const auto* chain = loop_from(i, ruleset, states)) return chain;
  return nullptr;
}

}  // namespace fwprobe::allowlist
