#include "allowlist/rules/iptables_rule.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <asio/ip/address.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "allowlist/rules/linux_words.h"
#include "text/ascii.h"

namespace fwprobe::allowlist::iptables {
namespace {

std::vector<std::string_view> parts_of(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t from = 0; from <= text.size();) {
    const auto to = std::min(text.find(',', from), text.size());
    parts.push_back(text.substr(from, to - from));
    from = to + 1;
  }
  return parts;
}

/// "192.0.2.0/24", or with a mask: "192.0.2.0/255.255.255.0". Nothing for a mask with holes, or a name.
std::optional<PrefixSet> prefix_of(std::string_view text) {
  if (const auto plain = parse_prefix(text)) return PrefixSet{plain->prefix};
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto address = parse_prefix(text.substr(0, slash));
  const auto mask = parse_prefix(text.substr(slash + 1));
  if (!address || !mask || !mask->prefix.network().is_v4() || !address->prefix.network().is_v4())
    return std::nullopt;
  const auto bits = ~mask->prefix.network().to_v4().to_uint();
  if ((bits & (bits + 1)) != 0) return std::nullopt;
  int length = 32;
  for (auto rest = bits; rest != 0; rest >>= 1) --length;
  return PrefixSet{Prefix{address->prefix.network(), length}};
}

std::optional<PrefixSet> range_of(std::string_view text) {
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) return prefix_of(text);
  const auto first = parse_prefix(text.substr(0, dash));
  const auto last = parse_prefix(text.substr(dash + 1));
  if (!first || !last || first->prefix.network().is_v4() != last->prefix.network().is_v4() ||
      last->prefix.network() < first->prefix.network())
    return std::nullopt;
  return PrefixSet{AddressRange{first->prefix.network(), last->prefix.network()}};
}

/// "443", "8000:8010", "1024:", lists of them.
std::optional<Ports> ports_of(std::string_view text) {
  Ports all;
  for (const auto part : parts_of(text)) {
    const auto colon = part.find(':');
    const auto first_word = part.substr(0, colon);
    const auto last_word = colon == std::string_view::npos ? part : part.substr(colon + 1);
    const auto first = first_word.empty() ? std::optional<std::uint16_t>{0} : linux_port(first_word);
    const auto last = last_word.empty() ? std::optional<std::uint16_t>{65535} : linux_port(last_word);
    if (!first || !last || *last < *first) return std::nullopt;
    all = all | Ports{*first, *last};
  }
  return all;
}

std::optional<std::uint8_t> flags_of(std::string_view text) {
  if (text == "NONE") return std::uint8_t{0};
  if (text == "ALL") return std::uint8_t{0x3f};
  unsigned flags = 0;
  for (const auto part : parts_of(text)) {
    const auto flag = tcp_flag(ascii_lower(part));
    if (!flag) return std::nullopt;
    flags |= *flag;
  }
  return static_cast<std::uint8_t>(flags);
}

/// An option as one condition of a packet.
struct Use {
  const Option& option;
  PacketMatch& packet;

  std::string text() const {
    return fmt::format("{}--{}{}{}", option.negated ? "! " : "", option.name,
                       option.values.empty() ? "" : " ", fmt::join(option.values, " "));
  }
  std::string_view value() const {
    return option.values.empty() ? std::string_view{} : option.values.front();
  }
  Test test() const { return option.negated ? Test::is_not : Test::is; }
  void doubt() const { packet.doubt(text()); }
};

template <typename Parse>
void add_addresses(const Use& use, Side side, Parse parse) {
  PrefixSet all;
  for (const auto part : parts_of(use.value())) {
    const auto set = parse(part);
    if (!set) return use.doubt();
    all = all | *set;
  }
  use.packet.addresses(side, use.option.negated ? ~all : all);
}

void add_ports(const Use& use, Side side) {
  const auto set = ports_of(use.value());
  if (!set) return use.doubt();
  use.packet.ports(side, use.option.negated ? ~*set : *set, use.text());
}

