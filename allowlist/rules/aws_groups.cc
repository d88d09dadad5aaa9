// EC2 API Reference, SecurityGroup, IpPermission and SecurityGroupRule; VPC User Guide, "Security group
// rules".

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "allowlist/rules/aws.h"
#include "allowlist/rules/aws_ports.h"
#include "allowlist/rules/flow_words.h"
#include "allowlist/rules/json_fields.h"
#include "allowlist/rules/platform.h"

namespace fwprobe::allowlist {
namespace {

struct Way {
  Direction direction;
  Hook hook;
  std::string_view word;
  std::string_view permissions;  ///< of a security group
};

constexpr std::array<Way, 2> ways{{{Direction::inbound, Hook::input, "inbound", "IpPermissions"},
                                   {Direction::outbound, Hook::output, "outbound", "IpPermissionsEgress"}}};

/// A security group allows by addresses that stand in an array of objects, or in a field of a rule itself.
struct Peers {
  std::string_view array;
  std::string_view field;       ///< of its objects
  std::string_view rule_field;  ///< of describe-security-group-rules
};

constexpr Peers prefix_peers[] = {{"IpRanges", "CidrIp", "CidrIpv4"}, {"Ipv6Ranges", "CidrIpv6", "CidrIpv6"}};

struct Group {
  Named name;
  std::string vpc;  ///< may be empty
  int line = 0;
  std::array<std::vector<Rule>, 2> rules;  ///< as `ways`
};

std::string list_doubt(std::string_view id) {
  return fmt::format(
      "the address is in {} (not in this file: aws ec2 get-managed-prefix-list-entries "
      "--prefix-list-id {})",
      id, id);
}

class GroupReader {
 public:
  explicit GroupReader(const JsonTree& tree) : fields_{tree} {}

  void read(const JsonNode& root) {
    if (!fields_.need_object(root)) return;
    fields_.refuse_page(root, "NextToken", all_pages);
    if (const auto* rules = fields_.find(root, "SecurityGroupRules"))
      read_flat(*rules, root);
    else
      for (const auto& group :
           fields_.need_array(root, "SecurityGroups", "take aws ec2 describe-security-groups"))
        read_group(group);
  }

  const std::optional<Complaint>& complaint() const { return fields_.complaint(); }
  std::vector<Group> take() && { return std::move(groups_); }

 private:
  void read_group(const JsonNode& node) {
    Group group;
    group.name = {std::string{fields_.need_text(node, "GroupId")},
                  std::string{fields_.text(node, "GroupName").value_or("")}};
    group.vpc = fields_.text(node, "VpcId").value_or("");
    group.line = fields_.line(node);
    for (std::size_t way = 0; way < ways.size(); ++way)
      for (const auto& permission : fields_.need_array(node, ways.at(way).permissions))
        read_permission(permission, group, way);
    groups_.push_back(std::move(group));
  }

  void read_permission(const JsonNode& node, Group& group, std::size_t way) {
    if (!fields_.need_object(node)) return;
    const auto traffic = read_aws_traffic(fields_, node, "IpProtocol", {"FromPort", "ToPort"});
    for (const auto& peers : prefix_peers)
      for (const auto& item : fields_.array(node, peers.array))
        if (const auto* cidr = need(item, peers.field)) add_prefix(*cidr, traffic, group, way);
    for (const auto& item : fields_.array(node, "PrefixListIds"))
      if (const auto* id = need(item, "PrefixListId")) add_list(*id, traffic, group, way);
    for (const auto& item : fields_.array(node, "UserIdGroupPairs")) add_members(item, traffic, group, way);
  }

  /// One object per rule, in which -1 stands for all ports.
  void read_flat(const JsonNode& rules, const JsonNode& root) {
    std::map<std::string, std::size_t, std::less<>> places;
    for (const auto& node : fields_.need_array(root, rules.key)) {
      const auto id = fields_.need_text(node, "GroupId");
      const auto egress = fields_.flag(node, "IsEgress");
      if (!egress && fields_.need_object(node)) fields_.refuse(node, "has no IsEgress");
      const auto [place, fresh] = places.try_emplace(std::string{id}, groups_.size());
      if (fresh)
        groups_.push_back(
            {.name = {std::string{id}, {}}, .vpc = {}, .line = fields_.line(node), .rules = {}});
      read_flat_rule(node, groups_[place->second], egress.value_or(false) ? 1 : 0);
      if (fields_.complaint()) return;
    }
  }

  void read_flat_rule(const JsonNode& node, Group& group, std::size_t way) {
    const auto traffic = read_aws_traffic(fields_, node, "IpProtocol", {"FromPort", "ToPort"});
    std::size_t seen = 0;
    for (const auto& peers : prefix_peers)
      if (const auto* cidr = fields_.find(node, peers.rule_field); cidr != nullptr && ++seen > 0)
        add_prefix(*cidr, traffic, group, way);
    if (const auto* id = fields_.find(node, "PrefixListId"); id != nullptr && ++seen > 0)
      add_list(*id, traffic, group, way);
    if (const auto* members = fields_.find(node, "ReferencedGroupInfo"); members != nullptr && ++seen > 0)
      add_members(*members, traffic, group, way);
    if (seen == 0)
      fields_.refuse(node, "has none of CidrIpv4, CidrIpv6, PrefixListId and ReferencedGroupInfo");
  }

  const JsonNode* need(const JsonNode& object, std::string_view key) {
    fields_.need_text(object, key);
    return fields_.find(object, key);
  }

