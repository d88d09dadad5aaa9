#include "allowlist/rules/nft_fields.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "allowlist/rules/flow_pieces.h"
#include "allowlist/rules/linux_words.h"
#include "text/ascii.h"

namespace fwprobe::allowlist::nft {
namespace {

constexpr std::size_t most_shown = 4;

std::string describe(const Value& value) {
  using enum Value::Kind;
  const auto joined = [&](std::string_view separator) {
    std::string text;
    for (const auto& part : std::span{value.parts}.first(std::min(value.parts.size(), most_shown)))
      text += (text.empty() ? "" : std::string{separator}) + describe(part);
    return value.parts.size() > most_shown ? text + std::string{separator} + "…" : text;
  };
  switch (value.kind) {
    case range:
      return joined("-");
    case set:
      return "{ " + joined(", ") + " }";
    case list:
      return joined(",");
    case concat:
      return joined(" . ");
    case reference:
      return "@" + value.text;
    case word:
    case other:
      break;
  }
  return value.text;
}

constexpr std::string_view signs[] = {"", "!= ", "", "! ", "< ", "> ", "<= ", ">= "};

std::optional<PrefixSet> addresses_of(std::span<const Value> values);

std::optional<PrefixSet> addresses_of(const Value& value) {
  using enum Value::Kind;
  if (value.kind == set) return addresses_of(std::span{value.parts});
  return addresses_of(std::span{&value, 1});
}

std::optional<PrefixSet> addresses_of(std::span<const Value> values) {
  std::vector<Ranges4::Item> v4;
  std::vector<Ranges6::Item> v6;
  const auto keep = [&](const PrefixSet& part) {
    v4.insert(v4.end(), part.v4().ranges().begin(), part.v4().ranges().end());
    v6.insert(v6.end(), part.v6().ranges().begin(), part.v6().ranges().end());
  };
  for (const auto& value : values) {
    if (value.kind == Value::Kind::word) {
      const auto prefix = parse_prefix(value.text);
      if (!prefix) return std::nullopt;
      keep(PrefixSet{prefix->prefix});
    } else if (value.kind == Value::Kind::range && value.parts.size() == 2) {
      const auto first = parse_prefix(value.parts[0].text);
      const auto last = parse_prefix(value.parts[1].text);
      if (!first || !last || first->prefix.network().is_v4() != last->prefix.network().is_v4() ||
          last->prefix.network() < first->prefix.network())
        return std::nullopt;
      keep(PrefixSet{AddressRange{first->prefix.network(), last->prefix.last()}});
    } else {
      return std::nullopt;
    }
  }
  return PrefixSet{Ranges4{std::move(v4)}, Ranges6{std::move(v6)}};
}

constexpr std::string_view digits = "0123456789";

/// As nft prints it, with -n also "0x8"; by hand a leading zero may mean octal digits.
template <typename Number>
std::optional<Number> number_of(std::string_view word) {
  if (!word.starts_with("0x"))
    return word.size() > 1 && word[0] == '0' ? std::nullopt : whole_number<Number>(word);
  word.remove_prefix(2);
  Number value{};
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, 16);
  if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  return value;
}

/// Of numbers, words that `named` knows, and ranges of them.
template <typename Number>
std::optional<RangeSet<Number>> numbers_of(std::span<const Value> values,
                                           std::optional<Number> (*named)(std::string_view)) {
  std::vector<Range<Number>> ranges;
  const auto read = [&](std::string_view word) {
    return word.find_first_of(digits) == 0 ? number_of<Number>(word) : named(word);
  };
  for (const auto& value : values) {
    const bool range = value.kind == Value::Kind::range && value.parts.size() == 2;
    if (!range && value.kind != Value::Kind::word) return std::nullopt;
    const auto first = read(range ? value.parts[0].text : value.text);
    const auto last = read(range ? value.parts[1].text : value.text);
    if (!first || !last || *last < *first) return std::nullopt;
    ranges.push_back({*first, *last});
  }
  return RangeSet<Number>{std::move(ranges)};
}

std::span<const Value> alternatives(const Value& value) {
  return value.kind == Value::Kind::set ? std::span{value.parts} : std::span{&value, 1};
}

std::optional<std::vector<std::string_view>> words_of(std::span<const Value> values) {
  std::vector<std::string_view> words;
  for (const auto& part : values) {
    if (part.kind != Value::Kind::word) return std::nullopt;
    words.push_back(part.text);
  }
  return words;
}

/// Of numbers and words that `named` knows, all together.
std::optional<std::uint8_t> bits_of(const Value& value,
                                    std::optional<std::uint8_t> (*named)(std::string_view)) {
  const auto words =
      words_of(value.kind == Value::Kind::list ? std::span{value.parts} : std::span{&value, 1});
  if (!words) return std::nullopt;
  std::uint8_t bits = 0;
  for (const auto word : *words) {
    const auto number = number_of<std::uint8_t>(word);
    const auto more = number ? number : named(word);
    if (!more) return std::nullopt;
    bits |= *more;
  }
  return bits;
}
std::optional<std::uint8_t> flags_of(const Value& value) { return bits_of(value, tcp_flag); }

/// Connection states as the kernel has them (NF_CT_STATE_BIT of nf_conntrack_common.h); a packet has one.
constexpr std::pair<std::string_view, std::uint8_t> states[] = {
    {"invalid", 1}, {"established", 2}, {"related", 4}, {"new", 8}, {"untracked", 64}};

std::optional<std::uint8_t> state_bit(std::string_view word) {
  const auto row = std::ranges::find(states, word, &std::pair<std::string_view, std::uint8_t>::first);
  if (row == std::end(states)) return std::nullopt;
  return row->second;
}

/// For "==" and "!=": which of both.
std::optional<Test> test_of(Operator op) {
  if (op == Operator::equal || op == Operator::any_bit) return Test::is;
  if (op == Operator::not_equal || op == Operator::no_bit) return Test::is_not;
  return std::nullopt;
}

/// One match against one field.
struct Use {
  const Match& match;
  const Field& field;
  const TableName& table;
  NamedSets& sets;
  PacketMatch& packet;