void add_ports_of_either_side(const Use& use) {
  const auto set = ports_of(use.value());
  if (!set) return use.doubt();
  use.packet.ports_of_either_side(use.test(), *set, use.text());
}

void add_protocol(const Use& use) {
  if (use.value() == "all" || use.value() == "0") return;
  const auto protocol = linux_protocol(ascii_lower(use.value()));
  if (!protocol) return use.doubt();
  const Protocols set{*protocol, *protocol};
  use.packet.protocols(use.option.negated ? ~set : set);
}

void add_interface(const Use& use, Way way) {
  std::string name{use.value()};
  if (name.ends_with('+')) name.back() = '*';
  const std::string_view names[] = {name};
  use.packet.interfaces(way, use.test(), names, use.text());
}

void add_states(const Use& use) {
  const auto words = ascii_lower(use.value());
  use.packet.states(use.test(), parts_of(words), use.text());
}

/// Of what connection tracking knows; the rest has no such protocol.
void add_tracked_protocol(const Use& use) {
  constexpr std::string_view tracked[] = {"new", "established", "related"};
  use.packet.states(Test::is, tracked, use.text());
  add_protocol(use);
}

void add_address_types(const Use& use, Side side) {
  const auto words = ascii_lower(use.value());
  use.packet.address_types(side, use.test(), parts_of(words), use.text());
}

void add_tcp_flags(const Use& use) {
  const auto mask = flags_of(use.value());
  const auto value = use.option.values.size() == 2 ? flags_of(use.option.values[1]) : std::nullopt;
  if (!mask || !value) return use.doubt();
  use.packet.tcp_flags(use.test(), *mask, *value, use.text());
}

/// Modules whose condition is in their options, or that have none (iptables-extensions(8)). Others match by
/// their name alone: "-m socket".
constexpr std::string_view with_options[] = {
    "tcp",     "udp",       "udplite",   "sctp",      "dccp",     "icmp",      "icmp6",  "icmpv6",
    "comment", "conntrack", "state",     "multiport", "iprange",  "set",       "limit",  "mark",
    "mac",     "hashlimit", "recent",    "connmark",  "addrtype", "physdev",   "string", "owner",
    "length",  "ttl",       "hl",        "statistic", "pkttype",  "connlimit", "dscp",   "tos",
    "u32",     "bpf",       "connbytes", "devgroup",  "helper",   "connlabel", "tcpmss", "realm"};

/// Of extension headers (RFC 8200 §4), which the packets of a TCP connection have not.
constexpr std::string_view extension_headers[] = {"frag", "rt", "hbh", "dst", "mh"};

void add_module(const Use& use) {
  const auto is_in = [&](const auto& names) {
    return std::ranges::find(names, use.value()) != std::end(names);
  };
  if (is_in(extension_headers)) return use.packet.never();
  if (!is_in(with_options)) use.packet.doubt(fmt::format("-m {}", use.value()));
}

struct OptionRow {
  std::string_view name;
  void (*add)(const Use&);
};

