// EC2 API Reference, NetworkAcl and NetworkAclEntry; VPC User Guide, "Network ACL rules" and "Ephemeral
// ports".

#include <algorithm>

#include <fmt/format.h>

#include "allowlist/rules/aws.h"
#include "allowlist/rules/aws_ports.h"
#include "allowlist/rules/flow_pieces.h"
#include "allowlist/rules/flow_words.h"
#include "allowlist/rules/json_fields.h"
#include "allowlist/rules/platform.h"
#include "text/ascii.h"

namespace fwprobe::allowlist {
namespace {

/// The user's own; those behind are AWS's, rule * in its console.
constexpr std::int64_t last_own_number = 32766;

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
    if (const auto* icmp = fields.find(node, "IcmpTypeCode");
        icmp != nullptr && is_icmp(entry.traffic.protocols))
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

FlowBox box_of(const Entry& entry) {
  FlowBox box;
  (entry.egress ? box.destinations : box.sources) = entry.peers;
  box.protocols = entry.traffic.protocols;
  box.ports = entry.traffic.ports;
  return box;
}

Rule rule_of(const Entry& entry, FlowSet match, std::string_view doubt) {
  Rule rule;
  rule.match = std::move(match);
  rule.doubt = shown(doubt);
  rule.outcome.verdict = entry.verdict;
  rule.name = {entry.line, fmt::format("rule {}", entry.number), {}};
  rule.may_be_idle = entry.number > last_own_number;
  return rule;
}

FlowSet on_all_ports(const FlowSet& flows) {
  return with_each_box(flows, [](FlowBox& box) { box.ports = Ports::all(); });
}

/// What comes back, whose port is the client's. The flows of a chain have the service's, so that an entry
/// decides those of which no earlier one leaves it a port to share; of others it decides a part.
class ReturnTraffic {
 public:
  explicit ReturnTraffic(const Ports& to) : client_{to.ranges().front()} {
    FlowBox box;
    box.ports = to;
    undecided_ = FlowSet{box};
  }

  void add(const Entry& entry, std::vector<Rule>& rules) {
    const auto decided = undecided_ & FlowSet{box_of(entry)};
    if (decided.empty()) return;
    const auto flows = on_all_ports(decided);
    if (!entry.traffic.doubt.empty()) return rules.push_back(rule_of(entry, flows, entry.traffic.doubt));
    undecided_ -= decided;
    auto partly = flows & on_all_ports(undecided_);
    auto wholly = flows - partly;
    if (!wholly.empty()) rules.push_back(rule_of(entry, std::move(wholly), {}));
    if (!partly.empty()) rules.push_back(rule_of(entry, std::move(partly), doubt(entry)));
  }

  std::size_t parts() const { return undecided_.box_count(); }

 private:
  std::string doubt(const Entry& entry) const {
    const auto ports = entry.traffic.ports.ranges().front();
    return fmt::format("the client's port is in {}-{}, not elsewhere in {}-{} (#client-ports=)", ports.first,
                       ports.last, client_.first, client_.last);
  }

  Ports::Item client_;
  FlowSet undecided_;  ///< and the client's ports for which it is
};

/// AWS has at most 40 entries for each direction (VPC User Guide, "Amazon VPC quotas"); the work for hostile
/// ones grows with the square.
constexpr std::size_t most_parts = 4000;

std::expected<Chain, std::string> chain(const Acl& acl, std::span<const Entry> entries, Direction direction,
                                        Packet packet, const Ports& returning_to) {
  const bool egress = direction == Direction::outbound;
  Chain chain;
  chain.name = fmt::format("{} {}{}", shown(acl.id), egress ? "outbound" : "inbound",
                           packet == Packet::reply ? ", return traffic" : "");
  chain.base = deny_the_rest(egress ? Hook::output : Hook::input);
  chain.line = acl.line;
  chain.packet = packet;
  chain.base->policy_name = "rule *";
  ReturnTraffic returning{returning_to};
  for (const auto& entry : entries) {
    if (entry.egress != egress) continue;
    if (packet == Packet::reply)
      returning.add(entry, chain.rules);
    else
      chain.rules.push_back(rule_of(entry, FlowSet{box_of(entry)}, entry.traffic.doubt));
    if (returning.parts() > most_parts)
      return std::unexpected{
          fmt::format("the entries cut the return traffic into more than {} parts", most_parts)};
  }
  return chain;
}

std::expected<Ports, Complaint> read_client_ports(std::span<const Selector> selectors) {
  const auto values = selected(selectors, "client-ports");
  if (values.size() > 1)
    return std::unexpected{Complaint{{}, "client-ports is there twice; write one range"}};
  // VPC User Guide, "Ephemeral ports": clients of any kind, NAT gateways included.
  if (values.empty()) return client_ports();
  auto ports = parse_ports_word(values.front());
  if (!ports) return std::unexpected{Complaint{{}, "client-ports: " + ports.error()}};
  return std::move(*ports);
}

}  // namespace

bool is_aws_acl(std::string_view text) { return text.contains("\"NetworkAcls\""); }

std::expected<Ruleset, Complaint> read_aws_acl(std::string_view text, const RulesView& view) {
  if (auto unknown = unknown_selector(view.selectors, {"acl", "client-ports"}))
    return std::unexpected{std::move(*unknown)};
  const auto returning_to = read_client_ports(view.selectors);
  if (!returning_to) return std::unexpected{returning_to.error()};
  const auto tree = JsonTree::parse(text);
  if (!tree) return std::unexpected{tree.error()};
  JsonFields fields{*tree};
  fields.refuse_page(tree->root(), "NextToken", all_pages);
  const auto acls = fields.need_array(tree->root(), "NetworkAcls", "take aws ec2 describe-network-acls");
  std::vector<Named> names;
  for (const auto& acl : acls) names.push_back({std::string{fields.need_text(acl, "NetworkAclId")}, {}});
  if (fields.complaint()) return std::unexpected{*fields.complaint()};
  const auto chosen = choose(names, view.selectors, "acl", "network ACLs");
  if (!chosen) return std::unexpected{chosen.error()};
  if (chosen->empty()) return std::unexpected{Complaint{{}, "holds no network ACL"}};
  if (chosen->size() > 1)
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
    for (const auto direction : {Direction::inbound, Direction::outbound}) {
      auto one = chain(named, entries, direction, packet, *returning_to);
      if (!one) return std::unexpected{Complaint{{named.line, 1}, std::move(one.error())}};
      ruleset.chains.push_back(std::move(*one));
    }
  ruleset.notes.push_back({0,
                           "the security groups are not in this file: aws ec2 describe-security-groups",
                           {},
                           "AWS security groups"});
  return ruleset;
}

}  // namespace fwprobe::allowlist
