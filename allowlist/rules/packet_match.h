#pragma once
// What the conditions of a Linux firewall's rule say about one kind of packet.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "allowlist/rules/formats.h"

namespace fwprobe::allowlist {

enum class Test : std::uint8_t { is, is_not };
enum class Side : std::uint8_t { source, destination };
enum class Way : std::uint8_t { in, out };

/// The TCP flags of RFC 9293 §3.1 and RFC 3168 §6.1, as bits of the header's octet.
std::optional<std::uint8_t> tcp_flag(std::string_view word);

/// A rule's conditions, each added in turn, for packets of one kind.
class PacketMatch {
 public:
  /// Whether connection tracking has seen the packet: not before raw tables (nf_conntrack's priority is
  /// -200).
  enum class Tracking : std::uint8_t { done, uncertain };

  PacketMatch(Packet packet, const RulesView& view, Tracking tracking, const FlowSet& scope)
      : packet_{packet}, view_{view}, tracking_{tracking}, scope_{scope} {}

  void addresses(Side side, const PrefixSet& set) {
    auto& mine = side == Side::source ? sources_ : destinations_;
    mine = mine & set;
  }
  void family(const PrefixSet& family) { addresses(Side::source, family); }
  void protocols(const Protocols& set) { box_.protocols = box_.protocols & set; }
  /// `text` names the condition when it cannot be decided, as below.
  void ports(Side side, const Ports& set, std::string_view text);
  /// Whether the port of one side or the other is in the set.
  void ports_of_either_side(Test test, const Ports& set, std::string_view text);
  /// Connection states, of which one has to hold: new, established, related, invalid, untracked; dnat and
  /// snat of a connection that was translated.
  void states(Test test, std::span<const std::string_view> words, std::string_view text);
  /// Whether the packet is one in the direction of the connection's first ("original") or not.
  void direction(Test test, std::string_view word, std::string_view text);
  /// Whether `(flags & mask) == value` holds.
  void tcp_flags(Test test, std::uint8_t mask, std::uint8_t value, std::string_view text);
  /// Names may end in a wildcard, '*'.
  void interfaces(Way way, Test test, std::span<const std::string_view> names, std::string_view text);
  /// Whatever comes to the chain is (chain_origin.h).
  void is_for_this_host() { for_this_host_ = true; }
  /// Types of an address as rtnetlink(7) has them, in lower case: local, multicast, …
  void address_types(Side side, Test test, std::span<const std::string_view> words, std::string_view text);
  /// One more cut of all dimensions at once.
  void flows(const FlowSet& set) { cuts_.push_back(set); }
  /// And one that is for packets of this kind only.
  void flows_of_kind(FlowSet set) {
    narrowed_ = true;
    kind_cuts_.push_back(std::move(set));
  }
  void doubt(std::string_view text);
  void never() { flows_of_kind({}); }
  void narrow() { narrowed_ = true; }

  bool is_of_both_families() const {
    return !sources_.v4().empty() && !sources_.v6().empty() && !destinations_.v4().empty() &&
           !destinations_.v6().empty();
  }

  /// The conditions' part of a rule.
  Rule rule() const;
  /// All of a rule.
  Rule rule(Outcome outcome, RuleName name) const;

 private:
  void decide(Test test, bool holds);
  void decide_by_tracking(bool tracked, bool untracked);
  void require_translated(bool translated);
  bool from_outside() const { return (view_.direction == Direction::inbound) == (packet_ != Packet::reply); }

  Packet packet_;
  const RulesView& view_;
  Tracking tracking_;
  const FlowSet& scope_;
  FlowBox box_;
  PrefixSet sources_ = PrefixSet::everything();
  PrefixSet destinations_ = PrefixSet::everything();
  std::vector<FlowSet> cuts_;
  std::vector<FlowSet> kind_cuts_;
  std::string doubt_;
  bool for_this_host_ = false;
  bool narrowed_ = false;
  std::optional<bool> translated_;
};

}  // namespace fwprobe::allowlist
