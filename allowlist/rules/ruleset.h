#pragma once
// The rules that a firewall's export holds, in one form for every format.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <asio/ip/address.hpp>

#include "allowlist/flow_set.h"

namespace fwprobe::allowlist {

/// Where the service is that rules of Linux protect: on the host itself, or behind it. A destination that
/// rules translate to another address is looked for behind it.
enum class Position : std::uint8_t { host, behind };

/// Where packets pass (nft(8), "ADDRESS FAMILIES"). A cloud's inbound rules are at input, its outbound rules
/// at output.
enum class Hook : std::uint8_t { prerouting, input, forward, output, postrouting };

/// The packets of a TCP connection that rules can tell apart: the SYN; the SYN-ACK and all that comes back;
/// what follows the SYN in its direction.
enum class Packet : std::uint8_t { opening, reply, following };

enum class Verdict : std::uint8_t {
  accept,  ///< ends this base chain only
  drop,
  reject,
  return_,
  jump,
  go_to,
  next,       ///< none: the next rule is looked at
  translate,  ///< another destination; ends this base chain
  unknown,    ///< not understood: the packet may end here, or go on changed; always with a doubt
};

struct Outcome {
  Verdict verdict = Verdict::next;
  std::size_t chain = 0;  ///< of jump and go_to: its place in Ruleset::chains
  /// Of translate: the new destination; what is absent stays.
  std::optional<asio::ip::address> address{};
  std::optional<std::uint16_t> port{};
  bool to_this_host = false;  ///< of translate: redirected, whatever the address was
  bool new_source = false;    ///< of accept: the source is translated
};

/// How the export names a rule; all of it may be shown.
struct RuleName {
  int line = 0;         ///< in its file
  std::string name;     ///< what the platform calls it: "handle 8", "rule 100", "allow-ci"; may be empty
  std::string comment;  ///< may be empty
  int number = 0;       ///< its place among the rules, where a command that adds one has to say it; 0: none
};

/// What a packet has to be so that the rule matches, and what happens then.
struct Rule {
  FlowSet match = FlowSet::everything();
  /// A condition that the flow alone does not decide, or that was not understood: "iifname eth1", "limit rate
  /// 10/second". Then `match` is an upper bound: whether a flow of it matches cannot be told.
  std::string doubt;
  /// The rule has a condition (connection state, TCP flags, interface) that was decided for the chain's kind
  /// of packet; so for other packets it need not match.
  bool narrowed = false;
  Outcome outcome;
  RuleName name;
  /// That no packet reaches it is no fault: the platform's own rule, which nobody can remove, or one of many
  /// without an order.
  bool may_be_idle = false;
  FlowSet others{};  ///< what packets of any kind match, where that may be more than `match`
  /// Whether rules have to have translated the connection's destination, if that is a condition.
  std::optional<bool> translated{};

  const FlowSet& widest() const { return others.empty() ? match : others; }
};

/// At a hook of the kernel, or a platform's one list of rules.
struct BaseChain {
  Hook hook = Hook::input;
  int priority = 0;  ///< lower ones come first; all have to accept
  Verdict policy = Verdict::drop;
  std::string policy_name;  ///< what the user finds it by: "implied deny", "rule *"; empty: "policy drop"
  FlowSet scope = FlowSet::everything();  ///< what comes to this chain: one family of a table "ip"
  bool translates = false;                ///< sees a connection's first packet only (type nat)
  /// What it may never be called for: the kernel has nat chains looked at by connection tracking, which is
  /// off until a rule needs it (nf_nat_inet_fn() and nf_ct_netns_get()).
  FlowSet uncalled{};
};

struct Chain {
  std::string name;  ///< as the user finds it: "inet filter input", "sg-903004f8 inbound"
  int line = 0;
  std::optional<BaseChain> base;  ///< none: runs by jump and goto
  /// Whose packets the rules are for. A stateful platform has opening chains only; a stateless one has the
  /// same chain again for replies. In a reply the sources are the service's addresses, and the ports are
  /// those that the packet comes *from*.
  Packet packet = Packet::opening;
  std::vector<Rule> rules;
  /// What holds it, as the platform's commands name it: "sg-903004f8", "my-group/git-nsg". Empty: not known,
  /// or several.
  std::string owner;
};

/// Something of the file that was read and not judged.
struct Note {
  int line = 0;
  std::string text;
  /// Flows about which nothing can be said for that reason; empty when it changes no answer.
  FlowSet touches;
  /// A format whose file says what is missing in this one: where another of the files has it, this is no
  /// note.
  std::string_view answered_by{};
};

/// How packets pass: by the hooks of Linux, or by a platform's rules for each direction.
enum class Path : std::uint8_t { netfilter, platform };

struct Ruleset {
  std::string origin;  ///< the file
  std::string format;  ///< "nftables (JSON)"
  Path path = Path::netfilter;
  std::vector<Chain> chains;
  std::vector<Note> notes;
  /// Flows that the file speaks for: an iptables-save of IPv4 says nothing about IPv6.
  FlowSet speaks_for = FlowSet::everything();
};

}  // namespace fwprobe::allowlist
