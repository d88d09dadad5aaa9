#include "allowlist/rules/azure.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "allowlist/rules/azure_tags.h"
#include "allowlist/rules/flow_words.h"
#include "allowlist/rules/json_fields.h"
#include "allowlist/rules/platform.h"
#include "text/ascii.h"

// "Network security groups overview", its default rules and service tags; Network resource provider,
// SecurityRule and EffectiveNetworkSecurityRule.

namespace fwprobe::allowlist {
namespace {

constexpr std::int64_t first_default_priority = 65000;
constexpr std::int64_t last_priority = 65535;
constexpr std::string_view advice = "take az network nsg show, or az network nic list-effective-nsg";

enum class Kind : std::uint8_t { plain, effective };

struct NsgRule {
  std::size_t place = 0;  ///< in the file
  PlatformRule flows;
};

struct Group {
  Named name;
  int line = 0;
  std::array<std::vector<NsgRule>, 2> rules;  ///< inbound, outbound
};

/// A rule's fields for one side of a flow.
struct SideKeys {
  std::array<std::string_view, 2> prefixes;
  std::string_view expanded;
  std::string_view groups;
};
constexpr SideKeys source_keys{{"sourceAddressPrefix", "sourceAddressPrefixes"},
                               "expandedSourceAddressPrefix",
                               "sourceApplicationSecurityGroups"};
constexpr SideKeys destination_keys{{"destinationAddressPrefix", "destinationAddressPrefixes"},
                                    "expandedDestinationAddressPrefix",
                                    "destinationApplicationSecurityGroups"};

constexpr std::string_view group_collection = "networkSecurityGroups";

/// A group's name is one in its resource group only: "rg/git-nsg" and "git-nsg" of
/// ".../resourceGroups/rg/.../networkSecurityGroups/git-nsg/...".
Named name_of(std::string_view id, std::string_view name = {}) {
  if (name.empty()) name = segment_behind(id, group_collection);
  const auto within = segment_behind(id, "resourceGroups");
  if (within.empty()) return {std::string{name}, {}};
  return {fmt::format("{}/{}", within, name), std::string{name}};
}

class AzureReader {
 public:
  explicit AzureReader(const JsonTree& tree) : fields_{tree, KeyCase::any} {}

  void read(const JsonNode& root) {
    fields_.refuse_page(root, "nextLink", "take the whole list");
    const auto* items = root.as<JsonArray>();
    if (items == nullptr)
      if (const auto* value = fields_.find(root, "value"))
        if (items = value->as<JsonArray>(); items == nullptr) fields_.refuse(*value, "should be an array");
    if (items == nullptr) return read_group(root);
    // `az network nsg rule list` has the rules of one group, without the group.
    if (!items->empty() && is_rule(items->front())) return read_rules_alone(*items);
    for (const auto& item : *items) read_group(item);
  }

  const std::optional<Complaint>& complaint() const { return fields_.complaint(); }
  Kind kind() const { return kind_; }
  std::vector<Group> take() && { return std::move(groups_); }

 private:
  /// REST puts a resource's fields into its `properties`.
  const JsonNode& properties(const JsonNode& node) {
    const auto* inner = fields_.find(node, "properties");
    return inner != nullptr && inner->as<JsonObject>() != nullptr ? *inner : node;
  }

  bool is_rule(const JsonNode& node) {
    const auto& inner = properties(node);
    return fields_.find(inner, "access") != nullptr && fields_.find(inner, "direction") != nullptr;
  }

  void read_rules_alone(std::span<const JsonNode> rules) {
    Group group;
    group.line = fields_.line(rules.front());
    group.name = name_of(fields_.text(rules.front(), "id").value_or(""));
    for (const auto& rule : rules) read_rule(rule, group);
    groups_.push_back(std::move(group));
  }

