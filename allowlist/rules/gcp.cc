#include "allowlist/rules/gcp.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "allowlist/rules/flow_words.h"
#include "allowlist/rules/json_fields.h"
#include "allowlist/rules/platform.h"

// Compute Engine API, resource firewalls; "VPC firewall rules": priority and evaluation, implied rules.

namespace fwprobe::allowlist {
namespace {

constexpr std::int64_t default_priority = 1000;
constexpr std::int64_t last_priority = 65535;
constexpr std::string_view advice = "take gcloud compute firewall-rules list --format=json";

struct GcpRule {
  std::int64_t priority = default_priority;
  Direction direction = Direction::inbound;
  std::size_t network = 0;
  std::size_t place = 0;            ///< in the file
  std::vector<PlatformRule> parts;  ///< one for each of `allowed` or `denied`
};

/// A network's name is one in its project only: "p/default" and "default" of
/// ".../projects/p/global/networks/default".
Named name_of(std::string_view network) {
  const std::string name{last_segment(network)};
  const auto project = segment_behind(network, "projects");
  if (project.empty()) return {name, {}};
  return {fmt::format("{}/{}", project, name), name};
}

bool denies(const GcpRule& rule) {
  return !rule.parts.empty() && rule.parts.front().outcome.verdict == Verdict::drop;
}

/// What an instance has, by which rules choose their targets.
struct Target {
  std::string_view rule_key;
  std::string_view selector;
  std::string_view word;
};

constexpr Target targets[] = {{"targetTags", "tag", "tag"},
                              {"targetServiceAccounts", "service-account", "service account"}};

constexpr std::string_view no_target = "-";  ///< as a selector's value: the instance has none

enum class Applies : std::uint8_t { yes, no, unknown };

class GcpReader {
 public:
  GcpReader(const JsonTree& tree, std::span<const Selector> selectors)
      : fields_{tree}, selectors_{selectors} {}

  /// What gcloud prints is an array, what the API answers is an object with `items`.
  void read(const JsonNode& root) {
    fields_.refuse_page(root, "nextPageToken", advice);
    const auto* list = root.as<JsonArray>();
    for (const auto& node : list != nullptr ? std::span{*list} : fields_.need_array(root, "items", advice)) {
      if (fields_.complaint()) return;
      if (rules_.size() == most_rules) fields_.refuse(node, fmt::format("more than {} rules", most_rules));
      read_rule(node);
    }
  }

  const std::optional<Complaint>& complaint() const { return fields_.complaint(); }
  std::span<const Named> networks() const { return networks_; }
  /// What the selectors say of the instance and no rule asks for: it may be misspelt.
  std::vector<Note> unknown_targets() const {
    std::vector<Note> notes;
    for (const auto& target : targets)
      for (const auto value : selected(selectors_, target.selector))
        if (value != no_target && !asked_for_.contains({target.selector, value}))
          notes.push_back({0, fmt::format("no rule is for the {} {}", target.word, shown(value)), {}});
    return notes;
  }
  std::vector<GcpRule> take() && { return std::move(rules_); }

 private:
  void read_rule(const JsonNode& node) {
    if (!fields_.need_object(node)) return;
    const auto kind = fields_.text(node, "kind").value_or("compute#firewall");
    if (kind != "compute#firewall")
      return fields_.refuse(node, fmt::format("is {}, no firewall rule; {}", excerpt(kind), advice));
    GcpRule rule;
    rule.network = place_of(name_of(fields_.need_text(node, "network")));
    rule.priority = fields_.whole(node, "priority", 0, last_priority).value_or(default_priority);
    rule.direction = read_direction(node);
    rule.place = rules_.size();
    PlatformRule common;
    common.name = {fields_.line(node), std::string{fields_.need_text(node, "name")},
                   std::string{fields_.text(node, "description").value_or("")}};
    read_peers(node, rule.direction, common);
    const auto applies = read_targets(node, common.doubt);
    read_parts(node, common, rule);
    if (rule.priority == last_priority && rule.direction == Direction::inbound && !denies(rule))
      for (auto& part : rule.parts) part.doubt = "the implied deny of the same priority does not come first";
    if (!fields_.flag(node, "disabled").value_or(false) && applies != Applies::no)
      rules_.push_back(std::move(rule));
  }

  std::size_t place_of(Named network) {
    const auto [place, fresh] = places_.try_emplace(network.id, networks_.size());
    if (fresh) networks_.push_back(std::move(network));
    return place->second;
  }

  Direction read_direction(const JsonNode& node) {
    const auto word = fields_.text(node, "direction").value_or("INGRESS");
    if (word != "INGRESS" && word != "EGRESS") fields_.refuse(node, "direction should be INGRESS or EGRESS");
    return word == "EGRESS" ? Direction::outbound : Direction::inbound;
  }

  /// The API's reference: without a source, any IPv4 address. Of instances with a source tag or service
  /// account the external IPv4 addresses are not meant.
  void read_peers(const JsonNode& node, Direction direction, PlatformRule& rule) {
    rule.sources = read_ranges(node, "sourceRanges");
    rule.destinations = read_ranges(node, "destinationRanges");
    const bool inbound = direction == Direction::inbound;
    for (const auto& [key, word] :
         {std::pair{"sourceTags", "tag"}, {"sourceServiceAccounts", "service account"}})
      for (const auto* text : fields_.texts(node, key))
        rule.sources.add_doubtful(
            {not_public().v4(), Ranges6::all()},
            fmt::format("the address is of an instance with the {} {} (not in this file)", word,
                        *text->as<std::string_view>()));
    auto& far = inbound ? rule.sources : rule.destinations;
    auto& near = inbound ? rule.destinations : rule.sources;
    if (far.sure.empty() && far.doubt.empty()) far.add(parse_addresses_word("0.0.0.0/0").value());
    if (near.sure.empty() && near.doubt.empty()) near.add(PrefixSet::everything());
  }

