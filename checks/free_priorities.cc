#include "checks/free_priorities.h"

#include <algorithm>

#include "text/ascii.h"

namespace fwprobe::checks {
namespace {

using allowlist::FlowSet;

/// "Network security groups overview": those of a group's owner, lower ones first; each is there once for
/// each direction, and a name once.
constexpr int first = 100;
constexpr int last = 4096;

bool stops(const allowlist::Rule& rule) { return rule.outcome.verdict != allowlist::Verdict::accept; }

}  // namespace

const allowlist::Rule* first_stop(const allowlist::Chain& chain, const FlowSet& flows) {
  const auto stop = std::ranges::find_if(
      chain.rules, [&](const allowlist::Rule& rule) { return stops(rule) && rule.match.intersects(flows); });
  return stop == chain.rules.end() ? nullptr : &*stop;
}

std::optional<int> FreePriorities::take(std::size_t ruleset, std::size_t chain, const FlowSet& flows) {
  const auto* stop = first_stop(rulesets_[ruleset].chains[chain], flows);
  auto& used = taken(ruleset, chain);
  for (int number = stop == nullptr ? last : std::min(last, stop->name.number - 1); number >= first; --number)
    if (used.insert(number).second) return number;
  return std::nullopt;
}

FlowSet FreePriorities::held_up(std::size_t ruleset, std::size_t chain, const FlowSet& flows) {
  const auto& used = taken(ruleset, chain);
  int free = first;
  while (used.contains(free)) ++free;
  if (free > last) return flows;
  FlowSet all;
  for (const auto& rule : rulesets_[ruleset].chains[chain].rules)
    if (stops(rule) && rule.name.number <= free) all |= rule.match & flows;
  return all;
}

std::set<int>& FreePriorities::taken(std::size_t ruleset, std::size_t chain) {
  const auto [place, fresh] = taken_.try_emplace({ruleset, chain});
  auto& used = place->second;
  if (!fresh) return used;
  const auto& chains = rulesets_[ruleset].chains;
  for (const auto& other : chains) {
    if (other.owner != chains[chain].owner) continue;
    for (const auto& rule : other.rules) {
      if (&other == &chains[chain]) used.insert(rule.name.number);
      const std::string_view name = rule.name.name;
      if (const auto number = whole_number<int>(name.substr(name.rfind('-') + 1))) used.insert(*number);
    }
  }
  return used;
}

}  // namespace fwprobe::checks