  void read_group(const JsonNode& node) {
    if (fields_.complaint() || !fields_.need_object(node)) return;
    Group group;
    group.line = fields_.line(node);
    if (fields_.find(node, "effectiveSecurityRules") != nullptr) {
      kind_ = Kind::effective;
      if (const auto* from = fields_.find(node, "networkSecurityGroup"))
        group.name = name_of(fields_.text(*from, "id").value_or(""));
      for (const auto& rule : fields_.array(node, "effectiveSecurityRules")) read_rule(rule, group);
    } else {
      group.name = name_of(fields_.text(node, "id").value_or(""), fields_.text(node, "name").value_or(""));
      const auto& inner = properties(node);
      for (const auto& rule : fields_.need_array(inner, "securityRules", advice)) read_rule(rule, group);
      for (const auto& rule : fields_.array(inner, "defaultSecurityRules")) read_rule(rule, group);
    }
    groups_.push_back(std::move(group));
  }

  void read_rule(const JsonNode& node, Group& group) {
    if (fields_.complaint()) return;
    if (node.as<std::string_view>() != nullptr)
      return fields_.refuse(node, "PowerShell left out the rule's fields; run ConvertTo-Json -Depth 10");
    if (!fields_.need_object(node)) return;
    if (++count_ > most_rules) return fields_.refuse(node, fmt::format("more than {} rules", most_rules));
    const auto& inner = properties(node);
    const auto way = read_word(inner, "direction", {"inbound", "outbound"});
    NsgRule rule;
    const auto priority = fields_.whole(inner, "priority", 0, last_priority);
    if (!priority) fields_.refuse(inner, "has no priority");
    rule.place = count_;
    auto& flows = rule.flows;
    flows.may_be_idle = priority >= first_default_priority;
    flows.outcome.verdict =
        read_word(inner, "access", {"allow", "deny"}) == 0 ? Verdict::accept : Verdict::drop;
    flows.name = {fields_.line(node), std::string{last_segment(fields_.need_text(node, "name"))},
                  std::string{fields_.text(inner, "description").value_or("")},
                  static_cast<int>(priority.value_or(0))};
    read_protocol(inner, flows);
    flows.ports = read_ports(inner, "destinationPortRange", "destinationPortRanges");
    const auto source_ports = read_ports(inner, "sourcePortRange", "sourcePortRanges");
    flows.narrowed = !source_ports.is_all();
    if (!source_ports.contains(client_ports())) flows.doubt = "its source port is one that the rule names";
    flows.sources = read_side(inner, source_keys, way == 0 ? NsgSide::far : NsgSide::near);
    flows.destinations = read_side(inner, destination_keys, way == 0 ? NsgSide::near : NsgSide::far);
    if (!source_ports.intersects(client_ports())) flows.ports = {};
    group.rules.at(way).push_back(std::move(rule));
  }

  /// Which of two words a field has; the first when it is wrong.
  std::size_t read_word(const JsonNode& node, std::string_view key, std::array<std::string_view, 2> words) {
    const auto word = ascii_lower(fields_.need_text(node, key));
    const auto* found = std::ranges::find(words, word);
    if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
    fields_.refuse(node, fmt::format("{} should be {} or {}", key, words[0], words[1]));
    return 0;
  }

  void read_protocol(const JsonNode& node, PlatformRule& flows) {
    fields_.need_text(node, "protocol");
    if (const auto* protocol = fields_.find(node, "protocol"))
      flows.protocols = fields_.parsed(*protocol, parse_protocol_word).value_or(Protocols{});
  }

  /// Of a singular and a plural field one is filled; the other is empty, null or absent.
  std::vector<const JsonNode*> filled(const JsonNode& node, std::string_view key) {
    auto texts = fields_.texts(node, key);
    std::erase_if(texts, [](const JsonNode* text) { return text->as<std::string_view>()->empty(); });
    return texts;
  }

  Ports read_ports(const JsonNode& node, std::string_view one, std::string_view many) {
    std::vector<Ports> all;
    for (const auto key : {one, many})
      for (const auto* text : filled(node, key))
        if (auto ports = fields_.parsed(*text, parse_ports_word)) all.push_back(std::move(*ports));
    if (all.empty()) fields_.refuse(node, fmt::format("has neither {} nor {}", one, many));
    return united(std::move(all));
  }