  const SetBlock* named() const {
    return match.right.kind == Value::Kind::reference ? sets.find(table, match.right.text) : nullptr;
  }
  void doubt() const { packet.doubt(nft::describe(match)); }
};

void add_addresses(const Use& use, Side side, const PrefixSet& family) {
  use.packet.family(family);
  const auto test = test_of(use.match.op);
  const auto* named = use.named();
  const auto set = named != nullptr ? use.sets.addresses(*named) : addresses_of(use.match.right);
  if (!test || !set || use.field.mask) return use.doubt();
  use.packet.addresses(side, *test == Test::is ? *set : ~*set);
}

std::optional<Ports> compared(Operator op, const Ports& one) {
  if (one.ranges().size() != 1) return std::nullopt;
  const auto value = one.ranges().front().first;
  Ports below = value == 0 ? Ports{} : Ports{0, static_cast<std::uint16_t>(value - 1)};
  if (op == Operator::less) return below;
  if (op == Operator::at_least) return ~below;
  if (op == Operator::at_most) return below | one;
  return ~(below | one);
}

void add_ports(const Use& use, Side side, const Protocols& protocols) {
  use.packet.protocols(protocols);
  const auto* named = use.named();
  auto set = named != nullptr ? use.sets.ports(*named)
                              : numbers_of<std::uint16_t>(alternatives(use.match.right), linux_port);
  if (set && !test_of(use.match.op)) set = compared(use.match.op, *set);
  if (!set || use.field.mask) return use.doubt();
  use.packet.ports(side, test_of(use.match.op) == Test::is_not ? ~*set : *set, nft::describe(use.match));
}

void add_protocol(const Use& use, const PrefixSet& family) {
  use.packet.family(family);
  const auto test = test_of(use.match.op);
  const auto set = numbers_of<std::uint8_t>(alternatives(use.match.right), linux_protocol);
  if (!test || !set || use.field.mask) return use.doubt();
  use.packet.protocols(*test == Test::is ? *set : ~*set);
}

/// A field that has one value for each family.
struct FamilyValues {
  std::string_view v4;
  std::string_view v6;
  unsigned v4_number;
  unsigned v6_number;
};
constexpr FamilyValues of_nfproto{"ipv4", "ipv6", 2, 10};         // NFPROTO_IPV4, NFPROTO_IPV6
constexpr FamilyValues of_protocol{"ip", "ip6", 0x0800, 0x86dd};  // RFC 9542 §B.1

void add_family(const Use& use, const FamilyValues& values) {
  const auto test = test_of(use.match.op);
  const auto words = words_of(alternatives(use.match.right));
  if (!test || !words || use.field.mask) return use.doubt();
  PrefixSet families;
  for (const auto word : *words) {
    const auto number = number_of<unsigned>(word);
    const bool v4 = word == values.v4 || number == values.v4_number;
    if (!v4 && word != values.v6 && number != values.v6_number) return use.doubt();
    families = families | (v4 ? all_v4() : all_v6());
  }
  use.packet.family(*test == Test::is ? families : ~families);
}

void add_state(const Use& use) {
  const auto test = test_of(use.match.op);
  const bool any_bit = use.match.op == Operator::any_bit || use.match.op == Operator::no_bit;
  const auto mask = use.field.mask ? bits_of(*use.field.mask, state_bit) : std::optional<std::uint8_t>{0xff};
  std::vector<std::uint8_t> values;
  for (const auto& value : alternatives(use.match.right)) {
    const auto bits = bits_of(value, state_bit);
    // nft makes one match by bits of a set with one element.
    if (!bits || (use.match.right.kind == Value::Kind::set && !std::has_single_bit(*bits)))
      return use.doubt();
    values.push_back(*bits);
  }
  if (!test || !mask) return use.doubt();
  std::vector<std::string_view> words;
  for (const auto& [word, state] : states)
    if (std::ranges::any_of(values, [&](std::uint8_t value) {
          return any_bit ? (state & *mask & value) != 0 : (state & *mask) == value;
        }))
      words.push_back(word);
  use.packet.states(*test, words, nft::describe(use.match));
}

/// Of the flags (NF_CT_STATUS of nf_conntrack_common.h) only one follows from the rules.
void add_status(const Use& use) {
  constexpr std::string_view known[] = {"dnat"};
  const bool bit = use.match.op == Operator::any_bit || use.match.op == Operator::no_bit;
  const auto& right = use.match.right;
  if (!bit || use.field.mask || right.kind != Value::Kind::word || right.text != known[0]) return use.doubt();
  use.packet.states(*test_of(use.match.op), known, nft::describe(use.match));
}

void add_direction(const Use& use) {
  constexpr std::string_view words[] = {"original", "reply"};
  const auto test = test_of(use.match.op);
  if (!test || use.match.right.kind != Value::Kind::word || use.field.mask) return use.doubt();
  const auto* word = std::ranges::find(words, use.match.right.text);
  const auto number = number_of<std::size_t>(use.match.right.text);  // IP_CT_DIR_ORIGINAL is 0
  if (number && *number < std::size(words)) word = words + *number;
  if (word == std::end(words)) return use.doubt();
  use.packet.direction(*test, *word, nft::describe(use.match));
}

void add_flags(const Use& use) {
  use.packet.protocols(Protocols{tcp_protocol, tcp_protocol});
  const auto value = flags_of(use.match.right);
  const auto mask = use.field.mask ? flags_of(*use.field.mask) : std::optional<std::uint8_t>{0xff};
  if (!value || !mask) return use.doubt();
  const auto text = nft::describe(use.match);
  const auto masked = static_cast<std::uint8_t>(*value & *mask);
  if (use.match.op == Operator::any_bit) return use.packet.tcp_flags(Test::is_not, masked, 0, text);
  if (use.match.op == Operator::no_bit) return use.packet.tcp_flags(Test::is, masked, 0, text);
  if (use.match.op == Operator::equal) return use.packet.tcp_flags(Test::is, *mask, *value, text);
  if (use.match.op == Operator::not_equal) return use.packet.tcp_flags(Test::is_not, *mask, *value, text);
  use.doubt();
}

/// By their numbers, from RTN_UNSPEC on (rtnetlink(7)).
constexpr std::string_view address_types[] = {"unspec",    "unicast",   "local",       "broadcast", "anycast",
                                              "multicast", "blackhole", "unreachable", "prohibit"};

void add_address_types(const Use& use, Side side) {
  const auto test = test_of(use.match.op);
  auto words = words_of(alternatives(use.match.right));
  if (!test || !words || use.field.mask) return use.doubt();
  for (auto& word : *words) {
    const auto number = number_of<std::size_t>(word);
    if (number && *number < std::size(address_types)) word = address_types[*number];
    if (std::ranges::find(address_types, word) == std::end(address_types)) return use.doubt();
  }
  use.packet.address_types(side, *test, *words, nft::describe(use.match));
}

void add_interface(const Use& use, Way way) {
  const auto test = test_of(use.match.op);
  const auto names = words_of(alternatives(use.match.right));
  // A number is the index of an interface that the ruleset's host no longer has.
  const auto is_number = [](std::string_view name) {
    return name.find_first_not_of(digits) == std::string_view::npos;
  };
  if (!test || !names || use.field.mask || std::ranges::any_of(*names, is_number)) return use.doubt();
  use.packet.interfaces(way, *test, *names, nft::describe(use.match));
}

/// A field of a protocol that the flow does not decide.
void add_unknown(const Use& use) {
  add_header(use.field.name, use.packet);
  use.doubt();
}

struct FieldRow {
  std::string_view name;
  void (*add)(const Use&);
};

constexpr FieldRow field_rows[] = {
    {"ip saddr", [](const Use& use) { add_addresses(use, Side::source, all_v4()); }},
    {"ip daddr", [](const Use& use) { add_addresses(use, Side::destination, all_v4()); }},
    {"ip6 saddr", [](const Use& use) { add_addresses(use, Side::source, all_v6()); }},
    {"ip6 daddr", [](const Use& use) { add_addresses(use, Side::destination, all_v6()); }},
    {"ip protocol", [](const Use& use) { add_protocol(use, all_v4()); }},
    {"ip6 nexthdr", [](const Use& use) { add_protocol(use, all_v6()); }},
    {"meta l4proto", [](const Use& use) { add_protocol(use, PrefixSet::everything()); }},
    {"meta nfproto", [](const Use& use) { add_family(use, of_nfproto); }},
    {"meta protocol", [](const Use& use) { add_family(use, of_protocol); }},
    {"ct state", add_state},
    {"ct status", add_status},
    {"ct direction", add_direction},
    {"tcp flags", add_flags},
    {"fib saddr type", [](const Use& use) { add_address_types(use, Side::source); }},
    {"fib daddr type", [](const Use& use) { add_address_types(use, Side::destination); }},
    {"meta iif", [](const Use& use) { add_interface(use, Way::in); }},
    {"meta iifname", [](const Use& use) { add_interface(use, Way::in); }},
    {"meta oif", [](const Use& use) { add_interface(use, Way::out); }},
    {"meta oifname", [](const Use& use) { add_interface(use, Way::out); }},
};

void add_field(const Use& use) {
  const std::string_view name{use.field.name};
  const auto row = std::ranges::find(field_rows, name, &FieldRow::name);
  if (row != std::end(field_rows)) return row->add(use);
  const auto space = name.find(' ');
  const auto protocol = name.substr(0, space);
  const auto rest = space == std::string_view::npos ? std::string_view{} : name.substr(space + 1);
  const auto number = linux_protocol(protocol);
  const bool transport = protocol == "th" || (number && transports().contains(*number));
  if (!transport || (rest != "sport" && rest != "dport")) return add_unknown(use);
  add_ports(use, rest == "sport" ? Side::source : Side::destination,
            number ? Protocols{*number, *number} : transports());
}

/// The union of a concatenation's elements, each as if it were written as several matches.
void add_concatenation(const Match& match, const TableName& table, NamedSets& sets, PacketMatch& packet,
                       const PacketMatch& empty) {
  constexpr std::size_t most_elements = 2000;  // the union's cost grows with their square
  const auto* named =
      match.right.kind == Value::Kind::reference ? sets.find(table, match.right.text) : nullptr;
  const auto elements = named != nullptr ? std::span{named->elements} : alternatives(match.right);
  const bool known = match.right.kind != Value::Kind::reference || named != nullptr;
  if (!known || elements.size() > most_elements || match.op != Operator::equal)
    return packet.doubt(describe(match));
  std::vector<FlowSet> all;
  std::vector<FlowSet> of_kind;
  bool doubtful = false;
  bool of_others = false;
  for (const auto& element : elements) {
    if (element.kind != Value::Kind::concat || element.parts.size() != match.fields.size())
      return packet.doubt(describe(match));
    auto one = empty;
    for (std::size_t i = 0; i < match.fields.size(); ++i) {
      const Match part{{match.fields[i]}, Operator::equal, element.parts[i]};
      add_field({part, part.fields.front(), table, sets, one});
    }
    const auto rule = one.rule();
    doubtful |= !rule.doubt.empty();
    if (rule.narrowed) packet.narrow();
    of_others |= !rule.others.empty();
    all.push_back(rule.widest());
    of_kind.push_back(rule.match);
  }
  packet.flows(united(std::move(all)));
  if (of_others) packet.flows_of_kind(united(std::move(of_kind)));
  if (doubtful) packet.doubt(describe(match));
}

}  // namespace

