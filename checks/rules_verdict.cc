#include "checks/rules_verdict.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "allowlist/port_text.h"
#include "allowlist/public_addresses.h"
#include "checks/touch_index.h"
#include "checks/touch_words.h"

namespace fwprobe::checks {
namespace {

using allowlist::Direction;
using allowlist::Entry;
using allowlist::FlowBox;
using allowlist::FlowSet;
using allowlist::Ports;
using allowlist::PrefixSet;
using allowlist::Ruleset;
using allowlist::Touch;
using allowlist::Verdict;

constexpr std::uint8_t tcp = 6;

/// Rules to add are for one range of ports each.
constexpr std::size_t most_advised = 16;

using PortPair = std::pair<std::uint16_t, std::uint16_t>;

Ports ports_of(const Entry& entry) {
  return entry.ports.empty() ? Ports::all() : allowlist::port_set(entry.ports);
}

class Judge {
 public:
  Judge(std::span<const Ruleset> rulesets, const RulesQuestion& question, FreePriorities& free)
      : rulesets_{rulesets}, question_{question}, free_{free} {}

  std::expected<RulesVerdict, std::string> judge() && {
    prepare();
    auto evaluation = allowlist::evaluate(rulesets_, asked(), direction(), question_.position);
    if (!evaluation) return std::unexpected{evaluation.error()};
    evaluation_ = std::move(*evaluation);
    not_accepted_ = evaluation_.dropped | evaluation_.rejected;
    allowed_ = evaluation_.accepted - not_accepted_;
    unknown_ = evaluation_.accepted & not_accepted_;
    const TouchIndex index{evaluation_.touches, direction()};
    for (auto& [result, flows] : entries_) {
      if (!flows.empty()) decide(result, flows, index);
      verdict_.entries.push_back(std::move(result));
    }
    if (direction() == Direction::inbound) find_excess();
    add_notes();
    add_remedies();
    return std::move(verdict_);
  }

 private:
  Direction direction() const { return question_.list->direction; }

  void prepare() {
    for (const auto& entry : question_.list->entries) {
      EntryResult result;
      result.entry = &entry;
      auto flows = flows_of(entry, result.reason);
      entries_.emplace_back(std::move(result), std::move(flows));
    }
  }

  FlowSet flows_of(const Entry& entry, std::string& reason) const {
    const auto* prefix = std::get_if<allowlist::Prefix>(&entry.what);
    FlowBox box;
    box.protocols = allowlist::Protocols{tcp, tcp};
    if (!allowlist::in_force(entry, question_.day))
      reason = "not in force today";
    else if (prefix == nullptr)
      reason = "a name; rules are for addresses";
    else if (entry.protocol != allowlist::Protocol::tcp)
      reason = "not TCP";
    if (!reason.empty()) return {};
    if (direction() == Direction::outbound) {
      box.sources = question_.sources;
      box.destinations = PrefixSet{*prefix};
      box.ports = ports_of(entry);
      if (FlowSet{box}.empty()) reason = "the sources have no address of its family";
      return FlowSet{box};
    }
    if (const auto port = question_.service->port(); !allowlist::for_port(entry, port)) {
      reason = fmt::format("not for port {}", port);
      return {};
    }
    auto flows = to_service(PrefixSet{*prefix});
    if (flows.empty()) reason = "of the other address family than the service";
    return flows;
  }

  FlowSet to_service(PrefixSet sources) const {
    FlowBox box;
    box.sources = std::move(sources);
    const auto address = question_.service->address();
    box.destinations = PrefixSet{allowlist::AddressRange{address, address}};
    box.protocols = allowlist::Protocols{tcp, tcp};
    box.ports = Ports{question_.service->port(), question_.service->port()};
    return FlowSet{box};
  }

