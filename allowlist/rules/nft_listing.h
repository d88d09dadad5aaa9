#pragma once
// An nftables ruleset as it is written, from JSON or text; what it means is in nft_meaning.h.

#include <compare>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "allowlist/rules/ruleset.h"
#include "allowlist/yaml_tree.h"

namespace fwprobe::allowlist::nft {

struct Value {
  enum class Kind : std::uint8_t {
    word,       ///< "22", "tcp", "192.0.2.0/24"
    range,      ///< of two words
    set,        ///< any of the parts
    list,       ///< flags: "established,related", "syn|ack"
    concat,     ///< one part for each field
    reference,  ///< "@name": the name
    other,      ///< not understood
  };
  Kind kind = Kind::other;
  std::string text;
  std::vector<Value> parts;
};

enum class Operator : std::uint8_t { equal, not_equal, any_bit, no_bit, less, greater, at_most, at_least };

/// "ip saddr", "tcp dport", "meta l4proto", "ct state"; with a mask: "tcp flags & (syn | ack)".
struct Field {
  std::string name;
  std::optional<Value> mask;
};

struct Match {
  std::vector<Field> fields;  ///< several of a concatenation
  Operator op = Operator::equal;
  Value right;
};

struct Decision {
  Verdict verdict = Verdict::next;
  std::string target{};       ///< of jump and go_to
  std::string reject_with{};  ///< "icmp", "icmpv6", "icmpx", "tcp reset"; empty: the default
};

struct MapElement {
  Value key;
  Decision decision;
};

/// A verdict map: its own elements, or those of a named map.
struct VerdictMap {
  std::vector<Field> fields;
  std::string reference;
  std::vector<MapElement> elements;
};

struct Translation {
  Value address;  ///< an empty word: stays
  Value port;
};

/// "snat", "masquerade": another source. Ends the base chain as "accept" does (nf_nat_setup_info() of the
/// kernel).
struct SourceTranslation {
  std::string family;   ///< "ip", "ip6"; empty: the table's
  bool by_map = false;  ///< which ends the rule for what it does not have
};

/// "meta mark set ct mark": fields that are set and read.
struct Change {
  std::string field;
  std::vector<std::string> from;
};

struct Harmless {};       ///< counter, log: the packet goes on as it is
struct Untracked {};      ///< notrack
struct Condition {};      ///< a condition that the flow does not decide: a limit
struct NotUnderstood {};  ///< may end the packet's way, or change the packet
struct Statement {
  std::variant<Harmless, Untracked, Condition, NotUnderstood, Match, Decision, VerdictMap, Translation,
               SourceTranslation, Change>
      what;
  std::string text;  ///< for messages
};

struct RuleLine {
  RuleName name;
  std::vector<Statement> statements;
};

struct TableName {
  std::string family;
  std::string table;
  auto operator<=>(const TableName&) const = default;
};

struct ChainBlock {
  TableName table;
  std::string name;
  Place place;
  std::string type;  ///< empty: no base chain
  std::string hook;
  int priority = 0;
  bool drops = false;  ///< its policy
  std::vector<RuleLine> rules;
};

struct SetBlock {
  TableName table;
  std::string name;
  Place place;
  bool changes = false;  ///< by rules or with time
  bool known = true;     ///< whether its elements were understood
  std::vector<Value> elements;
  std::vector<MapElement> verdicts;  ///< of a verdict map
};

struct Listing {
  std::vector<ChainBlock> chains;
  std::vector<SetBlock> sets;
  std::set<TableName> dormant;  ///< tables that the kernel does not use
};

}  // namespace fwprobe::allowlist::nft
