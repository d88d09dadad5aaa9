#include <gtest/gtest.h>

#include "tests/allowlist/platform_rules.h"

namespace fwprobe::allowlist {
namespace {

std::string group(std::string_view permissions, std::string_view egress = "") {
  return fmt::format(R"({{"SecurityGroups": [{{"GroupId": "sg-1", "GroupName": "web", "VpcId": "vpc-1",
"IpPermissions": [{}], "IpPermissionsEgress": [{}]}}]}})",
                     permissions, egress);
}

std::string acl(std::string_view entries) {
  return fmt::format(R"({{"NetworkAcls": [{{"NetworkAclId": "acl-1", "Entries": [{}]}}]}})", entries);
}

TEST(AwsGroups, ARuleAllowsWhatItSaysAndNothingElseIsAllowed) {
  struct Case {
    const char* name;
    const char* permission;
    Probe probe;
    const char* verdict;
  };
  const char* https =
      R"({"IpProtocol": "tcp", "FromPort": 443, "ToPort": 444, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]})";
  const char* everything = R"({"IpProtocol": "-1", "IpRanges": [{"CidrIp": "192.0.2.0/24"}]})";
  const char* six =
      R"({"IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535, "Ipv6Ranges": [{"CidrIpv6": "2001:db8::/32"}], "IpRanges": []})";
  const char* number =
      R"({"IpProtocol": "50", "FromPort": 7, "ToPort": 7, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]})";
  const char* ping =
      R"({"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]})";
  const char* icmp =
      R"({"IpProtocol": "icmp", "FromPort": -1, "ToPort": -1, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]})";
  const char* list =
      R"({"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "PrefixListIds": [{"PrefixListId": "pl-1"}]})";
  const char* members =
      R"({"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "UserIdGroupPairs": [{"GroupId": "sg-2", "UserId": "1"}]})";
  const Case cases[] = {
      {"the first port of the range", https, {"192.0.2.1"}, "allowed by tcp 443-444 from 192.0.2.0/24"},
      {"the last port of the range",
       https,
       {.source = "192.0.2.1", .port = 444},
       "allowed by tcp 443-444 from 192.0.2.0/24"},
      {"a port behind the range", https, {.source = "192.0.2.1", .port = 445}, "dropped by implied deny"},
      {"an address outside", https, {"192.0.3.0"}, "dropped by implied deny"},
      {"another protocol", https, {.source = "192.0.2.1", .protocol = 17}, "dropped by implied deny"},
      {"-1 is every protocol, without ports",
       everything,
       {.source = "192.0.2.1", .port = 9, .protocol = 47},
       "allowed by all from 192.0.2.0/24"},
      {"IPv6 has its own list", six, {"2001:db8::1", "2001:db8::2"}, "allowed by tcp from 2001:db8::/32"},
      {"and IPv4 is not in it", six, {"192.0.2.1"}, "dropped by implied deny"},
      {"a protocol but TCP, UDP and ICMP has all ports, whatever stands there",
       number,
       {.source = "192.0.2.1", .port = 9, .protocol = 50},
       "allowed by 50 from 192.0.2.0/24"},
      {"one type of ICMP is not all of it",
       ping,
       {.source = "192.0.2.1", .protocol = 1},
       "perhaps allowed by icmp from 192.0.2.0/24: it is ICMP type 8"},
      {"ICMP of type -1 is all of it",
       icmp,
       {.source = "192.0.2.1", .protocol = 1},
       "allowed by icmp from 192.0.2.0/24"},
      {"a prefix list is elsewhere",
       list,
       {"192.0.2.1"},
       "perhaps allowed by tcp 443 from pl-1: the address is in pl-1 (not in this file: aws ec2 "
       "get-managed-prefix-list-entries --prefix-list-id pl-1)"},
      {"a prefix list for one port says nothing about another",
       list,
       {.source = "192.0.2.1", .port = 22},
       "dropped by implied deny"},
      {"members of a group are elsewhere",
       members,
       {"192.0.2.1"},
       "perhaps allowed by tcp 443 from sg-2: the address is of a member of sg-2 (not in this file)"},
      {"no rule allows nothing", "", {"192.0.2.1"}, "dropped by implied deny"},
  };
  for (const auto& row : cases) {
    SCOPED_TRACE(row.name);
    const auto rules = read(group(row.permission));
    ASSERT_TRUE(rules) << rules.error().message;
    EXPECT_EQ(verdict(chain_of(*rules, Hook::input), row.probe), row.verdict);
    EXPECT_EQ(verdict(chain_of(*rules, Hook::output), {"10.0.0.5", "192.0.2.1"}), "dropped by implied deny");
  }
}

