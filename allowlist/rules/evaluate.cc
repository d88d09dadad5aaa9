#include "allowlist/rules/evaluate.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <tuple>
#include <utility>

#include "allowlist/rules/chain_walk.h"

namespace fwprobe::allowlist {
namespace {

/// The flows the other way: what comes back. The ports stay the service's.
FlowSet flipped(const FlowSet& flows) {
  return with_each_box(flows, [](FlowBox& box) { std::swap(box.sources, box.destinations); });
}

FlowSet from_anywhere(const FlowSet& flows) {
  return with_each_box(flows, [](FlowBox& box) { box.sources = PrefixSet::everything(); });
}

/// The one destination of all flows of one family, if there is one.
std::optional<Target> only_target(const FlowSet& flows) {
  std::optional<Target> target;
  for (const auto& box : flows.boxes()) {
    const auto addresses = box.destinations.ranges();
    const auto ports = box.ports.ranges();
    if (addresses.size() != 1 || addresses[0].first != addresses[0].last || ports.size() != 1 ||
        ports[0].first != ports[0].last)
      return std::nullopt;
    const Target one{addresses[0].first, ports[0].first};
    if (target && *target != one) return std::nullopt;
    target = one;
  }
  return target;
}

FlowSet to_target(const FlowSet& flows, const Target& target) {
  return with_each_box(flows, [&](FlowBox& box) {
    box.destinations = PrefixSet{AddressRange{target.first, target.first}};
    box.ports = Ports{target.second, target.second};
  });
}

/// A chain's ruleset and its place there. Of two chains with one priority the younger comes first
/// (nf_hook_grow() of the kernel, and measured).
using Age = std::pair<std::size_t, std::size_t>;

/// A chain, where it is called: the nat chains of one hook at one place, by their own priorities, until one
/// of them translates (nf_nat_register_fn() and nf_nat_inet_fn() of the kernel, and measured).
struct Stop {
  Hook hook = Hook::input;
  int priority = 0;
  Age age{};
  int own_priority = 0;  ///< among nat chains
  Age chain{};
};

/// NF_IP_PRI_NAT_DST and NF_IP_PRI_NAT_SRC of the kernel.
constexpr int nat_priority(Hook hook) {
  return hook == Hook::prerouting || hook == Hook::output ? -100 : 100;
}

bool is_called_before(const Stop& a, const Stop& b) {
  return std::tuple{a.hook, a.priority, b.age} < std::tuple{b.hook, b.priority, a.age};
}

/// What a connection's opening packet does at this host.
enum class Route : std::uint8_t { comes_in, goes_out, passes };

Route route_of(Direction direction, Position position) {
  if (position == Position::behind) return Route::passes;
  return direction == Direction::inbound ? Route::comes_in : Route::goes_out;
}

std::vector<Hook> hooks_of(Packet packet, Route route) {
  if (route == Route::passes) return {Hook::prerouting, Hook::forward, Hook::postrouting};
  if ((route == Route::comes_in) == (packet != Packet::reply)) return {Hook::prerouting, Hook::input};
  return {Hook::output, Hook::postrouting};
}

/// What becomes of flows that a chain stops.
enum class Stopped : std::uint8_t { ends, goes_on };

class Way {
 public:
  Way(std::span<const Ruleset> rulesets, Direction direction, Stopped stopped)
      : rulesets_{rulesets}, direction_{direction}, stopped_{stopped} {
    for (std::size_t i = rulesets.size(); i-- > 0;)
      for (std::size_t j = rulesets[i].chains.size(); j-- > 0;)
        if (const auto& chain = rulesets[i].chains[j]; chain.base && chain.base->translates) {
          nat_ages_[static_cast<std::size_t>(chain.packet)] = {i, j};
          nat_scope_ |= chain.base->scope;
        }
  }

  /// Flows and where they go now: the original ones stand for both in the result.
  struct Group {
    FlowSet flows;
    Route route = Route::comes_in;
    std::optional<Target> target;
  };

  std::optional<std::string> error;
  Evaluation result;
  std::vector<Group> open_groups;

  /// The packets of one kind; those that open connections leave `open_groups`.
  FlowSet follow(const Group& group, Packet packet) {
    return pass(stops_of(packet, hooks_of(packet, group.route)), 0, group, packet);
  }

