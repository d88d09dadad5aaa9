// Our own format (docs/allowlists.md), strictly: what is not understood is refused, never guessed.

#include <algorithm>
#include <map>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "allowlist/allowlist.h"
#include "allowlist/port_text.h"
#include "allowlist/publication.h"
#include "allowlist/rules/json_tree.h"
#include "allowlist/values.h"
#include "allowlist/yaml_tree.h"

namespace fwprobe::allowlist {
namespace {

constexpr std::size_t max_entries = 200'000;
/// Of one prefix or name, one day after the other: each is compared with all that came before it.
constexpr std::size_t max_entries_for_a_port = 100;

/// Puts a value where it belongs, or says what is wrong with it.
template <typename T, typename U>
std::optional<Complaint> assign(U& to, Value<T> value) {
  if (!value) return std::move(value.error());
  to = std::move(*value);
  return std::nullopt;
}

/// Calls `set(key, value)` for each pair of a map until one complains; no key comes twice.
template <typename Set>
std::optional<Complaint> each_pair(const YamlNode& map, Set set) {
  for (std::size_t i = 0; i + 1 < map.children.size(); i += 2) {
    const auto& key = map.children[i];
    for (std::size_t j = 0; j < i; j += 2)
      if (map.children[j].text == key.text)
        return Complaint{key.place, fmt::format("{} is there twice, first on line {}", excerpt(key.text),
                                                map.children[j].place.line)};
    const auto& given = map.children[i + 1];
    if (given.kind == YamlNode::Kind::empty)
      return Complaint{key.place, fmt::format("{} has no value", excerpt(key.text))};
    if (auto complaint = set(key, given)) return complaint;
  }
  return std::nullopt;
}

Complaint unknown(const YamlNode& key, std::string_view known) {
  return {key.place, fmt::format("unknown key {}; known are {}", excerpt(key.text), known)};
}

class Reader {
 public:
  std::expected<Allowlist, Complaint> read(const YamlNode& root) && {
    if (root.kind != YamlNode::Kind::map)
      return std::unexpected{Complaint{root.place, "a list is a map that begins with name:"}};
    auto complaint =
        each_pair(root, [&](const YamlNode& key, const YamlNode& value) { return set(key, value); });
    if (!complaint) complaint = missing(root);
    if (!complaint) complaint = give_defaults();
    if (complaint) return std::unexpected{std::move(*complaint)};
    if (list_.title.empty()) list_.title = list_.name;
    return std::move(list_);
  }

 private:
  std::optional<Complaint> set(const YamlNode& key, const YamlNode& value) {
    const auto& k = key.text;
    if (k == "name") return assign(list_.name, parse_text(value, k));
    if (k == "title") return assign(list_.title, parse_text(value, k));
    if (k == "publisher") return assign(list_.publisher, parse_text(value, k));
    if (k == "source") return assign(list_.source, parse_text(value, k));
    if (k == "retrieved") return assign(retrieved_, parse_date(value, k));
    if (k == "fresh_for") return assign(list_.fresh_for, parse_days(value, k));
    if (k == "direction") return assign(direction_, parse_direction(value));
    if (k == "ports") return assign(ports_, parse_ports(value));
    if (k == "protocol") return assign(protocol_, parse_protocol(value));
    if (k == "entries") return set_entries(value);
    return unknown(
        key, "name, title, publisher, source, retrieved, fresh_for, direction, ports, protocol and entries");
  }

  std::optional<Complaint> missing(const YamlNode& root) {
    const auto without = [&](std::string_view key) {
      return Complaint{root.place, fmt::format("{} is missing", key)};
    };
    if (list_.name.empty()) return without("name");
    if (!retrieved_) return without("retrieved");
    if (!direction_) return without("direction");
    if (list_.entries.empty()) return without("entries");
    list_.retrieved = *retrieved_;
    list_.direction = *direction_;
    return std::nullopt;
  }