  /// For a service all sources, as the excess is asked for too.
  FlowSet asked() const {
    if (direction() == Direction::inbound) return to_service(PrefixSet::everything());
    // By ports, as boxes that differ in their addresses only become one.
    std::map<std::vector<PortPair>, FlowBox> by_ports;
    for (const auto& [result, flows] : entries_) {
      for (auto& box : flows.boxes()) {
        std::vector<PortPair> key;
        for (const auto& range : box.ports.ranges()) key.emplace_back(range.first, range.last);
        destinations_[key].push_back(std::get<allowlist::Prefix>(result.entry->what));
        by_ports.try_emplace(key, box);
      }
    }
    FlowSet all;
    for (auto& [key, box] : by_ports) {
      box.sources = question_.sources;
      box.destinations = PrefixSet{destinations_[key]};
      all |= FlowSet{box};
    }
    return all;
  }

  void decide(EntryResult& result, const FlowSet& flows, const TouchIndex& index) {
    using enum EntryVerdict;
    if (allowed_.contains(flows)) {
      result.verdict = allowed;
      result.rules = rules_about(flows, index, allowed);
      return;
    }
    const auto through = allowed_ & flows;
    const auto open = unknown_ & flows;
    const auto stopped = (flows - evaluation_.accepted);
    result.missing = addresses(stopped);
    result.open = addresses(open);
    if (stopped.empty())
      result.verdict = unknown;
    else if (!through.empty() || !open.empty())
      result.verdict = partly;
    else if (!evaluation_.rejected.intersects(flows))
      result.verdict = dropped;
    else
      result.verdict = evaluation_.dropped.intersects(flows) ? blocked : refused;
    if (result.verdict == partly && direction() == Direction::outbound) {
      const auto whole = flows.boxes().front();
      result.through = parts_of(through, whole);
      result.stopped = parts_of(stopped, whole);
      result.undecided = parts_of(open, whole);
    }
    result.rules = rules_about(stopped.empty() ? open : stopped, index, result.verdict);
    add_missing(std::get<allowlist::Prefix>(result.entry->what), stopped);
  }

  void add_missing(const allowlist::Prefix& prefix, const FlowSet& stopped) {
    Ports ports;
    for (const auto& box : stopped.boxes()) ports = ports | box.ports;
    for (const auto& [first, last] : ports.ranges())
      if (const std::pair range{first, last}; missing_.contains(range) || missing_.size() < most_advised)
        missing_[range].push_back(prefix);
      else
        unadvised_.push_back(prefix);
  }

  PrefixSet addresses(const FlowSet& flows) const {
    return direction() == Direction::inbound ? flows.sources() : flows.destinations();
  }

  /// Whether the touch explains this verdict.
  static bool explains(const Touch& touch, EntryVerdict verdict) {
    if (verdict == EntryVerdict::allowed) return touch.verdict == Verdict::accept && touch.doubt.empty();
    if (verdict == EntryVerdict::unknown) return !touch.doubt.empty();
    // What is surely stopped meets a rule that surely stops it; one that may do so before decides the way
    // only.
    return (touch.verdict == Verdict::drop || touch.verdict == Verdict::reject) &&
           (touch.doubt.empty() || verdict == EntryVerdict::blocked);
  }

  std::vector<std::string> rules_about(const FlowSet& flows, const TouchIndex& index,
                                       EntryVerdict verdict) const {
    std::vector<const Touch*> found;
    for (const auto i : index.about(flows)) {
      const auto& touch = evaluation_.touches[i];
      if (explains(touch, verdict) && touch.flows.intersects(flows)) found.push_back(&touch);
    }
    // Of what lets through, a rule says more than a policy, and the SYN's more than that of what follows.
    if (verdict == EntryVerdict::allowed) {
      const auto weight = [](const Touch* touch) {
        return std::pair{touch->where.packet, touch->where.rule == allowlist::RuleRef::none};
      };
      // Of one weight in the touches' order, whose addresses go up.
      std::ranges::sort(found, {}, [&](const Touch* touch) { return std::pair{weight(touch), touch}; });
      const auto is_plain = [&](const Touch* touch) {
        return weight(touch).first == allowlist::Packet::opening && !weight(touch).second;
      };
      if (!found.empty() && is_plain(found.front()))
        std::erase_if(found, [&](const Touch* touch) { return !is_plain(touch); });
    }
    return described(rulesets_, found);
  }