 private:
  std::vector<Stop> stops_of(Packet packet, const std::vector<Hook>& hooks) const {
    const auto platform_hook =
        (direction_ == Direction::inbound) == (packet != Packet::reply) ? Hook::input : Hook::output;
    std::vector<Stop> stops;
    for (std::size_t i = 0; i < rulesets_.size(); ++i) {
      const bool platform = rulesets_[i].path == Path::platform;
      for (std::size_t j = 0; j < rulesets_[i].chains.size(); ++j) {
        const auto& chain = rulesets_[i].chains[j];
        if (!chain.base || chain.packet != packet || (chain.base->translates && packet != Packet::opening))
          continue;
        const bool here = platform ? chain.base->hook == platform_hook
                                   : std::ranges::find(hooks, chain.base->hook) != hooks.end();
        if (!here) continue;
        auto stop = chain.base->translates ? nat(chain.base->hook, packet)
                                           : Stop{chain.base->hook, chain.base->priority, {i, j}};
        stop.own_priority = chain.base->priority;
        stop.chain = {i, j};
        stops.push_back(stop);
      }
    }
    std::ranges::sort(stops, [](const Stop& a, const Stop& b) {
      return std::tuple{a.hook, a.priority, b.age, a.own_priority, b.chain} <
             std::tuple{b.hook, b.priority, a.age, b.own_priority, a.chain};
    });
    return stops;
  }

  /// Where the nat chains of a hook are called.
  Stop nat(Hook hook, Packet packet) const {
    return {hook, nat_priority(hook), nat_ages_[static_cast<std::size_t>(packet)]};
  }

  /// There destinations are translated, those of answers back to the old source.
  bool is_before_first_nat(const Stop& stop, Packet packet) const {
    return (stop.hook == Hook::prerouting || stop.hook == Hook::output) &&
           is_called_before(stop, nat(stop.hook, packet));
  }

  /// There sources are translated, those of answers back to the old destination.
  bool is_behind_last_nat(const Stop& stop, Packet packet) const {
    return (stop.hook == Hook::input || stop.hook == Hook::postrouting) &&
           is_called_before(nat(stop.hook, packet), stop);
  }

  bool sees_original(const Stop& stop, Packet packet) const {
    return (packet == Packet::following && is_before_first_nat(stop, packet)) ||
           (packet == Packet::reply && is_behind_last_nat(stop, packet));
  }

  bool sees_new_source(const Stop& stop, Packet packet) const {
    return packet == Packet::reply ? is_before_first_nat(stop, packet) : is_behind_last_nat(stop, packet);
  }

  static FlowSet as_seen(const FlowSet& flows, Packet packet, const std::optional<Target>& target) {
    auto seen = target ? to_target(flows, *target) : flows;
    return packet == Packet::reply ? flipped(seen) : seen;
  }

  /// As the kernel has it, for which a destination that stays the same is not translated
  /// (nf_nat_setup_info()); a redirection may give it another address. Of flows that no nat chain sees the
  /// rules may be elsewhere.
  std::optional<bool> is_translated(const Group& group, const std::optional<Target>& original) const {
    if (group.target && group.target != original) return true;
    return group.target || !nat_scope_.contains(group.flows) ? std::nullopt : std::optional{false};
  }

