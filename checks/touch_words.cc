#include "checks/touch_words.h"

#include <set>

#include <fmt/format.h>

namespace fwprobe::checks {
namespace {

using allowlist::Ruleset;
using allowlist::Touch;
using allowlist::Verdict;

constexpr std::size_t most_rules_shown = 3;

constexpr std::string_view verdict_words[] = {"accept", "drop",     "reject",    "return",        "jump",
                                              "goto",   "continue", "translate", "not understood"};
constexpr std::string_view packet_words[] = {"", ", for the replies", ", for the packets behind the SYN"};

std::string words(std::span<const Ruleset> rulesets, const Touch& touch, std::string_view packets) {
  const auto& where = touch.where;
  if (where.ruleset == allowlist::RuleRef::none) return touch.doubt;
  const auto& ruleset = rulesets[where.ruleset];
  if (where.chain == allowlist::RuleRef::none) return fmt::format("{}: {}", ruleset.origin, touch.doubt);
  const auto& chain = ruleset.chains[where.chain];
  const auto end = fmt::format("{}{}", verdict_words[static_cast<std::size_t>(touch.verdict)], packets);
  if (where.rule == allowlist::RuleRef::none) {
    const auto policy = chain.base->policy_name.empty() ? std::string{"the policy"} : chain.base->policy_name;
    return fmt::format("{}, {} of {}: {}", place(ruleset, chain.line), policy, chain.name, end);
  }
  const auto& rule = chain.rules[where.rule].name;
  std::string in_brackets = rule.name;
  if (!rule.comment.empty())
    in_brackets += fmt::format("{}\"{}\"", in_brackets.empty() ? "" : ", ", rule.comment);
  const auto doubt = touch.doubt.empty()                 ? std::string{}
                     : touch.verdict == Verdict::unknown ? fmt::format(": {}", touch.doubt)
                                                         : fmt::format(", if {}", touch.doubt);
  return fmt::format("{}{}{}{}, in {}: {}{}", place(ruleset, rule.line), in_brackets.empty() ? "" : " (",
                     in_brackets, in_brackets.empty() ? "" : ")", chain.name, end, doubt);
}

}  // namespace

std::string place(const Ruleset& ruleset, int line) {
  return line == 0 ? ruleset.origin : fmt::format("{}:{}", ruleset.origin, line);
}

std::string describe(std::span<const Ruleset> rulesets, const Touch& touch) {
  return words(rulesets, touch, packet_words[static_cast<std::size_t>(touch.where.packet)]);
}

std::vector<std::string> described(std::span<const Ruleset> rulesets, std::span<const Touch* const> touches) {
  std::vector<std::string> texts;
  std::set<std::string> seen;
  for (const auto* touch : touches)
    if (seen.insert(words(rulesets, *touch, {})).second) texts.push_back(describe(rulesets, *touch));
  if (texts.size() > most_rules_shown) {
    const auto more = texts.size() - most_rules_shown;
    texts.resize(most_rules_shown);
    texts.push_back(fmt::format("and {} more", more));
  }
  return texts;
}

}  // namespace fwprobe::checks
