#include "checks/flow_rules.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace fwprobe::checks {
namespace {

using allowlist::Direction;
using allowlist::Prefix;
using allowlist::Protocol;

/// The addresses of one family; no rule of any format takes both.
struct OneFamily {
  bool ipv6 = false;
  std::vector<Prefix> sources;  ///< empty: any
  std::vector<Prefix> destinations;
};

std::vector<Prefix> of_family(const std::vector<Prefix>& prefixes, bool ipv6) {
  std::vector<Prefix> found;
  std::ranges::copy_if(prefixes, std::back_inserter(found),
                       [&](const Prefix& prefix) { return prefix.network().is_v6() == ipv6; });
  return found;
}

std::vector<OneFamily> families(const Flow& flow, const std::vector<Prefix>& sources) {
  std::vector<OneFamily> all;
  for (const bool ipv6 : {false, true})
    if (auto destinations = of_family(flow.destinations, ipv6); !destinations.empty())
      all.push_back({ipv6, of_family(sources, ipv6), std::move(destinations)});
  return all;
}
std::vector<OneFamily> families(const Flow& flow) { return families(flow, flow.sources); }

std::string joined(const std::vector<Prefix>& prefixes, std::string_view separator) {
  std::string all;
  for (const auto& prefix : prefixes) {
    if (!all.empty()) all += separator;
    all += text(prefix);
  }
  return all;
}

std::string_view protocol(const Flow& flow) { return flow.protocol == Protocol::udp ? "udp" : "tcp"; }

/// The device in question reads TLS.
bool reads_tls(const Flow& flow) { return flow.stopped == Flow::Stopped::client_hello; }

bool is_for_replies(const Flow& flow) { return flow.stopped == Flow::Stopped::replies; }

/// The addresses as the stopped packets have them.
std::vector<OneFamily> as_packets_go(const Flow& flow) {
  auto all = families(flow);
  if (is_for_replies(flow))
    for (auto& one : all) std::swap(one.sources, one.destinations);
  return all;
}

/// The word of the service's port, which replies come from.
std::string_view port_word(const Flow& flow) { return is_for_replies(flow) ? "sport" : "dport"; }

/// The clouds' security groups know addresses and ports only, and let replies through.
bool may_be_a_groups(const Flow& flow) { return !reads_tls(flow) && !is_for_replies(flow); }

/// A packet for the destination is input there, unless it is passed on to a container, and is forwarded by
/// the device in front of it: which of them it is, silence does not tell, and the other rule matches nothing.
std::vector<std::string_view> hooks(const Flow& flow) {
  switch (flow.place) {
    case Flow::Place::this_machine:
      return {"output"};
    case Flow::Place::path:
      return {"forward"};
    case Flow::Place::destination:
      return {"input", "forward"};
  }
  return {};
}

/// Those that are known to stop it, or the usual ones.
std::vector<std::string> chains(const Flow& flow, std::string (*usual)(std::string_view hook)) {
  if (!flow.chains.empty()) return flow.chains;
  std::vector<std::string> all;
  for (const auto hook : hooks(flow)) all.push_back(usual(hook));
  return all;
}

/// nft(8). `insert` puts it before the rule that drops; the names are those of Debian's nftables.conf.
std::string nftables(const Flow& flow) {
  const auto addresses = [](const std::vector<Prefix>& prefixes) {
    return prefixes.size() == 1 ? text(prefixes.front()) : fmt::format("{{ {} }}", joined(prefixes, ", "));
  };
  std::string lines;
  for (const auto& chain : chains(flow, [](auto hook) { return fmt::format("inet filter {}", hook); }))
    for (const auto& [ipv6, from, to] : as_packets_go(flow)) {
      const auto* family = ipv6 ? "ip6" : "ip";
      lines += fmt::format("nft insert rule {}", chain);
      if (!from.empty()) lines += fmt::format(" {} saddr {}", family, addresses(from));
      if (!to.empty()) lines += fmt::format(" {} daddr {}", family, addresses(to));
      lines += fmt::format(" {} {} {} accept\n", protocol(flow), port_word(flow), ports_text(flow));
    }
  return lines;
}

std::string usual_iptables_chain(std::string_view hook) {
  std::string text{hook};
  for (auto& c : text) c = static_cast<char>(c - 'a' + 'A');
  return "filter " + text;
}

/// iptables(8): a list of addresses becomes a rule for each pair.
std::string iptables(const Flow& flow) {
  std::string lines;
  for (const auto& chain : chains(flow, usual_iptables_chain)) {
    const auto space = chain.find(' ');
    const auto table = chain.substr(0, space);
    const auto where = fmt::format("{}-I {}", table == "filter" ? "" : fmt::format("-t {} ", table),
                                   chain.substr(space + 1));
    const auto match = [](std::string_view option, const std::vector<Prefix>& prefixes) {
      return prefixes.empty() ? std::string{} : fmt::format(" {} {}", option, joined(prefixes, ","));
    };
    for (const auto& [ipv6, from, to] : as_packets_go(flow))
      lines += fmt::format("{} {}{}{} -p {} --{} {} -j ACCEPT\n", ipv6 ? "ip6tables" : "iptables", where,
                           match("-s", from), match("-d", to), protocol(flow), port_word(flow),
                           ports_text(flow, ":"));
  }
  return lines;
}

/// Names that only the user knows are shell variables.
std::string word(const std::string& known, std::string_view variable) {
  return known.empty() ? fmt::format("\"${}\"", variable) : known;
}

/// https://docs.aws.amazon.com/cli/latest/reference/ec2/authorize-security-group-egress.html: a group belongs
/// to one side's machines, and its rules name the other side.
std::string aws(const Flow& flow) {
  const bool inbound = flow.direction == Direction::inbound;
  const auto& others = inbound ? flow.sources : flow.destinations;
  if (!may_be_a_groups(flow) || others.empty()) return {};
  std::string ranges;
  for (const bool ipv6 : {false, true}) {
    std::string list;
    for (const auto& prefix : of_family(others, ipv6))
      list +=
          fmt::format("{}{{{}={}}}", list.empty() ? "" : ",", ipv6 ? "CidrIpv6" : "CidrIp", prefix.text());
    if (!list.empty()) ranges += fmt::format(",{}=[{}]", ipv6 ? "Ipv6Ranges" : "IpRanges", list);
  }
  return fmt::format(
      "aws ec2 authorize-security-group-{} --group-id {} --ip-permissions "
      "'IpProtocol={},FromPort={},ToPort={}{}'\n",
      inbound ? "ingress" : "egress", word(flow.group.name, "SECURITY_GROUP_ID"), protocol(flow), flow.port,
      std::max(flow.port, flow.last_port), ranges);
}

/// https://learn.microsoft.com/en-us/cli/azure/network/nsg/rule: a rule takes addresses of one family, and
/// its name and its priority (100 to 4096) are its own: of a name that is there, the rule is replaced.
/// Outbound rules see the machine's own address, before translation.
std::string azure(const Flow& flow) {
  const bool inbound = flow.direction == Direction::inbound;
  if (!may_be_a_groups(flow) || (inbound && flow.sources.empty())) return {};
  const auto& sources = inbound || flow.untranslated.empty() ? flow.sources : flow.untranslated;
  std::string lines;
  const auto all = families(flow, sources);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& [ipv6, from, to] = all[i];
    const bool known = i < flow.group.priorities.size();
    const auto priority = known ? flow.group.priorities[i] : 100 + static_cast<int>(i);
    lines += fmt::format(
        "az network nsg rule create --resource-group {} --nsg-name {} --name allow-{}-{}-{}{} --priority {} "
        "--direction {} --access Allow --protocol {}",
        word(flow.group.resource_group, "RESOURCE_GROUP"), word(flow.group.name, "NSG_NAME"), protocol(flow),
        ports_text(flow), ipv6 ? "ipv6" : "ipv4", known ? fmt::format("-{}", priority) : "", priority,
        inbound ? "Inbound" : "Outbound", flow.protocol == Protocol::udp ? "Udp" : "Tcp");
    if (!from.empty()) lines += fmt::format(" --source-address-prefixes {}", joined(from, " "));
    lines += fmt::format(
        " --source-port-ranges '*' --destination-address-prefixes {} --destination-port-ranges {}\n",
        joined(to, " "), ports_text(flow));
  }
  return lines;
}