  /// Of public addresses: rules for others are for somebody else.
  void find_excess() {
    std::vector<allowlist::Prefix> published;
    for (const auto& result : verdict_.entries)
      if (result.verdict != EntryVerdict::skipped)
        published.push_back(std::get<allowlist::Prefix>(result.entry->what));
    const auto excess = (allowed_.sources() & allowlist::public_addresses()) - PrefixSet{published};
    verdict_.excess_addresses = excess.size();
    if (excess.empty()) return;
    std::map<allowlist::RuleRef, PrefixSet> by_rule;
    for (const auto& touch : evaluation_.touches) {
      const bool opens = touch.where.packet == allowlist::Packet::opening && touch.doubt.empty() &&
                         touch.verdict == Verdict::accept;
      // A policy that accepts lets everything through that a rule lets through as well.
      if (!opens || (touch.where.rule == allowlist::RuleRef::none && !is_alone(touch))) continue;
      auto part = touch.flows.sources() & excess;
      if (part.empty()) continue;
      auto& all = by_rule[touch.where];
      all = all | part;
    }
    std::vector<std::tuple<allowlist::AddressCount, allowlist::RuleRef, const PrefixSet*>> largest_first;
    for (const auto& [where, set] : by_rule) largest_first.emplace_back(set.size(), where, &set);
    std::ranges::sort(largest_first, [](const auto& a, const auto& b) {
      return std::tie(std::get<0>(b), std::get<1>(a)) < std::tie(std::get<0>(a), std::get<1>(b));
    });
    for (const auto& [addresses, where, set] : largest_first) {
      Excess one{describe(rulesets_, Touch{{}, Verdict::accept, where, {}}), addresses, {}};
      constexpr std::size_t most_prefixes = 3;
      const auto prefixes = set->prefixes();
      for (std::size_t i = 0; i < std::min(prefixes.size(), most_prefixes); ++i)
        one.prefixes.push_back(text(prefixes[i]));
      if (prefixes.size() > most_prefixes) one.prefixes.push_back("…");
      verdict_.excess.push_back(std::move(one));
    }
  }

  /// Whether no explicit rule surely accepts any of the policy's flows.
  bool is_alone(const Touch& policy) const {
    return std::ranges::none_of(evaluation_.touches, [&](const Touch& touch) {
      return touch.where.rule != allowlist::RuleRef::none &&
             touch.where.packet == allowlist::Packet::opening && touch.doubt.empty() &&
             touch.verdict == Verdict::accept && touch.flows.intersects(policy.flows);
    });
  }

  /// Without it nobody on the link finds the host's IPv6 address (RFC 4861 §7.2), whatever is let through.
  bool stops_neighbours() const {
    if (!question_.service || !question_.service->address().is_v6()) return false;
    constexpr std::uint8_t icmpv6 = 58;
    FlowBox box;
    box.sources = PrefixSet{allowlist::parse_prefix("fe80::/10")->prefix};
    box.destinations = PrefixSet{allowlist::parse_prefix("ff02::1:ff00:0/104")->prefix};
    box.protocols = allowlist::Protocols{icmpv6, icmpv6};
    const auto found =
        allowlist::evaluate(rulesets_, FlowSet{box}, Direction::inbound, allowlist::Position::host);
    return found && found->accepted.empty();
  }

  bool is_answered(const allowlist::Note& note, const Ruleset& of) const {
    return std::ranges::any_of(
        rulesets_, [&](const Ruleset& other) { return &other != &of && other.format == note.answered_by; });
  }

  void add_notes() {
    const auto is_host = [](const Ruleset& ruleset) { return ruleset.path == allowlist::Path::netfilter; };
    if (std::ranges::any_of(rulesets_, is_host) && stops_neighbours())
      verdict_.notes.emplace_back(
          "ICMPv6 between the host and its neighbours on the link does not get through: without neighbour "
          "discovery no IPv6 connection works");
    for (const auto& ruleset : rulesets_)
      for (const auto& note : ruleset.notes)
        if (!is_answered(note, ruleset))
          verdict_.notes.push_back(fmt::format("{}: {}", place(ruleset, note.line), note.text));
    const auto found = allowlist::shadowed(rulesets_);
    if (!found) return verdict_.notes.push_back(found.error());
    for (const auto& one : *found) {
      const auto outcome = [&](const allowlist::RuleRef& where) {
        return rulesets_[where.ruleset].chains[where.chain].rules[where.rule].outcome.verdict;
      };
      auto text = describe(rulesets_, Touch{{}, outcome(one.rule), one.rule, {}});
      const auto by = one.by.rule == allowlist::RuleRef::none
                          ? std::string{"earlier rules, or nothing of it comes here"}
                          : describe(rulesets_, Touch{{}, outcome(one.by), one.by, {}});
      verdict_.shadowed.push_back(fmt::format("{} (taken by {})", text, by));
    }
  }