  std::optional<Complaint> set_entries(const YamlNode& node) {
    if (node.kind != YamlNode::Kind::sequence || node.children.empty())
      return Complaint{node.place, "entries is a list with at least one '- prefix: …' or '- domain: …'"};
    if (node.children.size() > max_entries)
      return Complaint{node.children[max_entries].place, fmt::format("more than {} entries", max_entries)};
    list_.entries.reserve(node.children.size());
    for (const auto& child : node.children) {
      if (child.kind != YamlNode::Kind::map)
        return Complaint{child.place, "an entry is a map that begins with prefix: or domain:"};
      places_.push_back(child.place);
      own_protocol_.push_back(false);
      auto& entry = list_.entries.emplace_back();
      entry.line = child.place.line;
      auto complaint =
          each_pair(child, [&](const YamlNode& k, const YamlNode& v) { return set(entry, k, v); });
      if (complaint) return complaint;
      if (entry.published.empty()) return Complaint{child.place, "an entry needs prefix: or domain:"};
      if (entry.since && entry.until && *entry.since >= *entry.until)
        return Complaint{child.place, "until is not after since"};
    }
    return std::nullopt;
  }

  std::optional<Complaint> set(Entry& entry, const YamlNode& key, const YamlNode& value) {
    const auto& k = key.text;
    if (k == "prefix" || k == "domain") {
      if (!entry.published.empty()) return Complaint{key.place, "an entry has either prefix: or domain:"};
      entry.published = value.text;
      return k == "domain" ? assign(entry.what, parse_domain(value)) : set_prefix(entry, value);
    }
    if (k == "ports") return assign(entry.ports, parse_ports(value));
    if (k == "protocol") {
      own_protocol_.back() = true;
      return assign(entry.protocol, parse_protocol(value));
    }
    if (k == "purpose") return assign(entry.purpose, parse_text(value, k));
    if (k == "since") return assign(entry.since, parse_date(value, k));
    if (k == "until") return assign(entry.until, parse_date(value, k));
    if (k == "addresses") return assign(entry.addresses, parse_addresses(value));
    if (k == "examples") return assign(entry.examples, parse_examples(value));
    if (k == "issuers") return assign(entry.issuers, parse_issuers(value));
    return unknown(key,
                   "prefix, domain, ports, protocol, purpose, since, until, addresses, examples and issuers");
  }

  static std::optional<Complaint> set_prefix(Entry& entry, const YamlNode& value) {
    auto parsed = parse_listed_prefix(value);
    if (!parsed) return std::move(parsed.error());
    entry.what = parsed->prefix;
    entry.host_bits = parsed->host_bits;
    return std::nullopt;
  }

  /// The list's own ports and protocol, which may stand behind its entries; then no entry may be there twice.
  std::optional<Complaint> give_defaults() {
    std::map<std::pair<std::string, Protocol>, std::vector<Claim>> claims;
    for (std::size_t i = 0; i < list_.entries.size(); ++i) {
      auto& entry = list_.entries[i];
      if (entry.ports.empty()) entry.ports = ports_;
      if (!own_protocol_[i]) entry.protocol = protocol_;
      if (entry.addresses == NameAddresses::any && !std::holds_alternative<Domain>(entry.what))
        return Complaint{places_[i], "addresses belongs to an entry with domain:"};
      if (!entry.issuers.empty() && list_.direction == Direction::inbound)
        return Complaint{places_[i], "issuers belongs to an outbound list: sources show no certificate"};
      if (auto complaint = misplaced_example(entry, places_[i])) return complaint;
      auto& same = claims[{canonical(entry), entry.protocol}];
      for (const auto& range : entry.ports) same.push_back({range, i});
      if (entry.ports.empty()) same.push_back({{0, Ports::highest}, i});
    }
    for (auto& [what, same] : claims)
      if (auto complaint = said_twice(what.first, same)) return complaint;
    return std::nullopt;
  }

  /// A range of ports of which an entry speaks.
  struct Claim {
    PortRange ports;
    std::size_t entry = 0;
  };

