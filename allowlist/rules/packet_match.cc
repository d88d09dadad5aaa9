#include "allowlist/rules/packet_match.h"

#include <algorithm>
#include <array>
#include <utility>

#include "allowlist/rules/flow_words.h"

namespace fwprobe::allowlist {
namespace {

constexpr std::uint8_t syn = 0x02;
constexpr std::uint8_t psh = 0x08;
constexpr std::uint8_t ack = 0x10;
constexpr std::uint8_t ecn = 0xc0;  // ECE and CWR: some clients' SYNs ask for ECN, others do not

constexpr std::pair<std::string_view, std::uint8_t> flag_names[] = {
    {"fin", 0x01}, {"syn", syn},  {"rst", 0x04}, {"psh", psh}, {"ack", ack},
    {"urg", 0x20}, {"ecn", 0x40}, {"ece", 0x40}, {"cwr", 0x80}};

/// The flags that a connection cannot do without; those that end it are not looked at.
std::span<const std::uint8_t> flags_of(Packet packet) {
  static constexpr std::array<std::uint8_t, 1> opening{syn};
  static constexpr std::array<std::uint8_t, 3> reply{syn | ack, ack, psh | ack};
  if (packet == Packet::opening) return opening;
  return packet == Packet::reply ? std::span<const std::uint8_t>{reply} : std::span{reply}.subspan(1);
}

const PrefixSet& multicast() {
  static const auto set = prefixes_of({"224.0.0.0/4", "ff00::/8"});
  return set;
}

const PrefixSet& loopback() {
  static const auto set = prefixes_of({"127.0.0.0/8", "::1"});
  return set;
}

bool fits(std::string_view pattern, std::string_view name) {
  if (pattern.ends_with('*')) return name.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == name;
}

}  // namespace

std::optional<std::uint8_t> tcp_flag(std::string_view word) {
  const auto row = std::ranges::find(flag_names, word, &std::pair<std::string_view, std::uint8_t>::first);
  if (row == std::end(flag_names)) return std::nullopt;
  return row->second;
}

void PacketMatch::ports(Side side, const Ports& set, std::string_view text) {
  // The service's own port is the one that the set of flows knows.
  if ((side == Side::destination) == (packet_ != Packet::reply)) {
    box_.ports = box_.ports & set;
    return;
  }
  narrowed_ = true;
  if (set.contains(client_ports())) return;
  if (set.intersects(client_ports()))
    doubt(text);
  else
    never();
}

void PacketMatch::ports_of_either_side(Test test, const Ports& set, std::string_view text) {
  if (set.contains(client_ports())) return decide(test, true);
  if (set.intersects(client_ports())) return doubt(text);
  FlowBox box;
  box.ports = test == Test::is ? set : ~set;
  flows_of_kind(FlowSet{box});
}

void PacketMatch::decide(Test test, bool holds) {
  narrowed_ = true;
  if (holds != (test == Test::is)) never();
}

void PacketMatch::states(Test test, std::span<const std::string_view> words, std::string_view text) {
  if (tracking_ == Tracking::uncertain) return doubt(text);
  const auto has = [&](std::string_view word) { return std::ranges::find(words, word) != words.end(); };
  const bool holds = has(packet_ == Packet::opening ? "new" : "established");
  if (!holds && has("snat")) return doubt(text);
  if (!holds && has("dnat")) return require_translated(test == Test::is);
  decide_by_tracking(holds == (test == Test::is), has("untracked") == (test == Test::is));
}

/// What is asked about ICMPv6 is neighbour discovery, which is not tracked (nf_conntrack_icmpv6_error() of
/// the kernel).
void PacketMatch::decide_by_tracking(bool tracked, bool untracked) {
  if (tracked == untracked) return decide(Test::is, tracked);
  constexpr std::uint8_t icmpv6 = 58;
  FlowBox box;
  box.protocols = untracked ? Protocols{icmpv6, icmpv6} : ~Protocols{icmpv6, icmpv6};
  flows_of_kind(FlowSet{box});
}

void PacketMatch::require_translated(bool translated) {
  if (translated_.value_or(translated) != translated) return never();
  narrowed_ = true;
  translated_ = translated;
}

void PacketMatch::direction(Test test, std::string_view word, std::string_view text) {
  if (tracking_ == Tracking::uncertain) return doubt(text);
  decide_by_tracking((word == (packet_ == Packet::reply ? "reply" : "original")) == (test == Test::is),
                     false);
}

void PacketMatch::tcp_flags(Test test, std::uint8_t mask, std::uint8_t value, std::string_view text) {
  protocols(Protocols{6, 6});
  const auto holds = [&](std::uint8_t flags) { return (flags & mask) == value; };
  const auto flags = flags_of(packet_);
  const bool all = std::ranges::all_of(flags, holds);
  const bool without_ecn_no_match = std::ranges::none_of(flags, holds) && (value & ecn) == 0;
  if ((mask & ecn) == 0 && (all || std::ranges::none_of(flags, holds))) return decide(test, all);
  // No flag of congestion control can make up for one that is missing.
  if (without_ecn_no_match) return decide(test, false);
  doubt(text);
}

void PacketMatch::interfaces(Way way, Test test, std::span<const std::string_view> names,
                             std::string_view text) {
  const bool loopback_only = std::ranges::all_of(names, [](auto name) { return name == "lo"; });
  const bool outer = (way == Way::in) == from_outside();
  // What is published is elsewhere, so that its packets never pass the loopback interface.
  if (loopback_only && (outer || test == Test::is)) return decide(test, false);
  if (!outer || !view_.interface) return doubt(text);
  decide(test, std::ranges::any_of(names, [&](auto name) { return fits(name, *view_.interface); }));
}

void PacketMatch::address_types(Side side, Test test, std::span<const std::string_view> words,
                                std::string_view text) {
  // What is published is elsewhere, and has its address there.
  const bool outer = (side == Side::source) == from_outside();
  if (!outer && (side == Side::source || !for_this_host_)) return doubt(text);
  const auto has = [&](std::string_view word) { return std::ranges::find(words, word) != words.end(); };
  const auto local = outer ? loopback() : ~multicast();
  PrefixSet set;
  if (has("local")) set = set | local;
  if (has("multicast")) set = set | multicast();
  if (has("unicast")) set = set | ~(local | multicast());
  FlowBox box;
  (side == Side::source ? box.sources : box.destinations) = test == Test::is ? set : ~set;
  flows_of_kind(FlowSet{box});
}

void PacketMatch::doubt(std::string_view text) {
  if (!doubt_.empty()) doubt_ += ", ";
  doubt_ += text;
}

Rule PacketMatch::rule() const {
  Rule rule;
  rule.doubt = doubt_;
  rule.narrowed = narrowed_;
  rule.translated = translated_;
  auto box = box_;
  box.sources = sources_;
  box.destinations = destinations_;
  rule.match = FlowSet{box};
  if (scope_ != FlowSet::everything()) rule.match = rule.match & scope_;
  for (const auto& cut : cuts_) rule.match = rule.match & cut;
  if (!kind_cuts_.empty()) rule.others = rule.match;
  for (const auto& cut : kind_cuts_) rule.match = rule.match & cut;
  return rule;
}

Rule PacketMatch::rule(Outcome outcome, RuleName name) const {
  auto whole = rule();
  whole.outcome = std::move(outcome);
  whole.name = std::move(name);
  return whole;
}

}  // namespace fwprobe::allowlist