constexpr OptionRow option_rows[] = {
    {"match", add_module},
    {"source", [](const Use& use) { add_addresses(use, Side::source, prefix_of); }},
    {"destination", [](const Use& use) { add_addresses(use, Side::destination, prefix_of); }},
    {"src-range", [](const Use& use) { add_addresses(use, Side::source, range_of); }},
    {"dst-range", [](const Use& use) { add_addresses(use, Side::destination, range_of); }},
    {"protocol", add_protocol},
    {"sport", [](const Use& use) { add_ports(use, Side::source); }},
    {"dport", [](const Use& use) { add_ports(use, Side::destination); }},
    {"sports", [](const Use& use) { add_ports(use, Side::source); }},
    {"dports", [](const Use& use) { add_ports(use, Side::destination); }},
    {"ports", add_ports_of_either_side},
    {"in-interface", [](const Use& use) { add_interface(use, Way::in); }},
    {"out-interface", [](const Use& use) { add_interface(use, Way::out); }},
    {"ctstate", add_states},
    {"ctproto", add_tracked_protocol},
    {"ctdir", [](const Use& use) { use.packet.direction(use.test(), ascii_lower(use.value()), use.text()); }},
    {"src-type", [](const Use& use) { add_address_types(use, Side::source); }},
    {"dst-type", [](const Use& use) { add_address_types(use, Side::destination); }},
    {"tcp-flags", add_tcp_flags},
    {"syn", [](const Use& use) { use.packet.tcp_flags(use.test(), 0x17, 0x02, use.text()); }},
    {"match-set", [](const Use& use) { use.packet.doubt(use.text() + " (an ipset is not in the file)"); }},
    // A SYN is never the second fragment of a packet.
    {"fragment",
     [](const Use& use) {
       if (!use.option.negated) use.packet.never();
     }},
};

constexpr std::string_view going_on[] = {
    "LOG",       "NFLOG", "ULOG", "MARK",        "CONNMARK", "TCPMSS",      "TRACE",    "CT",     "NOTRACK",
    "CLASSIFY",  "SET",   "DSCP", "TOS",         "TTL",      "HL",          "CHECKSUM", "AUDIT",  "RATEEST",
    "IDLETIMER", "LED",   "ECN",  "TCPOPTSTRIP", "SECMARK",  "CONNSECMARK", "HMARK",    "ACCOUNT"};

}  // namespace

std::optional<Family> family_of(const Option& option) {
  struct Word {
    std::string_view option;
    std::string_view value;
    Family family;
  };
  using enum Family;
  constexpr Word words[] = {
      {"protocol", "icmp", v4}, {"protocol", "icmpv6", v6}, {"protocol", "ipv6-icmp", v6},
      {"match", "icmp", v4},    {"match", "ttl", v4},       {"match", "icmp6", v6},
      {"match", "icmpv6", v6},  {"match", "hl", v6},        {"match", "eui64", v6},
      {"match", "frag", v6},    {"match", "rt", v6},        {"match", "hbh", v6},
      {"match", "dst", v6},     {"match", "mh", v6},        {"match", "ipv6header", v6}};
  if (option.name == "icmpv6-type") return v6;
  if (option.values.empty()) return std::nullopt;
  const auto value = ascii_lower(option.values.front());
  if (option.name == "source" || option.name == "destination" || option.name == "to-destination")
    return std::ranges::count(value, ':') > 1 ? std::optional{v6}
           : value.contains('.')              ? std::optional{v4}
                                              : std::nullopt;
  if (option.name == "reject-with" && value.starts_with("icmp6-")) return v6;
  if (option.name == "reject-with" && value.starts_with("icmp-")) return v4;
  const auto* word = std::ranges::find_if(
      words, [&](const Word& row) { return row.option == option.name && row.value == value; });
  return word == std::end(words) ? std::nullopt : std::optional{word->family};
}

bool goes_on(std::string_view target) { return std::ranges::find(going_on, target) != std::end(going_on); }

Rest add(const std::vector<Option>& options, PacketMatch& packet) {
  Rest rest;
  bool of_target = false;  // what stands behind it, up to the next -m
  for (const auto& option : options) {
    const Use use{option, packet};
    if (option.name == "comment") {
      rest.comment = use.value();
    } else if (option.name == "jump" || option.name == "goto") {
      rest.target.name = use.value();
      rest.target.go_to = option.name == "goto";
      of_target = true;
    } else if (const auto* row = std::ranges::find(option_rows, option.name, &OptionRow::name);
               row != std::end(option_rows)) {
      row->add(use);
      of_target = of_target && option.name != "match";
    } else if (of_target) {
      rest.target.options.push_back(option);
    } else {
      use.doubt();
    }
  }
  return rest;
}

}  // namespace fwprobe::allowlist::iptables
