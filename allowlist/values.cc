#include "allowlist/values.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>

#include <asio/ip/address.hpp>
#include <fmt/format.h>

#include "text/ascii.h"

namespace fwprobe::allowlist {
namespace {

template <typename... Args>
std::unexpected<Complaint> complain(const YamlNode& node, fmt::format_string<Args...> format,
                                    Args&&... args) {
  return std::unexpected{Complaint{node.place, fmt::format(format, std::forward<Args>(args)...)}};
}

/// A whole decimal number in `text` between `least` and `most`, without sign or leading zero.
std::optional<int> number(std::string_view text, int least, int most) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool plain = text.size() == 1 || (!text.starts_with('0') && !text.starts_with('-'));
  if (text.empty() || error != std::errc{} || end != text.data() + text.size() || !plain || value < least ||
      value > most)
    return std::nullopt;
  return value;
}

std::optional<PortRange> port_range(std::string_view text) {
  constexpr int highest = 65535;
  const auto dash = text.find('-');
  const auto first = number(text.substr(0, dash), 1, highest);
  const auto last = dash == std::string_view::npos ? first : number(text.substr(dash + 1), 1, highest);
  if (!first || !last || *first > *last) return std::nullopt;
  return PortRange{static_cast<std::uint16_t>(*first), static_cast<std::uint16_t>(*last)};
}

bool is_label(std::string_view label) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !label.empty() && label.size() <= 63 && std::ranges::all_of(label, allowed) &&
         !label.starts_with('-') && !label.ends_with('-');
}

bool is_name(std::string_view name) {
  if (name.size() > 253) return false;  // RFC 1035 §2.3.4
  for (;;) {
    const auto dot = name.find('.');
    if (!is_label(name.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    name.remove_prefix(dot + 1);
  }
}

}  // namespace

Value<std::string> parse_text(const YamlNode& node, std::string_view key) {
  if (node.kind == YamlNode::Kind::empty || (node.kind == YamlNode::Kind::scalar && node.text.empty()))
    return complain(node, "{} has no value", key);
  if (node.kind != YamlNode::Kind::scalar) return complain(node, "{} is a text, not a list or a map", key);
  if (node.text.size() > longest_text) return complain(node, "{} is longer than {} bytes", key, longest_text);
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::ranges::any_of(node.text, is_control))
    return complain(node, "{} holds a control character: {}", key, excerpt(node.text));
  return node.text;
}

Value<std::chrono::year_month_day> parse_date(const YamlNode& node, std::string_view key) {
  const auto text = parse_text(node, key);
  if (!text) return std::unexpected{text.error()};
  std::optional<int> year, month, day;
  if (text->size() == 10 && (*text)[4] == '-' && (*text)[7] == '-') {
    const auto two_digits = [&](std::size_t at) {
      return number((*text)[at] == '0' ? text->substr(at + 1, 1) : text->substr(at, 2), 1, 31);
    };
    year = number(text->substr(0, 4), 1970, 9999);
    month = two_digits(5);
    day = two_digits(8);
  }
  if (year && month && day) {
    const std::chrono::year_month_day date{std::chrono::year{*year},
                                           std::chrono::month{static_cast<unsigned>(*month)},
                                           std::chrono::day{static_cast<unsigned>(*day)}};
    if (date.ok()) return date;
  }
  return complain(node, "{}: {} is not a date; write YYYY-MM-DD, such as 2026-01-31", key, excerpt(*text));
}

Value<std::chrono::days> parse_days(const YamlNode& node, std::string_view key) {
  constexpr int ten_years = 3650;
  const std::string_view text = node.text;
  const auto count =
      text.ends_with('d') ? number(text.substr(0, text.size() - 1), 1, ten_years) : std::nullopt;
  if (count) return std::chrono::days{*count};
  return complain(node, "{}: {} is not a number of days; write 90d", key, excerpt(node.text));
}

Value<Direction> parse_direction(const YamlNode& node) {
  if (node.text == "inbound") return Direction::inbound;
  if (node.text == "outbound") return Direction::outbound;
  return complain(
      node, "direction: {} is neither 'inbound' (sources to let in) nor 'outbound' (destinations to reach)",
      excerpt(node.text));
}

Value<Protocol> parse_protocol(const YamlNode& node) {
  if (node.text == "tcp") return Protocol::tcp;
  if (node.text == "udp") return Protocol::udp;
  return complain(node, "protocol: {} is neither 'tcp' nor 'udp'", excerpt(node.text));
}

Value<NameAddresses> parse_addresses(const YamlNode& node) {
  if (node.text == "listed") return NameAddresses::listed;
  if (node.text == "any") return NameAddresses::any;
  return complain(node, "addresses: {} is neither 'listed' (inside the prefixes of this list) nor 'any'",
                  excerpt(node.text));
}