  Addresses read_side(const JsonNode& node, const SideKeys& keys, NsgSide side) {
    Addresses addresses;
    std::vector<PrefixSet> prefixes;
    auto texts = filled(node, keys.expanded);
    const bool expanded = !texts.empty();
    if (!expanded)
      for (const auto key : keys.prefixes) std::ranges::copy(filled(node, key), std::back_inserter(texts));
    for (const auto* text : texts) {
      const auto& word = *text->as<std::string_view>();
      if (word.contains(' '))
        fields_.refuse(*text, "several values in one string; run ConvertTo-Json -Depth 10");
      else if (is_service_tag(word) && !is_any(word))
        add_service_tag(addresses, word, side);
      else if (auto parsed = fields_.parsed(*text, parse_addresses_word))
        prefixes.push_back(std::move(*parsed));
    }
    addresses.add(united(std::move(prefixes)));
    const bool internet = is_internet(node, keys);
    if (side == NsgSide::far && !internet) set_apart_azures_own(addresses);
    // What stands for "*" there is IPv4's alone.
    if (kind_ == Kind::effective && addresses.sure.v4().is_all() && !addresses.sure.v6().is_all())
      addresses.add_doubtful(~addresses.sure, "0.0.0.0/0 stands for IPv6 as well");
    if (internet && expanded && addresses.sure.v6().empty())
      addresses.add_doubtful({Ranges4{}, Ranges6::all()}, "Internet stands for IPv6 as well");
    for (const auto& group : fields_.array(node, keys.groups))
      addresses.add_doubtful(side == NsgSide::far ? perhaps_in_virtual_network() : PrefixSet::everything(),
                             application_group(group));
    if (addresses.sure.empty() && addresses.doubt.empty())
      fields_.refuse(node, fmt::format("has neither {} nor {}", keys.prefixes[0], keys.prefixes[1]));
    return addresses;
  }

  bool is_internet(const JsonNode& node, const SideKeys& keys) {
    const auto texts = fields_.texts(node, keys.prefixes[0]);
    return texts.size() == 1 && ascii_lower(*texts.front()->as<std::string_view>()) == "internet";
  }

  static bool is_any(std::string_view word) {
    const auto lower = ascii_lower(word);
    return lower == "any" || lower == "all";
  }

  std::string application_group(const JsonNode& group) {
    return fmt::format("the address is of a member of the application security group {} (not in this file)",
                       last_segment(fields_.text(group, "id").value_or("")));
  }