const SetBlock* NamedSets::find(const TableName& table, std::string_view name) {
  const auto set = std::ranges::find_if(
      sets_, [&](const auto& row) { return row.known && row.name == name && row.table == table; });
  if (set == sets_.end()) return nullptr;
  used_.insert(&*set);
  return &*set;
}

const std::optional<PrefixSet>& NamedSets::addresses(const SetBlock& set) {
  const auto [row, fresh] = addresses_.try_emplace(&set);
  if (fresh) row->second = addresses_of(std::span{set.elements});
  return row->second;
}

const std::optional<Ports>& NamedSets::ports(const SetBlock& set) {
  const auto [row, fresh] = ports_.try_emplace(&set);
  if (fresh) row->second = numbers_of<std::uint16_t>(set.elements, linux_port);
  return row->second;
}

std::string describe(const Match& match) {
  std::string text;
  for (const auto& field : match.fields) {
    if (!text.empty()) text += " . ";
    text += field.name.starts_with("meta i") || field.name.starts_with("meta o") ? field.name.substr(5)
                                                                                 : field.name;
    if (field.mask) text += fmt::format(" & ({})", describe(*field.mask));
  }
  return fmt::format("{} {}{}", text, signs[static_cast<std::size_t>(match.op)], describe(match.right));
}

void add_header(std::string_view field, PacketMatch& packet) {
  const auto protocol = field.substr(0, field.find(' '));
  if (protocol == "ip" || protocol == "icmp") packet.family(all_v4());
  if (protocol == "ip6" || protocol == "icmpv6") packet.family(all_v6());
  if (const auto number = linux_protocol(protocol)) packet.protocols(Protocols{*number, *number});
}

void add(const Match& match, const TableName& table, NamedSets& sets, PacketMatch& packet,
         const PacketMatch& empty) {
  if (match.fields.size() != 1) return add_concatenation(match, table, sets, packet, empty);
  add_field({match, match.fields.front(), table, sets, packet});
}

}  // namespace fwprobe::allowlist::nft