TEST(AwsGroups, WhatGoesOutIsJudgedByTheDestination) {
  const auto rules = read(group("", R"({"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]})"));
  ASSERT_TRUE(rules) << rules.error().message;
  EXPECT_EQ(verdict(chain_of(*rules, Hook::output), {"10.0.0.5", "192.0.2.1"}),
            "allowed by all to 0.0.0.0/0");
  EXPECT_EQ(verdict(chain_of(*rules, Hook::output), {"2001:db8::1", "2001:db8::2"}),
            "dropped by implied deny");
}

TEST(AwsGroups, OfSeveralGroupsOneHasToSayWhich) {
  const auto text = sample("aws-security-groups.json");
  EXPECT_EQ(error_of(text),
            "f:1:1: holds 2 security groups: 'sg-0a1b2c3d4e5f60718' ('git-server'), 'sg-0fedcba9876543210' "
            "('monitoring'); say which: FILE#group=sg-0a1b2c3d4e5f60718");
  EXPECT_EQ(error_of(text, {{"group", "web"}}),
            "f:1:1: has no group 'web'; it holds 'sg-0a1b2c3d4e5f60718' ('git-server'), "
            "'sg-0fedcba9876543210' ('monitoring')");
  EXPECT_EQ(error_of(text, {{"nsg", "web"}}),
            "f:1:1: this format has nothing to choose by 'nsg'; known are group");
  const auto one = read(text, {{"group", "git-server"}});
  ASSERT_TRUE(one) << one.error().message;
  EXPECT_EQ(chain_of(*one, Hook::input).name, "sg-0a1b2c3d4e5f60718 inbound");
  EXPECT_EQ(chain_of(*one, Hook::input).rules.size(), 5U);
  EXPECT_EQ(one->notes.size(), 1U);
  const auto both = read(text, {{"group", "all"}});
  ASSERT_TRUE(both) << both.error().message;
  EXPECT_EQ(chain_of(*both, Hook::input).name, "sg-0a1b2c3d4e5f60718 + sg-0fedcba9876543210 inbound");
  EXPECT_EQ(both->notes.at(0).text, "2 groups are united, as on an interface that has them all");
  EXPECT_EQ(verdict(chain_of(*both, Hook::input), {.source = "10.1.1.1", .protocol = 1}),
            "perhaps allowed by sg-0fedcba9876543210, icmp from 10.0.0.0/8: it is ICMP type 8");
}

TEST(AwsGroups, GroupsOfTwoVpcsAreNotOfOneInterface) {
  const auto text = R"({"SecurityGroups": [
{"GroupId": "sg-a", "GroupName": "web", "VpcId": "vpc-1", "IpPermissions": [], "IpPermissionsEgress": []},
{"GroupId": "sg-b", "GroupName": "web", "VpcId": "vpc-2", "IpPermissions": [], "IpPermissionsEgress": []},
{"GroupId": "sg-c", "GroupName": "db", "VpcId": "vpc-2", "IpPermissions": [], "IpPermissionsEgress": []}]})";
  EXPECT_EQ(error_of(text, {{"group", "web"}}),
            "f:1:1: 2 security groups bear the name 'web': 'sg-a' ('web'), 'sg-b' ('web'); say which: "
            "FILE#group=sg-a");
  EXPECT_EQ(
      error_of(text, {{"group", "all"}}),
      "f:1:1: holds groups of 2 VPCs (vpc-1, vpc-2), and an interface is in one; say which groups it has: "
      "FILE#group=ID,group=ID");
  for (const auto* name : {"sg-b", "db"}) {
    const auto rules = read(text, {{"group", name}, {"group", "sg-c"}});
    EXPECT_TRUE(rules) << rules.error().message;
  }
}

