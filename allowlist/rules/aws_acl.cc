// EC2 API Reference, NetworkAcl and NetworkAclEntry; VPC User Guide, "Network ACL rules" and "Ephemeral
// ports".

#include <algorithm>

#include <fmt/format.h>

#include "allowlist/rules/aws.h"
#include "allowlist/rules/aws_ports.h"
#include "allowlist/rules/flow_words.h"
#include "allowlist/rules/json_fields.h"
#include "allowlist/rules/platform.h"
#include "text/ascii.h"

namespace fwprobe::allowlist {
namespace {

struct Acl {
  std::string id;
  int line = 0;
};

struct Entry {
  std::int64_t number = 0;
  bool egress = false;
  Verdict verdict = Verdict::drop;
  PrefixSet peers;
  AwsTraffic traffic;
  int line = 0;
};

/// By their numbers; the file has them in any order.
std::vector<Entry> read_entries(JsonFields& fields, const JsonNode& acl) {
  std::vector<Entry> entries;
  for (const auto& node : fields.need_array(acl, "Entries")) {
    if (!fields.need_object(node)) break;
    if (entries.size() == most_rules) fields.refuse(node, fmt::format("more than {} rules", most_rules));
    Entry entry;
    entry.line = fields.line(node);
    const auto number = fields.whole(node, "RuleNumber", 0, 65535);
    const auto egress = fields.flag(node, "Egress");
    if (!number || !egress) fields.refuse(node, "has no RuleNumber, or no Egress");
    entry.number = number.value_or(0);
    entry.egress = egress.value_or(false);
    const auto action = ascii_lower(fields.need_text(node, "RuleAction"));
    if (action != "allow" && action != "deny") fields.refuse(node, "RuleAction should be allow or deny");
    entry.verdict = action == "allow" ? Verdict::accept : Verdict::drop;
    const auto* cidr = fields.find(node, "CidrBlock");
    if (cidr == nullptr) cidr = fields.find(node, "Ipv6CidrBlock");
    if (cidr == nullptr) fields.refuse(node, "has neither CidrBlock nor Ipv6CidrBlock");
    if (cidr != nullptr) entry.peers = fields.parsed(*cidr, parse_addresses_word).value_or(PrefixSet{});
    entry.traffic = read_aws_traffic(fields, node, "Protocol", {"From", "To", "PortRange"});
    if (const auto* icmp = fields.find(node, "IcmpTypeCode"))
      if (const auto type = fields.whole(*icmp, "Type", -1, 255); type.value_or(-1) != -1)
        entry.traffic.doubt = fmt::format("it is ICMP type {}", *type);
    if (fields.complaint()) break;
    entries.push_back(std::move(entry));
  }
  std::ranges::sort(entries, {}, &Entry::number);
  return entries;
}

/// The second of two entries with one number, which AWS cannot have.
const Entry* same_number(std::span<const Entry> entries) {
  for (const bool egress : {false, true}) {
    const Entry* before = nullptr;
    for (const auto& entry : entries) {
      if (entry.egress != egress) continue;
      if (before != nullptr && before->number == entry.number) return &entry;
      before = &entry;
    }
  }
  return nullptr;
}

Addresses sure(PrefixSet prefixes) { return {.sure = std::move(prefixes), .maybe = {}, .doubt = {}}; }

/// A rule for the packets that open a connection: its ports are the service's.
PlatformRule opening(const Entry& entry) {
  PlatformRule rule;
  rule.protocols = entry.traffic.protocols;
  rule.ports = entry.traffic.ports;
  rule.doubt = entry.traffic.doubt;
  return rule;
}

/// A rule for what comes back: its ports are the client's, which flows do not have.
std::optional<PlatformRule> reply(const Entry& entry, const Ports& client_ports) {
  if (!entry.traffic.ports.intersects(client_ports)) return std::nullopt;
  PlatformRule rule;
  rule.protocols = entry.traffic.protocols;
  rule.doubt = entry.traffic.doubt;
  if (!entry.traffic.ports.contains(client_ports)) {
    const auto ports = entry.traffic.ports.ranges().front();
    const auto client = client_ports.ranges().front();
    rule.doubt = fmt::format("the client's port is in {}-{}, not elsewhere in {}-{} (#client-ports=)",
                             ports.first, ports.last, client.first, client.last);
  }
  return rule;
}

Chain chain(const Acl& acl, std::span<const Entry> entries, Direction direction, Packet packet,
            const Ports& client_ports) {
  const bool egress = direction == Direction::outbound;
  Chain chain;
  chain.name = fmt::format("{} {}{}", shown(acl.id), egress ? "outbound" : "inbound",
                           packet == Packet::reply ? ", return traffic" : "");
  chain.base = deny_the_rest(egress ? Hook::output : Hook::input);
  chain.line = acl.line;
  chain.packet = packet;
  chain.base->policy_name = "rule *";
  for (const auto& entry : entries) {
    if (entry.egress != egress) continue;
    auto rule = packet == Packet::reply ? reply(entry, client_ports) : opening(entry);
    if (!rule) continue;
    rule->sources = sure(egress ? PrefixSet::everything() : entry.peers);
    rule->destinations = sure(egress ? entry.peers : PrefixSet::everything());
    rule->outcome.verdict = entry.verdict;
    rule->name = {entry.line, fmt::format("rule {}", entry.number), {}};
    append(chain.rules, *rule);
  }
  return chain;
}

std::expected<Ports, Complaint> read_client_ports(std::span<const Selector> selectors) {
  const auto values = selected(selectors, "client-ports");
  // VPC User Guide, "Ephemeral ports": clients of any kind, NAT gateways included.
  if (values.empty()) return Ports{1024, 65535};
  auto ports = parse_ports_word(values.back());
  if (!ports) return std::unexpected{Complaint{{}, "client-ports: " + ports.error()}};
  return std::move(*ports);
}

}  // namespace

bool is_aws_acl(std::string_view text) { return text.contains("\"NetworkAcls\""); }

std::expected<Ruleset, Complaint> read_aws_acl(std::string_view text, const RulesView& view) {
  if (auto unknown = unknown_selector(view.selectors, {"acl", "client-ports"}))
    return std::unexpected{std::move(*unknown)};
  const auto client_ports = read_client_ports(view.selectors);
  if (!client_ports) return std::unexpected{client_ports.error()};
  const auto tree = JsonTree::parse(text);
  if (!tree) return std::unexpected{tree.error()};
  JsonFields fields{*tree};
  if (const auto* token = fields.find(tree->root(), "NextToken"))
    fields.refuse(*token, "the export goes on behind this; run aws without --max-items and --no-paginate");
  const auto acls = fields.need_array(tree->root(), "NetworkAcls");
  std::vector<Named> names;
  for (const auto& acl : acls) names.push_back({std::string{fields.need_text(acl, "NetworkAclId")}, {}});
  if (fields.complaint()) return std::unexpected{*fields.complaint()};
  const auto chosen = choose(names, view.selectors, "acl", "network ACLs");
  if (!chosen) return std::unexpected{chosen.error()};
  if (chosen->size() != 1)
    return std::unexpected{Complaint{{}, "a subnet has one network ACL; say which: FILE#acl=ID"}};
  const auto& acl = acls[chosen->front()];
  const auto entries = read_entries(fields, acl);
  if (const auto* twice = same_number(entries))
    fields.refuse(acl, fmt::format("has rule {} twice in one direction", twice->number));
  if (fields.complaint()) return std::unexpected{*fields.complaint()};
  const Acl named{names[chosen->front()].id, fields.line(acl)};
  Ruleset ruleset;
  ruleset.path = Path::platform;
  for (const auto packet : {Packet::opening, Packet::reply})
    for (const auto direction : {Direction::inbound, Direction::outbound})
      ruleset.chains.push_back(chain(named, entries, direction, packet, *client_ports));
  ruleset.notes.push_back(
      {0, "the security groups are not in this file: aws ec2 describe-security-groups", {}});
  return ruleset;
}

}  // namespace fwprobe::allowlist
