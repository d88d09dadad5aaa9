#include "checks/flow_rules.h"

#include <filesystem>
#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/network_namespace.h"

namespace fwprobe::checks {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::vector<allowlist::Prefix> prefixes(const std::vector<const char*>& texts) {
  std::vector<allowlist::Prefix> all;
  for (const auto* text : texts) all.push_back(allowlist::parse_prefix(text)->prefix);
  return all;
}

Flow flow(const std::vector<const char*>& sources, const std::vector<const char*>& destinations) {
  Flow made;
  made.sources = prefixes(sources);
  made.destinations = prefixes(destinations);
  made.port = 443;
  made.device = "hop 2 (198.51.100.1)";
  return made;
}
template <typename Change>
Flow with(Flow made, Change change) {
  change(made);
  return made;
}

void towards_us(Flow& flow) { flow.direction = allowlist::Direction::inbound; }
void at_destination(Flow& flow) {
  towards_us(flow);
  flow.place = Flow::Place::destination;
}
void on_this_machine(Flow& flow) { flow.place = Flow::Place::this_machine; }
void in_their_chains(Flow& flow) { flow.chains = {"ip fw world", "inet t in.2"}; }
void in_the_raw_table(Flow& flow) { flow.chains = {"raw PREROUTING", "filter CI"}; }
void reads_tls(Flow& flow) { flow.stopped = Flow::Stopped::client_hello; }
void on_a_range(Flow& flow) {
  flow.port = 8000;
  flow.last_port = 8010;
}
void for_replies(Flow& flow) { flow.stopped = Flow::Stopped::replies; }
void to_a_resolver(Flow& flow) {
  flow.protocol = allowlist::Protocol::udp;
  flow.port = 53;
}

const Flow one = flow({"10.1.2.3"}, {"203.0.113.9"});
const Flow both = flow({"10.1.2.3", "2001:db8:1::3"}, {"203.0.113.9", "203.0.113.10", "2001:db8::9"});
const Flow ranges = with(
    flow({"77.92.124.0/27", "192.0.2.7", "2001:db8:7::/48"}, {"203.0.113.9", "2001:db8::9"}), towards_us);
const Flow unknown = flow({}, {"203.0.113.9"});

std::string rule(std::string_view format, const Flow& flow) {
  for (const auto& rules : rules_for(flow))
    if (rules.name == format) return rules.text;
  return "";
}

struct Row {
  const char* name;
  Flow flow;
  const char* expected;
};

void expect(std::string_view format, std::initializer_list<Row> rows) {
  for (const auto& row : rows) EXPECT_EQ(rule(format, row.flow), row.expected) << row.name;
}

TEST(FlowRules, ForNftables) {
  expect(
      "nftables",
      {{"one address each side", one,
        "nft insert rule inet filter forward ip saddr 10.1.2.3 ip daddr 203.0.113.9 tcp dport 443 accept\n"},
       {"both families", both,
        "nft insert rule inet filter forward ip saddr 10.1.2.3 ip daddr { 203.0.113.9, 203.0.113.10 } tcp "
        "dport 443 accept\n"
        "nft insert rule inet filter forward ip6 saddr 2001:db8:1::3 ip6 daddr 2001:db8::9 tcp dport 443 "
        "accept\n"},
       {"published ranges", ranges,
        "nft insert rule inet filter forward ip saddr { 77.92.124.0/27, 192.0.2.7 } ip daddr 203.0.113.9 tcp "
        "dport 443 accept\n"
        "nft insert rule inet filter forward ip6 saddr 2001:db8:7::/48 ip6 daddr 2001:db8::9 tcp dport 443 "
        "accept\n"},
       {"on this machine", with(one, on_this_machine),
        "nft insert rule inet filter output ip saddr 10.1.2.3 ip daddr 203.0.113.9 tcp dport 443 accept\n"},
       {"on the server, or right in front of it", with(one, at_destination),
        "nft insert rule inet filter input ip saddr 10.1.2.3 ip daddr 203.0.113.9 tcp dport 443 accept\n"
        "nft insert rule inet filter forward ip saddr 10.1.2.3 ip daddr 203.0.113.9 tcp dport 443 accept\n"},
       {"in the chains that are known to stop it", with(with(one, at_destination), in_their_chains),
        "nft insert rule ip fw world ip saddr 10.1.2.3 ip daddr 203.0.113.9 tcp dport 443 accept\n"
        "nft insert rule inet t in.2 ip saddr 10.1.2.3 ip daddr 203.0.113.9 tcp dport 443 accept\n"},
       {"replies", with(both, for_replies),
        "nft insert rule inet filter forward ip saddr { 203.0.113.9, 203.0.113.10 } ip daddr 10.1.2.3 tcp "
        "sport 443 accept\n"
        "nft insert rule inet filter forward ip6 saddr 2001:db8::9 ip6 daddr 2001:db8:1::3 tcp sport 443 "
        "accept\n"},
       {"a range of ports", with(one, on_a_range),
        "nft insert rule inet filter forward ip saddr 10.1.2.3 ip daddr 203.0.113.9 tcp dport 8000-8010 "
        "accept\n"},
       {"no known source", unknown,
        "nft insert rule inet filter forward ip daddr 203.0.113.9 tcp dport 443 accept\n"},
       {"DNS", with(one, to_a_resolver),
        "nft insert rule inet filter forward ip saddr 10.1.2.3 ip daddr 203.0.113.9 udp dport 53 accept\n"}});
}

TEST(FlowRules, ForIptables) {
  expect("iptables",
         {{"one address each side", one,
           "iptables -I FORWARD -s 10.1.2.3 -d 203.0.113.9 -p tcp --dport 443 -j ACCEPT\n"},
          {"both families", both,
           "iptables -I FORWARD -s 10.1.2.3 -d 203.0.113.9,203.0.113.10 -p tcp --dport 443 -j ACCEPT\n"
           "ip6tables -I FORWARD -s 2001:db8:1::3 -d 2001:db8::9 -p tcp --dport 443 -j ACCEPT\n"},
          {"on this machine", with(one, on_this_machine),
           "iptables -I OUTPUT -s 10.1.2.3 -d 203.0.113.9 -p tcp --dport 443 -j ACCEPT\n"},
          {"on the server, or right in front of it", with(one, at_destination),
           "iptables -I INPUT -s 10.1.2.3 -d 203.0.113.9 -p tcp --dport 443 -j ACCEPT\n"
           "iptables -I FORWARD -s 10.1.2.3 -d 203.0.113.9 -p tcp --dport 443 -j ACCEPT\n"},
          {"in the chains that are known to stop it", with(with(one, at_destination), in_the_raw_table),
           "iptables -t raw -I PREROUTING -s 10.1.2.3 -d 203.0.113.9 -p tcp --dport 443 -j ACCEPT\n"
           "iptables -I CI -s 10.1.2.3 -d 203.0.113.9 -p tcp --dport 443 -j ACCEPT\n"},
          {"replies", with(one, for_replies),
           "iptables -I FORWARD -s 203.0.113.9 -d 10.1.2.3 -p tcp --sport 443 -j ACCEPT\n"},
          {"a range of ports", with(one, on_a_range),
           "iptables -I FORWARD -s 10.1.2.3 -d 203.0.113.9 -p tcp --dport 8000:8010 -j ACCEPT\n"},
          {"no known source", unknown, "iptables -I FORWARD -d 203.0.113.9 -p tcp --dport 443 -j ACCEPT\n"},
          {"DNS", with(one, to_a_resolver),
           "iptables -I FORWARD -s 10.1.2.3 -d 203.0.113.9 -p udp --dport 53 -j ACCEPT\n"}});
}

TEST(FlowRules, ForAwsNameTheOtherSide) {
  expect(
      "aws",
      {{"outbound: the destinations", both,
        "aws ec2 authorize-security-group-egress --group-id \"$SECURITY_GROUP_ID\" --ip-permissions "
        "'IpProtocol=tcp,FromPort=443,ToPort=443,IpRanges=[{CidrIp=203.0.113.9/32},{CidrIp=203.0.113.10/32}],"
        "Ipv6Ranges=[{CidrIpv6=2001:db8::9/128}]'\n"},
       {"inbound: the sources", ranges,
        "aws ec2 authorize-security-group-ingress --group-id \"$SECURITY_GROUP_ID\" --ip-permissions "
        "'IpProtocol=tcp,FromPort=443,ToPort=443,IpRanges=[{CidrIp=77.92.124.0/27},{CidrIp=192.0.2.7/32}],"
        "Ipv6Ranges=[{CidrIpv6=2001:db8:7::/48}]'\n"},
       {"no known source matters outbound", unknown,
        "aws ec2 authorize-security-group-egress --group-id \"$SECURITY_GROUP_ID\" --ip-permissions "
        "'IpProtocol=tcp,FromPort=443,ToPort=443,IpRanges=[{CidrIp=203.0.113.9/32}]'\n"},
       {"a range of ports", with(one, on_a_range),
        "aws ec2 authorize-security-group-egress --group-id \"$SECURITY_GROUP_ID\" --ip-permissions "
        "'IpProtocol=tcp,FromPort=8000,ToPort=8010,IpRanges=[{CidrIp=203.0.113.9/32}]'\n"},
       {"inbound it would open the port to all", with(unknown, at_destination), ""},
       {"to the group that stops it", with(one, [](Flow& made) { made.group.name = "sg-1"; }),
        "aws ec2 authorize-security-group-egress --group-id sg-1 --ip-permissions "
        "'IpProtocol=tcp,FromPort=443,ToPort=443,IpRanges=[{CidrIp=203.0.113.9/32}]'\n"},
       {"no security group reads TLS", with(one, reads_tls), ""},
       {"a security group lets replies through", with(one, for_replies), ""}});
}

TEST(FlowRules, ForAzureAreOneForEachFamily) {
  expect(
      "azure",
      {{"both families", both,
        "az network nsg rule create --resource-group \"$RESOURCE_GROUP\" --nsg-name \"$NSG_NAME\" "
        "--name allow-tcp-443-ipv4 --priority 100 --direction Outbound --access Allow --protocol Tcp "
        "--source-address-prefixes 10.1.2.3 --source-port-ranges '*' "
        "--destination-address-prefixes 203.0.113.9 203.0.113.10 --destination-port-ranges 443\n"
        "az network nsg rule create --resource-group \"$RESOURCE_GROUP\" --nsg-name \"$NSG_NAME\" "
        "--name allow-tcp-443-ipv6 --priority 101 --direction Outbound --access Allow --protocol Tcp "
        "--source-address-prefixes 2001:db8:1::3 --source-port-ranges '*' "
        "--destination-address-prefixes 2001:db8::9 --destination-port-ranges 443\n"},
       {"outbound rules see the address before translation",
        with(flow({"198.51.100.77"}, {"203.0.113.9"}),
             [](Flow& made) { made.untranslated = prefixes({"10.1.2.3"}); }),
        "az network nsg rule create --resource-group \"$RESOURCE_GROUP\" --nsg-name \"$NSG_NAME\" "
        "--name allow-tcp-443-ipv4 --priority 100 --direction Outbound --access Allow --protocol Tcp "
        "--source-address-prefixes 10.1.2.3 --source-port-ranges '*' "
        "--destination-address-prefixes 203.0.113.9 --destination-port-ranges 443\n"},
       {"inbound rules see the one behind it",
        with(with(flow({"198.51.100.77"}, {"203.0.113.9"}), at_destination),
             [](Flow& made) { made.untranslated = prefixes({"10.1.2.3"}); }),
        "az network nsg rule create --resource-group \"$RESOURCE_GROUP\" --nsg-name \"$NSG_NAME\" "
        "--name allow-tcp-443-ipv4 --priority 100 --direction Inbound --access Allow --protocol Tcp "
        "--source-address-prefixes 198.51.100.77 --source-port-ranges '*' "
        "--destination-address-prefixes 203.0.113.9 --destination-port-ranges 443\n"},
       {"to the group that stops it, with priorities that are free",
        with(both, [](Flow& made) { made.group = {"git-nsg", "my-group", {4096, 4094}}; }),
        "az network nsg rule create --resource-group my-group --nsg-name git-nsg "
        "--name allow-tcp-443-ipv4-4096 --priority 4096 --direction Outbound --access Allow --protocol Tcp "
        "--source-address-prefixes 10.1.2.3 --source-port-ranges '*' "
        "--destination-address-prefixes 203.0.113.9 203.0.113.10 --destination-port-ranges 443\n"
        "az network nsg rule create --resource-group my-group --nsg-name git-nsg "
        "--name allow-tcp-443-ipv6-4094 --priority 4094 --direction Outbound --access Allow --protocol Tcp "
        "--source-address-prefixes 2001:db8:1::3 --source-port-ranges '*' "
        "--destination-address-prefixes 2001:db8::9 --destination-port-ranges 443\n"},
       {"a range of ports", with(one, on_a_range),
        "az network nsg rule create --resource-group \"$RESOURCE_GROUP\" --nsg-name \"$NSG_NAME\" "
        "--name allow-tcp-8000-8010-ipv4 --priority 100 --direction Outbound --access Allow --protocol Tcp "
        "--source-address-prefixes 10.1.2.3 --source-port-ranges '*' "
        "--destination-address-prefixes 203.0.113.9 --destination-port-ranges 8000-8010\n"},
       {"no known source, and inbound", with(unknown, at_destination), ""},
       {"no security group reads TLS", with(one, reads_tls), ""}});
}

TEST(FlowRules, ForATicketSayAll) {
  EXPECT_EQ(
      rule("ticket", both),
      "Please allow this flow.\n"
      "Direction: outbound\n"
      "Protocol: TCP\n"
      "Source: 10.1.2.3, 2001:db8:1::3, any port\n"
      "Destination: 203.0.113.9, 203.0.113.10, 2001:db8::9\n"
      "Destination port: 443\n"
      "Where: hop 2 (198.51.100.1)\n"
      "Replies: let back in as well (a stateful rule does that)\n"
      "Note: A firewall behind address translation (NAT) sees the public address instead of 10.1.2.3: name "
      "that one there (--egress ADDR puts it into the rules).\n");
  EXPECT_THAT(rule("ticket", unknown), HasSubstr("Source: this machine, any port\n"));
  EXPECT_THAT(rule("ticket", with(one, reads_tls)), HasSubstr("the TLS ClientHello in it included"));
  EXPECT_THAT(rule("ticket", with(one, to_a_resolver)), HasSubstr("Resolvers need TCP on the same port"));
}

TEST(FlowRules, AreNoneForWholeLists) {
  auto many = one;
  many.sources.clear();
  for (unsigned i = 0; i < 1001; ++i)
    many.sources.emplace_back(asio::ip::make_address_v4(0x0A000000U + 2 * i), 32);
  EXPECT_THAT(rules_for(many), IsEmpty());
  many.sources.pop_back();
  EXPECT_THAT(rules_for(many), Not(IsEmpty()));
}

// ---- by the programs they are written for

std::filesystem::path script(const char* name, const std::string& text) {
  const auto file =
      std::filesystem::path{testing::TempDir()} / fmt::format("fwprobe-{}-{}.sh", getpid(), name);
  std::ofstream{file} << text;
  return file;
}

/// As pasted into a shell, with the program in question being one that prints its arguments.
std::vector<std::string> words_of(const std::string& pasted) {
  const auto file = script("words",
                           "aws() { printf '%s\\n' aws \"$@\"; }\naz() { printf '%s\\n' az \"$@\"; }\n"
                           "SECURITY_GROUP_ID=sg-1\nRESOURCE_GROUP='my group'\nNSG_NAME=nsg\n" +
                               pasted);
  std::vector<std::string> words{""};
  auto* pipe = popen(("sh -eu " + file.string()).c_str(), "r");
  for (int c = 0; pipe != nullptr && (c = std::fgetc(pipe)) != EOF;) {
    if (c == '\n')
      words.emplace_back();
    else
      words.back() += static_cast<char>(c);
  }
  EXPECT_TRUE(pipe != nullptr && pclose(pipe) == 0);
  std::filesystem::remove(file);
  words.pop_back();
  return words;
}

TEST(FlowRules, AreWordsThatAShellLeavesAlone) {
  EXPECT_THAT(
      words_of(rule("aws", ranges)),
      ElementsAre("aws", "ec2", "authorize-security-group-ingress", "--group-id", "sg-1", "--ip-permissions",
                  "IpProtocol=tcp,FromPort=443,ToPort=443,IpRanges=[{CidrIp=77.92.124.0/27},{CidrIp=192."
                  "0.2.7/32}],Ipv6Ranges=[{CidrIpv6=2001:db8:7::/48}]"));
  EXPECT_THAT(
      words_of(rule("azure", one)),
      ElementsAre("az", "network", "nsg", "rule", "create", "--resource-group", "my group", "--nsg-name",
                  "nsg", "--name", "allow-tcp-443-ipv4", "--priority", "100", "--direction", "Outbound",
                  "--access", "Allow", "--protocol", "Tcp", "--source-address-prefixes", "10.1.2.3",
                  "--source-port-ranges", "*", "--destination-address-prefixes", "203.0.113.9",
                  "--destination-port-ranges", "443"));
}

TEST(FlowRules, AreTakenByNft) {
  // The table and chains of Debian's /etc/nftables.conf.
  const auto setup =
      script("setup",
             "nft add table inet filter\n"
             "for chain in input forward output; do\n"
             "  nft \"add chain inet filter $chain { type filter hook $chain priority 0; policy drop; }\"\n"
             "done\n");
  std::string pasted;
  for (const auto& each : {one, both, ranges, unknown, with(one, on_this_machine), with(both, at_destination),
                           with(both, to_a_resolver), with(both, reads_tls), with(both, on_a_range)})
    pasted += rule("nftables", each);
  const auto rules = script("rules", pasted);
  const auto result =
      tests::in_network(setup.string(), [&] { EXPECT_TRUE(tests::run_script(rules.string())) << pasted; });
  std::filesystem::remove(setup);
  std::filesystem::remove(rules);
  if (result == tests::NamespaceResult::refused) GTEST_SKIP() << "no network namespace here";
  EXPECT_EQ(result, tests::NamespaceResult::passed);
}

}  // namespace
}  // namespace fwprobe::checks