TEST(AwsGroups, WhatOneGroupSurelyAllowsNoDoubtOfAnotherTakesAway) {
  const auto rules = read(group(R"({"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-1"}]},
      {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]})"));
  ASSERT_TRUE(rules) << rules.error().message;
  EXPECT_EQ(verdict(chain_of(*rules, Hook::input), {"192.0.2.1"}), "allowed by tcp 443 from 192.0.2.0/24");
}

TEST(AwsGroups, NoRuleIsInVainAsTheyHaveNoOrder) {
  const auto rules = read(group(R"({"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
      {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "192.0.2.0/24"}]})"));
  ASSERT_TRUE(rules) << rules.error().message;
  EXPECT_EQ(idle(*rules), std::vector<std::string>{});
}

TEST(AwsGroups, TheFlatFormSaysTheSame) {
  const auto rules = read(sample("aws-security-group-rules.json"));
  ASSERT_TRUE(rules) << rules.error().message;
  EXPECT_EQ(rules->format, "AWS security groups");
  const auto& in = chain_of(*rules, Hook::input);
  EXPECT_EQ(verdict(in, {"77.92.124.1"}), "allowed by tcp 443 from 77.92.0.0/16");
  EXPECT_EQ(in.rules.at(0).name.line, 11);
  EXPECT_EQ(verdict(in, {.source = "77.92.124.1", .port = 22}),
            "perhaps allowed by tcp 22 from sg-0fedcba9876543210: the address is of a member of "
            "sg-0fedcba9876543210 (not in this file)");
  EXPECT_EQ(verdict(chain_of(*rules, Hook::output), {"10.0.0.5", "192.0.2.1", 9, 50}),
            "allowed by all to 0.0.0.0/0");
}

TEST(AwsAcl, TheLowestNumberDecidesInEachDirection) {
  const auto rules = read(sample("aws-network-acls.json"));
  ASSERT_TRUE(rules) << rules.error().message;
  EXPECT_EQ(rules->format, "AWS network ACL");
  const auto& in = chain_of(*rules, Hook::input);
  EXPECT_EQ(verdict(in, {"77.92.124.1"}), "allowed by rule 100");
  EXPECT_EQ(verdict(in, {"77.92.124.16"}), "dropped by rule 90");
  EXPECT_EQ(verdict(in, {.source = "77.92.124.1", .port = 22}), "dropped by rule 32767");
  EXPECT_EQ(verdict(in, {"2001:db8::1", "2001:db8::2"}), "dropped by rule 32768");
  const auto& back = chain_of(*rules, Hook::output, Packet::reply);
  EXPECT_EQ(verdict(back, {"10.0.0.5", "77.92.124.1"}), "allowed by rule 100");
  EXPECT_EQ(verdict(back, {"10.0.0.5", "34.147.2.16"}),
            "perhaps allowed by rule 110: the client's port is in 32768-65535, not elsewhere in 1024-65535 "
            "(#client-ports=)");
  const auto linux = read(sample("aws-network-acls.json"), {{"client-ports", "32768-60999"}});
  ASSERT_TRUE(linux) << linux.error().message;
  EXPECT_EQ(verdict(chain_of(*linux, Hook::output, Packet::reply), {"10.0.0.5", "34.147.2.16"}),
            "allowed by rule 110");
}

TEST(AwsAcl, TypesAreOfIcmpOnly) {
  const auto entry = [](std::string_view protocol) {
    return acl(fmt::format(
        R"({{"RuleNumber": 100, "Egress": false, "Protocol": "{}", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0", "IcmpTypeCode": {{"Code": 0, "Type": 8}}}})",
        protocol));
  };
  const auto tcp = read(entry("6"));
  ASSERT_TRUE(tcp) << tcp.error().message;
  EXPECT_EQ(verdict(chain_of(*tcp, Hook::input), {"192.0.2.1"}), "allowed by rule 100");
  const auto icmp = read(entry("1"));
  ASSERT_TRUE(icmp) << icmp.error().message;
  EXPECT_EQ(verdict(chain_of(*icmp, Hook::input), {.source = "192.0.2.1", .protocol = 1}),
            "perhaps allowed by rule 100: it is ICMP type 8");
}

