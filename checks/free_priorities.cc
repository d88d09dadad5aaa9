#include "checks/free_priorities.h"

#include <algorithm>

#include "text/ascii.h"

namespace fwprobe::checks {

const allowlist::Rule* first_stop(const allowlist::Chain& chain, const allowlist::FlowSet& flows) {
  const auto stop = std::ranges::find_if(chain.rules, [&](const allowlist::Rule& rule) {
    return rule.outcome.verdict != allowlist::Verdict::accept && rule.match.intersects(flows);
  });
  return stop == chain.rules.end() ? nullptr : &*stop;
}

/// "Network security groups overview": those of a group's owner are 100 to 4096, lower ones first, and each
/// is there once for each direction; a name is there once.
std::optional<int> FreePriorities::take(std::size_t ruleset, std::size_t chain,
                                        const allowlist::FlowSet& flows) {
  constexpr int first = 100;
  constexpr int last = 4096;
  const auto* stop = first_stop(rulesets_[ruleset].chains[chain], flows);
  auto& used = taken(ruleset, chain);
  for (int number = stop == nullptr ? last : std::min(last, stop->name.number - 1); number >= first; --number)
    if (used.insert(number).second) return number;
  return std::nullopt;
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