  Addresses read_ranges(const JsonNode& node, std::string_view key) {
    std::vector<PrefixSet> ranges;
    for (const auto* range : fields_.texts(node, key))
      if (auto parsed = fields_.parsed(*range, parse_addresses_word)) ranges.push_back(std::move(*parsed));
    Addresses addresses;
    addresses.add(united(std::move(ranges)));
    return addresses;
  }

  Applies read_targets(const JsonNode& node, std::string& doubt) {
    auto applies = Applies::yes;
    for (const auto& target : targets) {
      const auto wanted = fields_.texts(node, target.rule_key);
      if (wanted.empty()) continue;
      for (const auto* text : wanted) asked_for_.emplace(target.selector, *text->as<std::string_view>());
      const auto has = selected(selectors_, target.selector);
      const auto matches = [&](const JsonNode* text) {
        return std::ranges::find(has, *text->as<std::string_view>()) != has.end();
      };
      if (std::ranges::any_of(wanted, matches)) continue;
      if (!has.empty()) return Applies::no;
      applies = Applies::unknown;
      doubt = fmt::format("the instance has the {} {} (#{}=)", target.word,
                          *wanted.front()->as<std::string_view>(), target.selector);
    }
    return applies;
  }

  void read_parts(const JsonNode& node, const PlatformRule& common, GcpRule& rule) {
    const auto allowed = fields_.array(node, "allowed");
    const auto denied = fields_.array(node, "denied");
    if (allowed.empty() == denied.empty())
      return fields_.refuse(node, "should have either allowed or denied, with at least one protocol");
    for (const auto& part : allowed.empty() ? denied : allowed) {
      if (!fields_.need_object(part)) return;
      auto flows = common;
      flows.outcome.verdict = allowed.empty() ? Verdict::drop : Verdict::accept;
      fields_.need_text(part, "IPProtocol");
      if (const auto* protocol = fields_.find(part, "IPProtocol"))
        flows.protocols = fields_.parsed(*protocol, parse_protocol_word).value_or(Protocols{});
      read_ports(part, flows);
      rule.parts.push_back(std::move(flows));
    }
  }

  void read_ports(const JsonNode& part, PlatformRule& flows) {
    const auto texts = fields_.texts(part, "ports");
    if (texts.empty()) return;
    if (!have_ports(flows.protocols) || flows.protocols.is_all())
      return fields_.refuse(part, "has ports, and a protocol without them");
    std::vector<Ports> all;
    for (const auto* text : texts)
      if (auto ports = fields_.parsed(*text, parse_ports_word)) all.push_back(std::move(*ports));
    flows.ports = united(std::move(all));
  }

  JsonFields fields_;
  std::span<const Selector> selectors_;
  std::vector<Named> networks_;
  std::map<std::string, std::size_t> places_;                          ///< of networks_
  std::set<std::pair<std::string_view, std::string_view>> asked_for_;  ///< selectors and their values
  std::vector<GcpRule> rules_;
};

/// "VPC firewall rules", implied rules: deny what comes in, allow what goes out.
Chain chain(std::span<const GcpRule> rules, std::string_view network, Direction direction) {
  const bool inbound = direction == Direction::inbound;
  Chain chain;
  chain.name = fmt::format("{} {}", shown(network), inbound ? "ingress" : "egress");
  chain.base = deny_the_rest(inbound ? Hook::input : Hook::output);
  chain.base->policy = inbound ? Verdict::drop : Verdict::accept;
  chain.base->policy_name = inbound ? "implied deny" : "implied allow";
  for (const auto& rule : rules)
    if (rule.direction == direction)
      for (const auto& part : rule.parts) append(chain.rules, part);
  return chain;
}

}  // namespace

bool is_gcp(std::string_view text) {
  return text.contains("\"compute#firewall\"") ||
         (text.contains("\"direction\"") && (text.contains("\"INGRESS\"") || text.contains("\"EGRESS\"")));
}

std::expected<Ruleset, Complaint> read_gcp(std::string_view text, const RulesView& view) {
  if (auto unknown = unknown_selector(view.selectors, {"network", "tag", "service-account"}))
    return std::unexpected{std::move(*unknown)};
  const auto tree = JsonTree::parse(text);
  if (!tree) return std::unexpected{tree.error()};
  GcpReader reader{*tree, view.selectors};
  reader.read(tree->root());
  if (reader.complaint()) return std::unexpected{*reader.complaint()};
  const auto chosen = choose(reader.networks(), view.selectors, "network", "networks");
  if (!chosen) return std::unexpected{chosen.error()};
  if (chosen->size() > 1) return std::unexpected{Complaint{{}, "an interface is in one network; choose one"}};
  const auto network =
      chosen->empty() ? std::string{"no network"} : called(reader.networks()[chosen->front()]);
  Ruleset ruleset;
  ruleset.path = Path::platform;
  ruleset.notes = reader.unknown_targets();
  auto rules = std::move(reader).take();
  std::erase_if(rules, [&](const GcpRule& rule) { return rule.network != chosen->front(); });
  // The lower number first; of equal ones what denies.
  std::ranges::sort(rules, {},
                    [](const GcpRule& rule) { return std::tuple{rule.priority, !denies(rule), rule.place}; });
  for (const auto direction : {Direction::inbound, Direction::outbound})
    ruleset.chains.push_back(chain(rules, network, direction));
  ruleset.notes.push_back({0,
                           fmt::format("firewall policies (hierarchical, network) are not in this file: "
                                       "gcloud compute networks get-effective-firewalls {}",
                                       shown(network)),
                           {}});
  return ruleset;
}

}  // namespace fwprobe::allowlist