  /// From `from` on, flows in their original form; what is (or may be) accepted by all.
  FlowSet pass(const std::vector<Stop>& stops, std::size_t from, const Group& group, Packet packet) {
    auto flows = group.flows;
    const auto& target = group.target;
    const auto original = only_target(flows);
    const auto translated = is_translated(group, original);
    const auto back = [&](const FlowSet& seen) {
      auto plain = packet == Packet::reply ? flipped(seen) : seen;
      return target && original ? to_target(plain, *original) : plain;
    };
    FlowSet settled;  // the hook's other nat chains are not called, as the source is translated
    for (auto i = from; i < stops.size() && !(flows.empty() && settled.empty()) && !error; ++i) {
      if (!settled.empty() && is_called_before(stops[i - 1], stops[i])) flows |= std::exchange(settled, {});
      const auto first_touch = result.touches.size();
      const auto [ruleset, chain] = stops[i].chain;
      ChainWalk walk{rulesets_[ruleset], ruleset, result.touches, count_};
      const auto there = sees_original(stops[i], packet) ? std::nullopt : target;
      if (auto moved = sees_new_source(stops[i], packet) ? flows & new_sources_ : FlowSet{};
          !moved.empty() &&
          decides_by_source(stops[i].chain, as_seen(from_anywhere(moved), packet, there), translated)) {
        flows -= moved;
        leave_open({std::move(moved), Verdict::next, {}, "a rule translates the source of these flows"});
      }
      auto seen = as_seen(flows, packet, there);
      auto ends = walk.run(chain, seen, translated);
      if (walk.error()) error = walk.error();
      // A nat chain may translate what it does not stop.
      if (stopped_ == Stopped::goes_on && !rulesets_[ruleset].chains[chain].base->translates)
        for (const auto* stopped : {&ends.dropped, &ends.rejected})
          std::ranges::copy(*stopped, std::back_inserter(ends.accepted));
      const bool changed = packet == Packet::reply || target;
      for (auto& touch : std::span{result.touches}.subspan(first_touch)) {
        if (changed) touch.flows = back(touch.flows);
        touch.target = there == original ? std::nullopt : there;
        touch.base = chain;
      }
      result.dropped |= back(united(std::move(ends.dropped)));
      result.rejected |= back(united(std::move(ends.rejected)));
      leave_open(back(united(std::move(ends.unknown))));
      for (auto& part : ends.translated) {
        if (packet == Packet::opening) {
          translate(stops[i], {back(part.flows), group.route, target}, part);
        } else {
          translate_later(back(part.flows));
          ends.accepted.push_back(std::move(part.flows));
        }
      }
      flows = back(united(std::move(ends.accepted)));
      const auto moved = back(united(std::move(ends.new_source)));
      settled |= moved;
      new_sources_ |= moved;
    }
    flows |= settled;
    if (packet == Packet::opening && !flows.empty()) open_groups.push_back({flows, group.route, target});
    return flows;
  }

  /// Whether what a chain says of flows from anywhere hangs on their source.
  bool decides_by_source(const Age& place, const FlowSet& seen, std::optional<bool> translated) {
    std::vector<Touch> unused;
    ChainWalk walk{rulesets_[place.first], place.first, unused, count_};
    const auto ends = walk.run(place.second, seen, translated);
    if (walk.error()) error = walk.error();
    return !ends.accepted.empty() && !(ends.dropped.empty() && ends.rejected.empty() && ends.unknown.empty());
  }

  void translate(const Stop& stop, Group group, const Translated& translated) {
    const auto& outcome = translated.outcome;
    const auto original = only_target(group.flows);
    if (!original)
      return leave_open(
          {group.flows, Verdict::next, {}, "a rule translates the destination of some of these flows"});
    const auto open_if = [&](std::string_view doubt) {
      leave_open({group.flows, Verdict::translate, translated.where, std::string{doubt}});
    };
    // Its new address is one of the interface (nf_nat_redirect() of the kernel).
    if (outcome.to_this_host && group.route != Route::comes_in)
      return open_if("the service is on the firewall itself");
    if (outcome.address && outcome.address->is_loopback()) return open_if("the sysctl route_localnet is set");
    // ip_rcv_finish() of the kernel looks for the route behind the hook.
    if (stop.hook == Hook::prerouting && outcome.address && *outcome.address != original->first)
      group.route = Route::passes;
    group.target = {outcome.address.value_or(original->first), outcome.port.value_or(original->second)};
    const auto stops = stops_of(Packet::opening, hooks_of(Packet::opening, group.route));
    const auto behind =
        std::ranges::find_if(stops, [&](const Stop& other) { return is_called_before(stop, other); });
    pass(stops, static_cast<std::size_t>(behind - stops.begin()), group, Packet::opening);
  }

  /// The kernel translates by a connection's first packet, and takes such rules in nat chains only, which see
  /// no other (nft(8), "NAT STATEMENTS"): this file is none of its own.
  void translate_later(const FlowSet& flows) {
    result.dropped |= flows;
    result.touches.push_back({flows, Verdict::next, {}, "a rule translates packets behind the first"});
  }