Value<std::vector<PortRange>> parse_ports(const YamlNode& node) {
  if (node.kind != YamlNode::Kind::sequence)
    return complain(node, "ports is a list; write [443] or [443, 8000-8100], or leave it out for any port");
  if (node.children.empty()) return complain(node, "ports is empty; leave it out for any port");
  if (node.children.size() > most_ports)
    return complain(node, "more than {} ports; write ranges", most_ports);
  std::vector<PortRange> ports;
  for (const auto& child : node.children) {
    const auto range = port_range(child.text);
    // JSON has ranges in quotes, and numbers without.
    if (!range || (child.quoted && range->first == range->last))
      return complain(child,
                      "ports: {} is neither a port from 1 to 65535 nor a range from low to high "
                      "such as 8000-8100",
                      excerpt(child.text));
    if (std::ranges::find(ports, *range) != ports.end())
      return complain(child, "ports: {} is there twice", excerpt(child.text));
    ports.push_back(*range);
  }
  return ports;
}

Value<ParsedPrefix> parse_listed_prefix(const YamlNode& node) {
  const auto text = parse_text(node, "prefix");
  if (!text) return std::unexpected{text.error()};
  auto parsed = parse_prefix(*text);
  if (!parsed) return complain(node, "prefix: {}", parsed.error());
  if (text->contains(':') && asio::ip::make_address_v6(text->substr(0, text->find('/'))).is_v4_mapped()) {
    const auto& prefix = parsed->prefix;
    return complain(node, "prefix: {} is IPv4 in IPv6 form (RFC 4291 §2.5.5.2); write {}", excerpt(*text),
                    prefix.network().is_v4() ? prefix.text() : "the IPv4 prefix");
  }
  return std::move(*parsed);
}

Value<Domain> parse_domain(const YamlNode& node) {
  const auto text = parse_text(node, "domain");
  if (!text) return std::unexpected{text.error()};
  Domain domain{ascii_lower(*text), text->starts_with("*.")};
  if (domain.wildcard) domain.name.erase(0, 2);
  std::error_code no_address;
  asio::ip::make_address(domain.name, no_address);
  if (!no_address) return complain(node, "domain: {} is an address; write prefix:", excerpt(*text));
  if (is_name(domain.name)) return domain;
  return complain(
      node,
      "domain: {} is not a name; write host.example.com or *.example.com: no scheme, port, path or final "
      "dot, and letters outside ASCII as xn--",
      excerpt(*text));
}

std::string text(const Domain& domain) { return (domain.wildcard ? "*." : "") + domain.name; }

std::string canonical(const Entry& entry) {
  if (const auto* prefix = std::get_if<Prefix>(&entry.what)) return prefix->text();
  return text(std::get<Domain>(entry.what));
}

Value<std::vector<std::string>> parse_examples(const YamlNode& node) {
  constexpr std::size_t most = 20;
  constexpr auto right = "examples is a list of names below the wildcard; write [www.example.com]";
  if (node.kind != YamlNode::Kind::sequence || node.children.empty()) return complain(node, "{}", right);
  if (node.children.size() > most) return complain(node, "more than {} examples", most);
  std::vector<std::string> names;
  for (const auto& child : node.children) {
    const auto domain = parse_domain(child);
    if (!domain) return std::unexpected{domain.error()};
    if (domain->wildcard)
      return complain(child, "examples: {} is a wildcard itself; {}", excerpt(child.text), right);
    if (std::ranges::find(names, domain->name) != names.end())
      return complain(child, "examples: {} is there twice", excerpt(child.text));
    names.push_back(domain->name);
  }
  return names;
}

Value<std::vector<std::string>> parse_issuers(const YamlNode& node) {
  constexpr std::size_t most = 20;
  const bool one = node.kind == YamlNode::Kind::scalar;
  if (!one && (node.kind != YamlNode::Kind::sequence || node.children.empty()))
    return complain(node, "issuers is a name or a list of names; write [\"Example Issuing CA\"]");
  const auto given = one ? std::span{&node, 1} : std::span{node.children};
  if (given.size() > most) return complain(node, "more than {} issuers", most);
  std::vector<std::string> names;
  for (const auto& child : given) {
    auto name = parse_text(child, "issuers");
    if (!name) return std::unexpected{std::move(name.error())};
    if (name->contains('*'))
      return complain(child, "issuers: {} is a pattern; write the authority's whole CN or O",
                      excerpt(child.text));
    if (std::ranges::find(names, *name) != names.end())
      return complain(child, "issuers: {} is there twice", excerpt(child.text));
    names.push_back(std::move(*name));
  }
  return names;
}

}  // namespace fwprobe::allowlist