  /// No two entries for the same thing say something about the same port on the same day.
  std::optional<Complaint> said_twice(std::string_view what, std::vector<Claim>& claims) const {
    std::ranges::sort(claims, {},
                      [](const Claim& claim) { return std::pair{claim.ports.first, claim.entry}; });
    std::vector<Claim> open;  // whose ports reach those of the next one
    for (const auto& claim : claims) {
      std::erase_if(open, [&](const Claim& other) { return other.ports.last < claim.ports.first; });
      for (const auto& other : open) {
        const auto [earlier, later] = std::minmax(claim.entry, other.entry);
        if (earlier != later && same_day(list_.entries[earlier], list_.entries[later]))
          return Complaint{places_[later], fmt::format("{} is listed already, on line {}", what,
                                                       list_.entries[earlier].line)};
      }
      if (open.size() == max_entries_for_a_port)
        return Complaint{places_[claim.entry], fmt::format("more than {} entries for {}, one after the other",
                                                           max_entries_for_a_port, what)};
      open.push_back(claim);
    }
    return std::nullopt;
  }

  static bool same_day(const Entry& a, const Entry& b) {
    return !(a.until && b.since && *a.until <= *b.since) && !(b.until && a.since && *b.until <= *a.since);
  }

  /// Examples stand for a wildcard, so they are below it.
  static std::optional<Complaint> misplaced_example(const Entry& entry, Place place) {
    if (entry.examples.empty()) return std::nullopt;
    const auto* domain = std::get_if<Domain>(&entry.what);
    if (domain == nullptr || !domain->wildcard)
      return Complaint{place,
                       "examples belongs to an entry with a wildcard domain:, such as \"*.example.com\""};
    for (const auto& example : entry.examples)
      if (!holds_name(*domain, example))
        return Complaint{place,
                         fmt::format("examples: {} is not below {}", excerpt(example), canonical(entry))};
    return std::nullopt;
  }

  Allowlist list_;
  std::optional<std::chrono::year_month_day> retrieved_;
  std::optional<Direction> direction_;
  std::vector<PortRange> ports_;
  Protocol protocol_ = Protocol::tcp;
  std::vector<Place> places_;  ///< of the entries
  std::vector<bool> own_protocol_;
};

/// JSON's values as YAML would say them. JSON is nearly YAML, but its readers stumble over surrogate pairs
/// and tabs.
YamlNode as_yaml(const JsonTree& tree, const JsonNode& json) {
  using Kind = YamlNode::Kind;
  const auto place = tree.place(json);
  const auto plain = [&](std::string text) {
    return YamlNode{Kind::scalar, false, place, std::move(text), {}};
  };
  if (json.is_null()) return {Kind::empty, false, place, {}, {}};
  if (const auto* flag = json.as<bool>()) return plain(*flag ? "true" : "false");
  if (const auto* number = json.as<std::int64_t>()) return plain(fmt::to_string(*number));
  if (const auto* number = json.as<double>()) return plain(fmt::to_string(*number));
  if (const auto* text = json.as<std::string_view>())
    return {Kind::scalar, true, place, std::string{*text}, {}};
  if (const auto* array = json.as<JsonArray>()) {
    YamlNode sequence{Kind::sequence, false, place, {}, {}};
    for (const auto& item : *array) sequence.children.push_back(as_yaml(tree, item));
    return sequence;
  }
  YamlNode map{Kind::map, false, place, {}, {}};
  for (const auto& item : json.as<JsonObject>()->members) {
    map.children.push_back({Kind::scalar, true, tree.place(item), std::string{item.key}, {}});
    map.children.push_back(as_yaml(tree, item));
  }
  return map;
}

std::expected<Allowlist, ListError> read(const std::expected<YamlNode, Complaint>& root,
                                         std::string_view origin) {
  if (!root) return std::unexpected{error_at(origin, root.error())};
  auto list = Reader{}.read(*root);
  if (!list) return std::unexpected{error_at(origin, list.error())};
  return std::move(*list);
}

}  // namespace

std::expected<Allowlist, ListError> parse_yaml(std::string_view text, std::string_view origin) {
  return read(read_tree(text), origin);
}

std::expected<Allowlist, ListError> parse_own_json(const JsonTree& tree, std::string_view origin) {
  return read(as_yaml(tree, tree.root()), origin);
}

}  // namespace fwprobe::allowlist