  /// Other rules see what nobody knows.
  void leave_open(const FlowSet& flows) {
    result.accepted |= flows;
    result.dropped |= flows;
  }
  void leave_open(Touch touch) {
    leave_open(touch.flows);
    result.touches.push_back(std::move(touch));
  }

  std::span<const Ruleset> rulesets_;
  Direction direction_;
  Stopped stopped_;
  /// Of the first nat chain, by the packets that it is for: the kernel's hook comes with it.
  std::array<Age, 3> nat_ages_;
  FlowSet nat_scope_;
  FlowSet new_sources_;  ///< the flows whose source a rule translates, to one that is not known
  WalkCount count_;
};

/// Whether rules may drop what a rejecting rule answers: the answer is a packet of the firewall's own.
bool may_drop_answers(std::span<const Ruleset> rulesets) {
  return std::ranges::any_of(rulesets, [](const Ruleset& ruleset) {
    return ruleset.path == Path::netfilter && std::ranges::any_of(ruleset.chains, [](const Chain& chain) {
             if (!chain.base || chain.packet != Packet::opening) return false;
             if (chain.base->hook != Hook::output && chain.base->hook != Hook::postrouting) return false;
             return chain.base->policy == Verdict::drop ||
                    std::ranges::any_of(chain.rules, [](const Rule& rule) {
                      return rule.outcome.verdict != Verdict::accept && rule.outcome.verdict != Verdict::next;
                    });
           });
  });
}

/// What no file speaks about, and what a file's unread parts may decide.
void add_unread(std::span<const Ruleset> rulesets, const FlowSet& flows, Evaluation& result) {
  for (const auto path : {Path::netfilter, Path::platform}) {
    FlowSet spoken;
    bool any = false;
    for (const auto& ruleset : rulesets) {
      if (ruleset.path != path) continue;
      any = true;
      spoken |= ruleset.speaks_for;
    }
    auto unspoken = any ? flows - spoken : FlowSet{};
    if (unspoken.empty()) continue;
    result.accepted |= unspoken;
    result.dropped |= unspoken;
    const bool v6 = unspoken.boxes().front().sources.v4().empty();
    result.touches.push_back({std::move(unspoken),
                              Verdict::next,
                              {},
                              v6 ? "no file has rules for IPv6" : "no file has rules for IPv4"});
  }
  for (std::size_t i = 0; i < rulesets.size(); ++i) {
    for (const auto& note : rulesets[i].notes) {
      auto part = note.touches & flows;
      if (part.empty()) continue;
      result.dropped |= part;
      result.touches.push_back(
          {std::move(part), Verdict::next, {i, RuleRef::none, RuleRef::none, {}}, note.text});
    }
  }
}

/// Through the rules that were read.
std::expected<Evaluation, std::string> follow(std::span<const Ruleset> rulesets, const FlowSet& flows,
                                              Direction direction, Position position, Stopped stopped) {
  Way way{rulesets, direction, stopped};
  way.follow({flows, route_of(direction, position), {}}, Packet::opening);
  std::vector<FlowSet> accepted;
  for (auto& group : std::exchange(way.open_groups, {})) {
    group.flows = way.follow(group, Packet::reply);
    accepted.push_back(way.follow(group, Packet::following));
  }
  if (way.error) return std::unexpected{*way.error};
  way.result.accepted |= united(std::move(accepted));
  return std::move(way.result);
}

}  // namespace

std::expected<Evaluation, std::string> evaluate(std::span<const Ruleset> rulesets, const FlowSet& flows,
                                                Direction direction, Position position) {
  auto result = follow(rulesets, flows, direction, position, Stopped::ends);
  if (!result) return result;
  if (may_drop_answers(rulesets)) result->dropped |= result->rejected;
  add_unread(rulesets, flows, *result);
  return result;
}

std::expected<std::vector<Touch>, std::string> touches_past_stops(std::span<const Ruleset> rulesets,
                                                                  const FlowSet& flows, Direction direction,
                                                                  Position position) {
  auto result = follow(rulesets, flows, direction, position, Stopped::goes_on);
  if (!result) return std::unexpected{std::move(result.error())};
  return std::move(result->touches);
}

}  // namespace fwprobe::allowlist
