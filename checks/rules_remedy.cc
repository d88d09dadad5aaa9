#include "checks/rules_remedy.h"

#include <algorithm>

#include <fmt/format.h>

#include "allowlist/rules/flow_pieces.h"

namespace fwprobe::checks {
namespace {

using allowlist::Packet;
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
    {"nftables (JSON)", "nftables", in_front, 0}, {"nftables (text)", "nftables", in_front, 0},
    {"iptables-save", "iptables", in_front, 1},   {"AWS security groups", "aws", "", 0},
    {"Azure NSG", "azure", in_front, 0},
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

bool stops(const Touch& touch) { return touch.verdict == Verdict::drop || touch.verdict == Verdict::reject; }

/// What one ruleset stops of the flows to one destination.
struct Stops {
  Packet packet = Packet::following;
  std::optional<allowlist::Target> target;  ///< as the ruleset's chains see it; none: the flow's own
  std::vector<std::size_t> chains;
  std::vector<const Touch*> touches;  ///< among them all that stop anything
};

/// The opening packets' chains first: when one stops those, nothing else has been seen to matter.
std::vector<Stops> stops_of(std::size_t ruleset, std::span<const Touch> touches,
                            const allowlist::FlowSet& stopped) {
  std::vector<Stops> found;
  for (const auto& touch : touches) {
    const auto& where = touch.where;
    if (where.ruleset != ruleset || where.chain == allowlist::RuleRef::none || !stops(touch)) continue;
    if (!found.empty() && where.packet > found.front().packet) continue;
    auto same = std::ranges::find(found, touch.target, &Stops::target);
    const bool known = same != found.end() && where.packet == same->packet &&
                       std::ranges::find(same->chains, where.chain) != same->chains.end();
    if (!known) {
      if (!touch.flows.intersects(stopped)) continue;
      if (!found.empty() && where.packet < found.front().packet) found.clear();
      same = std::ranges::find(found, touch.target, &Stops::target);
      if (same == found.end()) same = found.insert(same, Stops{where.packet, touch.target, {}, {}});
      same->chains.push_back(where.chain);
    }
    same->touches.push_back(&touch);
  }
  return found;
}

std::vector<allowlist::Prefix> sources_of(const Stops& stops, const allowlist::FlowSet& stopped) {
  std::vector<allowlist::FlowSet> flows;
  for (const auto* touch : stops.touches) flows.push_back(touch->flows);
  return (allowlist::united(std::move(flows)) & stopped).sources().prefixes();
}

/// `flow` as the chains see it.
Flow seen(const Flow& flow, const Stops& stops) {
  auto one = flow;
  if (!stops.target) return one;
  const auto& [address, port] = *stops.target;
  one.destinations = {allowlist::Prefix{address, address.is_v4() ? 32 : 128}};
  one.port = port;
  return one;
}

std::string device(const Ruleset& ruleset, Packet packet) {
  constexpr std::string_view what[] = {"", ", which stops the replies", ", which stops what follows the SYN"};
  return fmt::format("the firewall of {}{}", ruleset.origin, what[static_cast<std::size_t>(packet)]);
}

/// Where the opening packet is stopped; no format has a rule for the others.
void add_rules(const Ruleset& ruleset, const Stops& found, RulesRemedy& remedy) {
  const auto* form = std::ranges::find(forms, ruleset.format, &Form::format);
  if (form == std::end(forms) || found.packet != Packet::opening) return;
  if (ruleset.path == allowlist::Path::netfilter)
    for (const auto chain : found.chains) {
      std::string_view name = ruleset.chains[chain].name;
      if (!is_plain(name)) return;
      for (std::size_t i = 0; i < form->words; ++i) name.remove_prefix(name.find(' ') + 1);
      remedy.flow.chains.emplace_back(name);
    }
  remedy.position = form->position;
  for (auto& rules : rules_for(remedy.flow))
    if (rules.name == form->rules) remedy.rules = std::move(rules);
}

}  // namespace

std::vector<RulesRemedy> remedies(std::span<const Ruleset> rulesets, std::span<const Touch> touches,
                                  const allowlist::FlowSet& stopped, const Flow& flow) {
  std::vector<RulesRemedy> all;
  for (std::size_t i = 0; i < rulesets.size(); ++i) {
    const auto found = stops_of(i, touches, stopped);
    for (const auto& one : found) {
      RulesRemedy remedy{.flow = seen(flow, one), .rules = {}, .position = {}};
      if (found.size() > 1) remedy.flow.sources = sources_of(one, stopped);
      remedy.flow.device = device(rulesets[i], one.packet);
      add_rules(rulesets[i], one, remedy);
      all.push_back(std::move(remedy));
    }
  }
  return all;
}

}  // namespace fwprobe::checks
