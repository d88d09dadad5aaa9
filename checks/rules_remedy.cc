#include "checks/rules_remedy.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "checks/rule_changes.h"
#include "checks/touch_words.h"

namespace fwprobe::checks {
namespace {

using allowlist::Ruleset;
using allowlist::Touch;
using allowlist::Verdict;

constexpr std::string_view in_front = "in front of the rule that stops it";

/// The exports' formats whose platform has a form of its own here. A network ACL's entry, a rule of Google
/// Cloud and a row of a table need numbers or columns that only their owner can choose.
struct Form {
  std::string_view format;  ///< of the export
  std::string_view rules;   ///< RuleFormat::name
  std::string_view position;
  std::size_t words;  ///< of a chain's name that its commands do not take: "iptables filter INPUT"
};
constexpr Form forms[] = {
    {"nftables (JSON)", "nftables", in_front, 0},
    {"nftables (text)", "nftables", in_front, 0},
    {"iptables-save", "iptables", in_front, 1},
    {"AWS security groups", "aws", "", 0},
    {"Azure NSG", "azure", "with a free priority in front of the rule that stops it", 0},
};

/// Names come from the file and go into a shell.
bool is_plain(std::string_view chain) {
  constexpr std::string_view marks = "_.-/";
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  const auto starts_word = [&](char c) { return is_letter(c) || c == '_'; };
  if (std::ranges::count(chain, ' ') != 2) return false;
  for (std::size_t i = 0; i < chain.size(); ++i) {
    if (chain[i] == ' ') continue;
    const bool first = i == 0 || chain[i - 1] == ' ';
    if (first ? !starts_word(chain[i]) : !is_letter(chain[i]) && !marks.contains(chain[i])) return false;
  }
  return !chain.ends_with(' ');
}

std::vector<std::string_view> chains_of(const Ruleset& ruleset, const RuleChange& change) {
  std::vector<std::string_view> names;
  for (const auto& place : change.places)
    if (const std::string_view name = ruleset.chains[place.chain].name;
        std::ranges::find(names, name) == names.end())
      names.push_back(name);
  return names;
}

std::optional<Rules> rules_of(const Ruleset& ruleset, const RuleChange& change, const Form& form,
                              Flow& flow) {
  if (is_left_alone(ruleset, change.places.front())) return std::nullopt;
  if (ruleset.path == allowlist::Path::netfilter)
    for (auto name : chains_of(ruleset, change)) {
      if (!is_plain(name)) return std::nullopt;
      for (std::size_t i = 0; i < form.words; ++i) name.remove_prefix(name.find(' ') + 1);
      flow.chains.emplace_back(name);
    }
  for (auto& rules : rules_for(flow))
    if (rules.name == form.rules) return std::move(rules);
  return std::nullopt;
}

/// Commands name a chain of Linux themselves.
std::string device(const Ruleset& ruleset, const RuleChange& change, const RulesRemedy& remedy) {
  constexpr std::string_view what[] = {"", "", ", which stops what follows the SYN"};
  if (remedy.rules && ruleset.path == allowlist::Path::netfilter)
    return fmt::format("the firewall of {}{}", ruleset.origin, what[static_cast<std::size_t>(change.packet)]);
  const auto where =
      fmt::format("the firewall of {} ({})", ruleset.origin, fmt::join(chains_of(ruleset, change), ", "));
  return remedy.rules ? where : fmt::format("{}, {}", where, in_front);
}

RulesRemedy remedy_of(const Ruleset& ruleset, const RuleChange& change, const Flow& flow) {
  RulesRemedy remedy{.flow = seen_by(change, flow), .rules = {}, .position = {}};
  if (const auto* form = std::ranges::find(forms, ruleset.format, &Form::format); form != std::end(forms)) {
    remedy.rules = rules_of(ruleset, change, *form, remedy.flow);
    remedy.position = form->position;
  }
  remedy.flow.device = device(ruleset, change, remedy);
  return remedy;
}

/// What is not sure to get through by the changed rules.
void add_left(const ChangedRules& changed, const Flow& flow, RulesAdvice& advice) {
  const auto left = flows_of(flow) - changed.evaluation.allowed();
  if (left.empty()) return;
  advice.left = left.sources();
  std::vector<const Touch*> touches;
  for (const auto& touch : changed.evaluation.touches)
    if ((!touch.doubt.empty() || touch.verdict == Verdict::drop || touch.verdict == Verdict::reject) &&
        touch.flows.intersects(left))
      touches.push_back(&touch);
  advice.left_by = described(changed.rulesets, touches);
}

}  // namespace

RulesAdvice advise(std::span<const Ruleset> rulesets, const allowlist::Evaluation& evaluation,
                   const Flow& flow, allowlist::Position position) {
  RulesAdvice advice;
  const auto changed = change_for(rulesets, evaluation, flow, position);
  if (!changed) {
    advice.left = allowlist::PrefixSet{flow.sources};
    advice.left_by = {changed.error()};
    return advice;
  }
  for (const auto& change : changed->changes)
    advice.remedies.push_back(remedy_of(rulesets[change.ruleset], change, flow));
  add_left(*changed, flow, advice);
  return advice;
}

}  // namespace fwprobe::checks