  void add_prefix(const JsonNode& cidr, const AwsTraffic& traffic, Group& group, std::size_t way) {
    const auto prefixes = fields_.parsed(cidr, parse_addresses_word);
    if (!prefixes) return;
    Addresses peers;
    peers.add(*prefixes);
    add(cidr, *cidr.as<std::string_view>(), peers, traffic, group, way);
  }

  void add_list(const JsonNode& id, const AwsTraffic& traffic, Group& group, std::size_t way) {
    const auto* text = id.as<std::string_view>();
    if (text == nullptr) return fields_.refuse(id, "should be a string");
    Addresses peers;
    peers.add_doubtful(PrefixSet::everything(), list_doubt(*text));
    add(id, *text, peers, traffic, group, way);
  }

  void add_members(const JsonNode& node, const AwsTraffic& traffic, Group& group, std::size_t way) {
    if (!fields_.need_object(node)) return;
    auto id = fields_.text(node, "GroupId");
    if (!id) id = fields_.need_text(node, "GroupName");  // EC2-Classic and default groups
    Addresses peers;
    peers.add_doubtful(PrefixSet::everything(),
                       fmt::format("the address is of a member of {} (not in this file)", *id));
    add(node, *id, peers, traffic, group, way);
  }

  void add(const JsonNode& node, std::string_view peer, const Addresses& peers, const AwsTraffic& traffic,
           Group& group, std::size_t way) {
    auto& rules = group.rules.at(way);
    if (++count_ > most_rules) return fields_.refuse(node, fmt::format("more than {} rules", most_rules));
    Addresses ours;
    ours.add(PrefixSet::everything());
    const bool inbound = ways.at(way).direction == Direction::inbound;
    append(rules, {.sources = inbound ? peers : ours,
                   .destinations = inbound ? ours : peers,
                   .protocols = traffic.protocols,
                   .ports = traffic.ports,
                   .doubt = traffic.doubt,
                   .outcome = {.verdict = Verdict::accept, .chain = 0, .address = {}, .port = {}},
                   .name = {fields_.line(node),
                            fmt::format("{} {} {}", traffic.text, inbound ? "from" : "to", peer),
                            {}},
                   .may_be_idle = true});
  }

  JsonFields fields_;
  std::vector<Group> groups_;
  std::size_t count_ = 0;
};

/// All of a file are of one interface only when they are of one VPC. Groups that the user names may be of
/// several: "Associate security groups with multiple VPCs".
std::optional<Complaint> all_of_several_vpcs(std::span<const Group> groups,
                                             std::span<const Selector> selectors) {
  if (std::ranges::find(selectors, "all", &Selector::value) == selectors.end()) return std::nullopt;
  std::set<std::string> vpcs;
  for (const auto& group : groups)
    if (!group.vpc.empty()) vpcs.insert(shown(group.vpc));
  if (vpcs.size() < 2) return std::nullopt;
  return Complaint{
      {},
      fmt::format("holds groups of {} VPCs ({}), and an interface is in one; say which groups it "
                  "has: FILE#group=ID,group=ID",
                  vpcs.size(), fmt::join(vpcs, ", "))};
}

/// Groups have no order: what one surely allows is allowed, whatever another may say.
Chain unite(std::span<Group> groups, std::span<const std::size_t> chosen, std::size_t way) {
  Chain chain;
  std::vector<Rule> doubtful;
  std::vector<std::string> names;
  for (const auto place : chosen) {
    auto& group = groups[place];
    names.push_back(shown(group.name.id));
    if (chain.line == 0) chain.line = group.line;
    for (auto& rule : group.rules.at(way)) {
      if (chosen.size() > 1) rule.name.name = fmt::format("{}, {}", names.back(), rule.name.name);
      (rule.doubt.empty() ? chain.rules : doubtful).push_back(std::move(rule));
    }
  }
  std::ranges::move(doubtful, std::back_inserter(chain.rules));
  chain.name = fmt::format("{} {}", fmt::join(names, " + "), ways.at(way).word);
  chain.base = deny_the_rest(ways.at(way).hook);
  if (names.size() == 1) chain.owner = names.front();
  return chain;
}

}  // namespace

bool is_aws_groups(std::string_view text) {
  return text.contains("\"SecurityGroups\"") || text.contains("\"SecurityGroupRules\"");
}

std::expected<Ruleset, Complaint> read_aws_groups(std::string_view text, const RulesView& view) {
  if (auto unknown = unknown_selector(view.selectors, {"group"})) return std::unexpected{std::move(*unknown)};
  const auto tree = JsonTree::parse(text);
  if (!tree) return std::unexpected{tree.error()};
  GroupReader reader{*tree};
  reader.read(tree->root());
  if (reader.complaint()) return std::unexpected{*reader.complaint()};
  auto groups = std::move(reader).take();
  std::vector<Named> names;
  for (const auto& group : groups) names.push_back(group.name);
  const auto chosen = choose(names, view.selectors, "group", "security groups");
  if (!chosen) return std::unexpected{chosen.error()};
  if (chosen->empty()) return std::unexpected{Complaint{{}, "holds no security group"}};
  if (auto complaint = all_of_several_vpcs(groups, view.selectors))
    return std::unexpected{std::move(*complaint)};
  Ruleset ruleset;
  ruleset.path = Path::platform;
  for (std::size_t way = 0; way < ways.size(); ++way) ruleset.chains.push_back(unite(groups, *chosen, way));
  if (chosen->size() > 1)
    ruleset.notes.push_back(
        {0, fmt::format("{} groups are united, as on an interface that has them all", chosen->size()), {}});
  ruleset.notes.push_back({0,
                           "the subnet's network ACL is not in this file: aws ec2 describe-network-acls",
                           {},
                           "AWS network ACL"});
  return ruleset;
}

}  // namespace fwprobe::allowlist