std::string ticket(const Flow& flow) {
  const bool udp = flow.protocol == Protocol::udp;
  auto lines = fmt::format(
      "Please allow this flow{}.\n"
      "Direction: {}\n"
      "Protocol: {}\n"
      "Source: {}, any port\n"
      "Destination: {}\n"
      "Destination port: {}\n"
      "Where: {}\n"
      "Replies: let back in as well (a stateful rule does that)\n",
      reads_tls(flow) ? ", the TLS ClientHello in it included" : "",
      flow.direction == Direction::inbound ? "inbound" : "outbound", udp ? "UDP" : "TCP",
      flow.sources.empty() ? "this machine" : joined(flow.sources, ", "), joined(flow.destinations, ", "),
      ports_text(flow), flow.device);
  for (const auto& remark : remarks(flow)) lines += fmt::format("Note: {}\n", remark);
  return lines;
}

constexpr RuleFormat formats[] = {
    {"nftables", "nftables", nftables}, {"iptables", "iptables", iptables},
    {"aws", "AWS security group", aws}, {"azure", "Azure network security group", azure},
    {"ticket", "Ticket", ticket},
};

}  // namespace

std::span<const RuleFormat> rule_formats() { return formats; }

std::size_t family_count(const Flow& flow) { return families(flow).size(); }

std::vector<Rules> rules_for(const Flow& flow) {
  constexpr std::size_t most_pairs = 1000;
  if (std::max<std::size_t>(flow.sources.size(), 1) * flow.destinations.size() > most_pairs) return {};
  std::vector<Rules> all;
  for (const auto& format : formats)
    if (auto rendered = format.render(flow); !rendered.empty())
      all.push_back({format.name, format.title, std::move(rendered)});
  return all;
}

}  // namespace fwprobe::checks