  JsonFields fields_;
  Kind kind_ = Kind::plain;
  std::vector<Group> groups_;
  std::size_t count_ = 0;
};

/// The last of the default rules, DenyAll…, is the chain's policy.
struct DefaultRule {
  std::size_t way;
  std::string_view name;
  std::string_view source;
  std::string_view destination;
};
constexpr DefaultRule default_rules[] = {
    {0, "AllowVnetInBound", "VirtualNetwork", "VirtualNetwork"},
    {0, "AllowAzureLoadBalancerInBound", "AzureLoadBalancer", "*"},
    {1, "AllowVnetOutBound", "VirtualNetwork", "VirtualNetwork"},
    {1, "AllowInternetOutBound", "*", "Internet"},
};

Addresses addresses_of(std::string_view word, NsgSide side) {
  Addresses addresses;
  if (word == "*")
    addresses.add(PrefixSet::everything());
  else
    add_service_tag(addresses, word, side);
  return addresses;
}

void append_defaults(std::vector<Rule>& rules, std::size_t way) {
  for (const auto& row : default_rules) {
    if (row.way != way) continue;
    PlatformRule rule;
    rule.sources = addresses_of(row.source, way == 0 ? NsgSide::far : NsgSide::near);
    rule.destinations = addresses_of(row.destination, way == 0 ? NsgSide::near : NsgSide::far);
    rule.outcome.verdict = Verdict::accept;
    rule.name.name = row.name;
    rule.may_be_idle = true;
    append(rules, rule);
  }
}

/// A group whose name others bear as well is told by its resource group too. Neither is case-sensitive.
const std::string& called_among(std::span<const Named> all, const Named& one) {
  const bool shared = std::ranges::any_of(all, [&](const Named& other) {
    return equal_ignoring_case(called(other), called(one)) && !equal_ignoring_case(other.id, one.id);
  });
  return shared ? one.id : called(one);
}

/// Lower numbers first; the default rules are part of most exports, and of every group.
Chain chain(Group& group, const std::string& name, std::size_t way) {
  Chain chain;
  chain.name = fmt::format("{} {}", name.empty() ? "NSG" : shown(name), way == 0 ? "inbound" : "outbound");
  chain.line = group.line;
  chain.owner = shown(group.name.id);
  chain.base = deny_the_rest(way == 0 ? Hook::input : Hook::output);
  chain.base->policy_name = way == 0 ? "DenyAllInBound" : "DenyAllOutBound";
  auto& rules = group.rules.at(way);
  std::ranges::sort(rules, {},
                    [](const NsgRule& rule) { return std::pair{rule.flows.name.number, rule.place}; });
  for (const auto& rule : rules) append(chain.rules, rule.flows);
  if (rules.empty() || rules.back().flows.name.number < first_default_priority)
    append_defaults(chain.rules, way);
  return chain;
}

std::vector<Note> notes(Kind kind, std::size_t groups) {
  std::vector<Note> notes{
      {0, "public addresses are taken to be outside VirtualNetwork", {}},
      {0,
       "admin rules of Azure Virtual Network Manager, Azure Firewall and routes are not in this file",
       {}}};
  if (kind == Kind::plain && groups == 1)
    notes.push_back(
        {0,
         "the group of the subnet or of the interface, whichever this is not, has to allow as well: "
         "az network nic list-effective-nsg has both",
         {},
         "Azure NSG"});
  return notes;
}

}  // namespace

bool is_azure(std::string_view text) {
  return std::ranges::any_of(std::array{"securityRules", "SecurityRules", "securityrules"},
                             [&](std::string_view key) { return text.contains(key); });
}

std::expected<Ruleset, Complaint> read_azure(std::string_view text, const RulesView& view) {
  if (auto unknown = unknown_selector(view.selectors, {"nsg"})) return std::unexpected{std::move(*unknown)};
  const auto tree = JsonTree::parse(text);
  if (!tree) return std::unexpected{tree.error()};
  AzureReader reader{*tree};
  reader.read(tree->root());
  if (reader.complaint()) return std::unexpected{*reader.complaint()};
  const auto kind = reader.kind();
  auto groups = std::move(reader).take();
  std::vector<Named> names;
  for (const auto& group : groups) names.push_back(group.name);
  std::vector<Selector> selectors = view.selectors;
  for (auto& selector : selectors)
    if (!segment_behind(selector.value, group_collection).empty())
      selector.value = name_of(selector.value).id;
  if (kind == Kind::effective && selectors.empty()) selectors.push_back({"nsg", "all"});
  // "Naming rules and restrictions for Azure resources": names are not case-sensitive.
  const auto chosen = choose(names, selectors, "nsg", "network security groups", NameCase::any);
  if (!chosen) return std::unexpected{chosen.error()};
  if (chosen->empty()) return std::unexpected{Complaint{{}, "holds no network security group"}};
  Ruleset ruleset;
  ruleset.path = Path::platform;
  for (const auto place : *chosen)
    for (std::size_t way = 0; way < 2; ++way)
      ruleset.chains.push_back(chain(groups[place], called_among(names, names[place]), way));
  ruleset.notes = notes(kind, chosen->size());
  return ruleset;
}

}  // namespace fwprobe::allowlist