TEST(AwsAcl, TheLastRuleIsNotTheUsers) {
  const auto entry = [](int number, std::string_view action) {
    return fmt::format(
        R"({{"RuleNumber": {}, "Egress": false, "Protocol": "-1", "RuleAction": "{}", "CidrBlock": "0.0.0.0/0"}})",
        number, action);
  };
  const auto rules = read(acl(entry(100, "allow") + "," + entry(200, "deny") + "," + entry(32767, "deny")));
  ASSERT_TRUE(rules) << rules.error().message;
  EXPECT_EQ(idle(*rules), std::vector<std::string>{"rule 200"});
}

TEST(AwsAcl, TheClientsPortsAreOneRange) {
  const auto text = sample("aws-network-acls.json");
  EXPECT_EQ(error_of(text, {{"client-ports", "1024-4999"}, {"client-ports", "49152-65535"}}),
            "f:1:1: client-ports is there twice; write one range");
  EXPECT_EQ(error_of(text, {{"client-ports", "5-4"}}),
            "f:1:1: client-ports: the ports 5-4 run backwards; write 4-5");
}

TEST(AwsAcl, ReturnTrafficNeedsARuleOfItsOwn) {
  const auto rules = read(acl(
      R"({"RuleNumber": 100, "Egress": false, "Protocol": "6", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0", "PortRange": {"From": 443, "To": 443}},
   {"RuleNumber": 100, "Egress": true, "Protocol": "6", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0", "PortRange": {"From": 443, "To": 443}})"));
  ASSERT_TRUE(rules) << rules.error().message;
  EXPECT_EQ(verdict(chain_of(*rules, Hook::input), {"192.0.2.1"}), "allowed by rule 100");
  EXPECT_EQ(verdict(chain_of(*rules, Hook::output, Packet::reply), {"10.0.0.5", "192.0.2.1"}),
            "dropped by rule *");
  EXPECT_EQ(verdict(chain_of(*rules, Hook::input, Packet::reply), {"192.0.2.1", "10.0.0.5"}),
            "dropped by rule *");
}

TEST(AwsAcl, TheClientsPortsAreDecidedByAllEntriesTogether) {
  struct Outbound {
    int first;
    int last;
    const char* action;
  };
  struct Case {
    const char* name;
    std::vector<Outbound> entries;
    bool accepted;
    bool dropped;
  };
  const Case cases[] = {
      {"two ranges that meet", {{1024, 40000, "allow"}, {40001, 65535, "allow"}}, true, false},
      {"a range of which an earlier entry has taken all",
       {{1024, 40000, "deny"}, {2000, 30000, "allow"}, {40001, 65535, "deny"}},
       false,
       true},
      {"a port that no entry has", {{1024, 40000, "allow"}, {40002, 65535, "allow"}}, true, true},
      {"ports of no client count for nothing", {{1, 1023, "deny"}, {0, 65535, "allow"}}, true, false},
  };
  for (const auto& row : cases) {
    SCOPED_TRACE(row.name);
    std::string entries =
        R"({"RuleNumber": 1, "Egress": false, "Protocol": "-1", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"})";
    int number = 0;
    for (const auto& [first, last, action] : row.entries)
      entries += fmt::format(
          R"(, {{"RuleNumber": {}, "Egress": true, "Protocol": "6", "RuleAction": "{}", "CidrBlock": "0.0.0.0/0", "PortRange": {{"From": {}, "To": {}}}}})",
          ++number, action, first, last);
    const auto rules = read(acl(entries));
    ASSERT_TRUE(rules) << rules.error().message;
    FlowBox box;
    box.sources = PrefixSet{parse_prefix("192.0.2.1")->prefix};
    box.destinations = PrefixSet{parse_prefix("10.0.0.5")->prefix};
    box.protocols = Protocols{6, 6};
    box.ports = Ports{443, 443};
    const auto found = evaluate(std::span{&*rules, 1}, FlowSet{box}, Direction::inbound, Position::host);
    ASSERT_TRUE(found) << found.error();
    EXPECT_EQ(!found->accepted.empty(), row.accepted);
    EXPECT_EQ(!found->dropped.empty(), row.dropped);
  }
}

