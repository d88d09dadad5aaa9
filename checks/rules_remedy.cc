#include "checks/rules_remedy.h"

#include <algorithm>
#include <functional>
#include <ranges>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "checks/flow_rules.h"
#include "checks/rule_changes.h"
#include "checks/touch_words.h"
#include "text/ascii.h"

namespace fwprobe::checks {
namespace {

using allowlist::FlowSet;
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
  std::size_t words = 0;  ///< of a chain's name that its commands do not take: "iptables filter INPUT"
  bool has_priorities = false;
};
constexpr Form forms[] = {
    {"nftables (JSON)", "nftables", in_front},  {"nftables (text)", "nftables", in_front},
    {"iptables-save", "iptables", in_front, 1}, {"AWS security groups", "aws", ""},
    {"Azure NSG", "azure", in_front, 0, true},
};

/// Null when there is none.
const Form* form_of(const Ruleset& ruleset) {
  const auto* form = std::ranges::find(forms, ruleset.format, &Form::format);
  return form == std::end(forms) ? nullptr : form;
}

/// Names come from the file and go into a shell.
bool is_plain(std::string_view word) {
  constexpr std::string_view marks = "_.-/";
  return !word.empty() && (is_alphanumeric(word.front()) || word.front() == '_') &&
         std::ranges::all_of(word, [&](char c) { return is_alphanumeric(c) || marks.contains(c); });
}

/// "inet filter input".
bool is_plain_chain(std::string_view chain) {
  auto words = std::views::split(chain, ' ');
  return std::ranges::distance(words) == 3 &&
         std::ranges::all_of(words, [](auto word) { return is_plain(std::string_view{word}); });
}

std::vector<std::string_view> chains_of(const Ruleset& ruleset, const RuleChange& change) {
  std::vector<std::string_view> names;
  for (const auto& place : change.places)
    if (const std::string_view name = ruleset.chains[place.chain].name;
        std::ranges::find(names, name) == names.end())
      names.push_back(name);
  return names;
}

/// "sg-903004f8", "my-group/git-nsg".
Flow::Group group_of(std::string_view owner) {
  Flow::Group group;
  const auto slash = owner.find('/');
  const auto within = slash == std::string_view::npos ? std::string_view{} : owner.substr(0, slash);
  const auto name = owner.substr(slash + 1);
  if (is_plain(name)) group.name = name;
  if (is_plain(within)) group.resource_group = within;
  return group;
}

std::optional<Rules> rules_of(const Ruleset& ruleset, const RuleChange& change, const Form& form,
                              FreePriorities& free, Flow& flow) {
  if (is_left_alone(ruleset, change.places.front())) return std::nullopt;
  if (ruleset.path == allowlist::Path::netfilter)
    for (auto name : chains_of(ruleset, change)) {
      if (!is_plain_chain(name)) return std::nullopt;
      for (std::size_t i = 0; i < form.words; ++i) name.remove_prefix(name.find(' ') + 1);
      flow.chains.emplace_back(name);
    }
  else
    flow.group = group_of(ruleset.chains[change.places.front().chain].owner);
  for (std::size_t i = 0; form.has_priorities && i < family_count(flow); ++i)
    if (const auto one = free.take(change.ruleset, change.places.front().chain, flows_of(flow)))
      flow.group.priorities.push_back(*one);
    else
      return std::nullopt;
  for (auto& rules : rules_for(flow))
    if (rules.name == form.rules) return std::move(rules);
  return std::nullopt;
}

/// What has to wait until a rule is moved, and the rest.
std::vector<RuleChange> parts_of(const Ruleset& ruleset, const RuleChange& change, const Flow& flow,
                                 FreePriorities& free) {
  const auto* form = form_of(ruleset);
  if (form == nullptr || !form->has_priorities) return {change};
  const auto held_up =
      published(free.held_up(change.ruleset, change.places.front().chain, flows_of(seen_by(change, flow))),
                flow.direction);
  const auto waits = [&](const allowlist::Prefix& prefix) {
    return allowlist::PrefixSet{prefix}.intersects(held_up);
  };
  auto waiting = change;
  auto rest = change;
  std::erase_if(waiting.published, std::not_fn(waits));
  std::erase_if(rest.published, waits);
  std::vector<RuleChange> parts{std::move(rest), std::move(waiting)};
  std::erase_if(parts, [](const RuleChange& part) { return part.published.empty(); });
  return parts;
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

/// Of a rule that no other can be put in front of.
std::string to_be_moved(const Ruleset& ruleset, const RuleChange& change, const Flow& flow) {
  const auto* stop = first_stop(ruleset.chains[change.places.front().chain], flows_of(flow));
  if (stop == nullptr) return ": no priority is free";
  return fmt::format(": no priority is free in front of {} ({}), which needs a greater number first",
                     stop->name.name, stop->name.number);
}

RulesRemedy remedy_of(const Ruleset& ruleset, const RuleChange& change, const Flow& flow,
                      FreePriorities& free) {
  RulesRemedy remedy{.flow = seen_by(change, flow), .rules = {}, .position = {}};
  const auto* form = form_of(ruleset);
  if (form != nullptr) {
    remedy.rules = rules_of(ruleset, change, *form, free, remedy.flow);
    remedy.position = form->position;
  }
  remedy.flow.device = device(ruleset, change, remedy);
  if (form != nullptr && form->has_priorities &&
      remedy.flow.group.priorities.size() < family_count(remedy.flow))
    remedy.flow.device += to_be_moved(ruleset, change, remedy.flow);
  return remedy;
}

/// What is not sure to get through by the changed rules.
void add_left(const ChangedRules& changed, std::span<const Flow> flows, RulesAdvice& advice) {
  FlowSet left;
  for (const auto& flow : flows) left |= flows_of(flow) - changed.evaluation.allowed();
  if (left.empty()) return;
  advice.left = published(left, flows.front().direction);
  std::vector<const Touch*> touches;
  for (const auto& touch : changed.evaluation.touches)
    if ((!touch.doubt.empty() || touch.verdict == Verdict::drop || touch.verdict == Verdict::reject) &&
        touch.flows.intersects(left))
      touches.push_back(&touch);
  advice.left_by = described(changed.rulesets, touches);
}

}  // namespace

RulesAdvice advise(std::span<const Ruleset> rulesets, const allowlist::Evaluation& evaluation,
                   std::span<const Flow> flows, allowlist::Position position, FreePriorities& free) {
  RulesAdvice advice;
  const auto changed = change_for(rulesets, evaluation, flows, position);
  if (!changed) {
    for (const auto& flow : flows) advice.left = advice.left | published(flows_of(flow), flow.direction);
    advice.left_by = {changed.error()};
    return advice;
  }
  for (const auto& whole : changed->changes)
    for (const auto& change : parts_of(rulesets[whole.ruleset], whole, flows[whole.flow], free))
      advice.remedies.push_back(remedy_of(rulesets[change.ruleset], change, flows[change.flow], free));
  add_left(*changed, flows, advice);
  return advice;
}

}  // namespace fwprobe::checks