  void add_remedies() {
    std::vector<Flow> flows;
    for (const auto& [ports, prefixes] : missing_) flows.push_back(flow_to(ports, prefixes));
    if (!flows.empty()) verdict_.advice = advise(rulesets_, evaluation_, flows, question_.position, free_);
    if (unadvised_.empty()) return;
    verdict_.advice.left = verdict_.advice.left | PrefixSet{unadvised_};
    verdict_.advice.left_by.push_back(fmt::format(
        "more ranges of ports are stopped than the {} that changes are worked out for", most_advised));
  }

  Flow flow_to(const PortPair& ports, const std::vector<allowlist::Prefix>& published) const {
    Flow flow;
    flow.direction = direction();
    flow.origin = Flow::Origin::published;
    flow.port = ports.first;
    if (ports.second != ports.first) flow.last_port = ports.second;
    const auto prefixes = PrefixSet{published}.prefixes();
    if (direction() == Direction::outbound) {
      flow.destinations = prefixes;
      const auto is_met = [&](const allowlist::Prefix& source) {
        return std::ranges::any_of(prefixes, [&](const allowlist::Prefix& to) {
          return to.network().is_v4() == source.network().is_v4();
        });
      };
      if (question_.sources != PrefixSet::everything())
        std::ranges::copy_if(question_.sources.prefixes(), std::back_inserter(flow.sources), is_met);
      return flow;
    }
    flow.sources = prefixes;
    const auto address = question_.service->address();
    flow.destinations = {allowlist::Prefix{address, address.is_v4() ? 32 : 128}};
    return flow;
  }

  std::span<const Ruleset> rulesets_;
  const RulesQuestion& question_;
  FreePriorities& free_;
  std::vector<std::pair<EntryResult, FlowSet>> entries_;
  mutable std::map<std::vector<PortPair>, std::vector<allowlist::Prefix>> destinations_;
  allowlist::Evaluation evaluation_;
  FlowSet not_accepted_;
  FlowSet allowed_;
  FlowSet unknown_;
  std::map<PortPair, std::vector<allowlist::Prefix>> missing_;  ///< by the ports that are stopped
  std::vector<allowlist::Prefix> unadvised_;
  RulesVerdict verdict_;
};

}  // namespace

std::string_view name(EntryVerdict verdict) {
  static constexpr std::string_view words[] = {"skipped", "allowed", "cannot tell", "partly",
                                               "refused", "dropped", "blocked"};
  return words[static_cast<std::size_t>(verdict)];
}

std::size_t RulesVerdict::count(EntryVerdict verdict) const {
  return static_cast<std::size_t>(std::ranges::count(entries, verdict, &EntryResult::verdict));
}

std::expected<std::vector<RulesVerdict>, std::string> judge_rules(std::span<const Ruleset> rulesets,
                                                                  std::span<const RulesQuestion> questions) {
  FreePriorities free{rulesets};
  std::vector<RulesVerdict> verdicts;
  for (const auto& question : questions) {
    auto verdict = Judge{rulesets, question, free}.judge();
    if (!verdict) return std::unexpected{std::move(verdict.error())};
    verdicts.push_back(std::move(*verdict));
  }
  return verdicts;
}

std::expected<RulesVerdict, std::string> judge_rules(std::span<const Ruleset> rulesets,
                                                     const RulesQuestion& question) {
  FreePriorities free{rulesets};
  return Judge{rulesets, question, free}.judge();
}

}  // namespace fwprobe::checks