TEST(Aws, WhatCannotBeReadIsRefusedAtItsPlace) {
  const std::string ok = R"({"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "IpRanges": []})";
  const std::tuple<const char*, std::string, const char*> cases[] = {
      {"cut short", group(ok).substr(0, 80),
       "f:2:2: the file ends in the middle of a value: it was cut short"},
      {"a comma too many, as in the manual", group(ok + ","),
       "f:2:85: a comma in front of ']': JSON has none behind the last value"},
      {"an export of nothing", R"({"SecurityGroups": []})", "f:1:1: holds no security group"},
      {"an export of something else that has groups", R"({"Reservations": [{"SecurityGroups": []}]})",
       "f:1:1: has no SecurityGroups; take aws ec2 describe-security-groups"},
      {"and one that has ACLs", R"({"Subnets": [{"NetworkAcls": []}]})",
       "f:1:1: has no NetworkAcls; take aws ec2 describe-network-acls"},
      {"an export of no ACL", R"({"NetworkAcls": []})", "f:1:1: holds no network ACL"},
      {"an export of no rule", R"({"SecurityGroupRules": []})", "f:1:1: holds no security group"},
      {"another type", R"({"SecurityGroups": {}})",
       "f:1:20: /SecurityGroups: is an object; should be an array"},
      {"a group without rules", R"({"SecurityGroups": [{"GroupId": "sg-1"}]})",
       "f:1:21: /SecurityGroups/0: has no IpPermissions"},
      {"no protocol", group(R"({"IpRanges": []})"),
       "f:2:19: /SecurityGroups/0/IpPermissions/0: has no IpProtocol"},
      {"a port as text that is none", group(R"({"IpProtocol": "tcp", "FromPort": "https", "ToPort": 443})"),
       "f:2:59: /SecurityGroups/0/IpPermissions/0/FromPort: should be a whole number from -1 to 65535"},
      {"a port that is too high", group(R"({"IpProtocol": "tcp", "FromPort": 1, "ToPort": 65536})"),
       "f:2:70: /SecurityGroups/0/IpPermissions/0/ToPort: should be a whole number from -1 to 65535"},
      {"ports that run backwards", group(R"({"IpProtocol": "tcp", "FromPort": 2, "ToPort": 1})"),
       "f:2:19: /SecurityGroups/0/IpPermissions/0: the ports 2 to 1 are no range"},
      {"a prefix that is none", group(R"({"IpProtocol": "-1", "IpRanges": [{"CidrIp": "192.0.2.0/33"}]})"),
       "f:2:77: /SecurityGroups/0/IpPermissions/0/IpRanges/0/CidrIp: '192.0.2.0/33': the prefix length is a "
       "number from 0 to 32"},
      {"a page of several", R"({"SecurityGroups": [], "NextToken": "x"})",
       "f:1:39: /NextToken: the export goes on behind this; run aws without --max-items and --no-paginate"},
      {"a page that is the last", R"({"SecurityGroups": [], "NextToken": ""})",
       "f:1:1: holds no security group"},
      {"a rule without peers",
       R"({"SecurityGroupRules": [{"GroupId": "sg-1", "IsEgress": false, "IpProtocol": "-1"}]})",
       "f:1:25: /SecurityGroupRules/0: has none of CidrIpv4, CidrIpv6, PrefixListId and ReferencedGroupInfo"},
      {"a rule number twice",
       acl(R"({"RuleNumber": 1, "Egress": true, "Protocol": "-1", "RuleAction": "allow", "CidrBlock": "0.0.0.0/0"}, {"RuleNumber": 1, "Egress": true, "Protocol": "-1", "RuleAction": "deny", "CidrBlock": "0.0.0.0/0"})"),
       "f:1:18: /NetworkAcls/0: has rule 1 twice in one direction"},
      {"an action that is none",
       acl(R"({"RuleNumber": 1, "Egress": true, "Protocol": "-1", "RuleAction": "drop", "CidrBlock": "0.0.0.0/0"})"),
       "f:1:56: /NetworkAcls/0/Entries/0: RuleAction should be allow or deny"},
  };
  for (const auto& [name, text, message] : cases) {
    SCOPED_TRACE(name);
    EXPECT_EQ(error_of(text), message);
  }
}

}  // namespace
}  // namespace fwprobe::allowlist
