#include <gtest/gtest.h>

#include "tests/allowlist/platform_rules.h"

namespace fwprobe::allowlist {
namespace {

/// A rule of the network "default" for everything from 192.0.2.0/24 to port 443, but for these fields.
std::string rule(std::string_view name, std::string_view fields) {
  return fmt::format(
      R"({{"kind": "compute#firewall", "name": "{}", "network": "https://www.googleapis.com/compute/v1/projects/p/global/networks/default", {}}})",
      name, fields);
}

const std::string allow =
    R"("direction": "INGRESS", "sourceRanges": ["192.0.2.0/24"], "allowed": [{"IPProtocol": "tcp", "ports": ["443", "8000-8010"]}])";
const std::string deny =
    R"("direction": "INGRESS", "sourceRanges": ["192.0.2.0/25"], "denied": [{"IPProtocol": "all"}])";

TEST(Gcp, RulesAreAskedByPriorityAndDenyWinsOfEqualOnes) {
  struct Case {
    const char* name;
    std::string rules;
    Probe probe;
    const char* verdict;
  };
  const Case cases[] = {
      {"an allowed port", rule("a", allow), {"192.0.2.200"}, "allowed by a"},
      {"the last port of a range", rule("a", allow), {.source = "192.0.2.200", .port = 8010}, "allowed by a"},
      {"a port that is not allowed",
       rule("a", allow),
       {.source = "192.0.2.200", .port = 22},
       "dropped by implied deny"},
      {"deny wins at the default priority, wherever it stands",
       rule("a", allow) + "," + rule("d", deny),
       {"192.0.2.1"},
       "dropped by d"},
      {"deny wins wherever it stands",
       rule("d", deny) + "," + rule("a", allow + R"(, "priority": 1000)"),
       {"192.0.2.1"},
       "dropped by d"},
      {"a lower number comes first",
       rule("d", deny) + "," + rule("a", allow + R"(, "priority": 999)"),
       {"192.0.2.1"},
       "allowed by a"},
      {"a disabled rule is none",
       rule("a", allow) + "," + rule("d", deny + R"(, "disabled": true)"),
       {"192.0.2.1"},
       "allowed by a"},
      {"no ports are all ports",
       rule("a",
            R"("direction": "INGRESS", "sourceRanges": ["192.0.2.0/24"], "allowed": [{"IPProtocol": "6"}])"),
       {.source = "192.0.2.1", .port = 9},
       "allowed by a"},
      {"no source is any IPv4 address",
       rule("a", R"("direction": "INGRESS", "allowed": [{"IPProtocol": "all"}])"),
       {"198.51.100.1"},
       "allowed by a"},
      {"no source is no IPv6 address",
       rule("a", R"("direction": "INGRESS", "allowed": [{"IPProtocol": "all"}])"),
       {"2001:db8::1", "2001:db8::2"},
       "dropped by implied deny"},
      {"a rule may name destinations as well",
       rule("a", allow + R"(, "destinationRanges": ["10.0.0.6/32"])"),
       {"192.0.2.1"},
       "dropped by implied deny"},
      {"a source tag is not an address",
       rule(
           "a",
           R"("direction": "INGRESS", "sourceTags": ["ci"], "sourceRanges": ["192.0.2.0/24"], "allowed": [{"IPProtocol": "tcp"}])"),
       {"10.1.2.3"},
       "perhaps allowed by a: the address is of an instance with the tag ci (not in this file)"},
      {"no instance with a source tag has a public IPv4 address there",
       rule("d", R"("direction": "INGRESS", "sourceTags": ["ci"], "denied": [{"IPProtocol": "all"}])") + "," +
           rule("a", allow),
       {"192.0.2.1"},
       "allowed by a"},
      {"but perhaps an IPv6 one",
       rule(
           "d",
           R"("direction": "INGRESS", "sourceServiceAccounts": ["ci@p"], "denied": [{"IPProtocol": "all"}])"),
       {"2600:1900::1", "2001:db8::2"},
       "perhaps dropped by d: the address is of an instance with the service account ci@p (not in this "
       "file)"},
      {"a range beside a source tag is enough",
       rule(
           "a",
           R"("direction": "INGRESS", "sourceTags": ["ci"], "sourceRanges": ["192.0.2.0/24"], "allowed": [{"IPProtocol": "tcp"}])"),
       {"192.0.2.1"},
       "allowed by a"},
      {"a target tag is a question",
       rule("a", allow + R"(, "targetTags": ["git", "web"])"),
       {"192.0.2.1"},
       "perhaps allowed by a: the instance has the tag git (#tag=)"},
      {"a service account is a question",
       rule("a", allow + R"(, "targetServiceAccounts": ["git@p.iam"])"),
       {"192.0.2.1"},
       "perhaps allowed by a: the instance has the service account git@p.iam (#service-account=)"},
      {"an allow with the priority of the implied deny is a question",
       rule("a", allow + R"(, "priority": 65535)"),
       {"192.0.2.1"},
       "perhaps allowed by a: the implied deny of the same priority does not come first"},
  };
  for (const auto& row : cases) {
    SCOPED_TRACE(row.name);
    const auto rules = read("[" + row.rules + "]");
    ASSERT_TRUE(rules) << rules.error().message;
    EXPECT_EQ(verdict(chain_of(*rules, Hook::input), row.probe), row.verdict);
    EXPECT_EQ(verdict(chain_of(*rules, Hook::output), {"10.0.0.5", "192.0.2.1"}), "allowed by implied allow");
  }
}

TEST(Gcp, TheInstancesTagsDecideWhichRulesApply) {
  const auto text = "[" + rule("a", allow + R"(, "targetTags": ["git", "web"])") + "]";
  const auto with = read(text, {{"tag", "web"}, {"tag", "db"}});
  ASSERT_TRUE(with) << with.error().message;
  EXPECT_EQ(verdict(chain_of(*with, Hook::input), {"192.0.2.1"}), "allowed by a");
  const auto without = read(text, {{"tag", "db"}});
  ASSERT_TRUE(without) << without.error().message;
  EXPECT_EQ(verdict(chain_of(*without, Hook::input), {"192.0.2.1"}), "dropped by implied deny");
}

TEST(Gcp, ATagThatNoRuleIsForIsNoted) {
  const auto text = "[" + rule("a", allow + R"(, "targetTags": ["git", "web"])") + "]";
  const auto notes = [&](std::vector<Selector> selectors) {
    const auto rules = read(text, std::move(selectors));
    std::vector<std::string> texts;
    for (const auto& note : rules.value().notes)
      if (!note.text.contains("firewall policies")) texts.push_back(note.text);
    return texts;
  };
  EXPECT_EQ(
      notes({{"tag", "git"}, {"tag", "GIT"}, {"service-account", "ci@p"}}),
      (std::vector<std::string>{"no rule is for the tag GIT", "no rule is for the service account ci@p"}));
  EXPECT_EQ(notes({{"tag", "-"}}), std::vector<std::string>{});
}

TEST(Gcp, WhatGoesOutIsAllowedUnlessARuleDeniesIt) {
  const auto rules = read(sample("gcp-firewall-rules.json"));
  ASSERT_TRUE(rules) << rules.error().message;
  EXPECT_EQ(rules->format, "Google Cloud firewall rules");
  const auto& out = chain_of(*rules, Hook::output);
  EXPECT_EQ(verdict(out, {"10.0.0.5", "192.0.2.1", 443}), "allowed by implied allow");
  EXPECT_EQ(verdict(out, {"10.0.0.5", "192.0.2.1", 25}), "dropped by deny-out");
  const auto& in = chain_of(*rules, Hook::input);
  EXPECT_EQ(verdict(in, {"162.19.204.13"}), "dropped by deny-hosting");
  EXPECT_EQ(verdict(in, {"77.92.124.31"}), "allowed by allow-ci");
  EXPECT_EQ(in.name, "default ingress");
}

TEST(Gcp, OfSeveralNetworksOneHasToBeChosen) {
  const auto other =
      R"({"name": "b", "direction": "EGRESS", "network": "projects/p/global/networks/other", "denied": [{"IPProtocol": "all"}]})";
  const auto text = "[" + rule("a", allow) + "," + other + "]";
  EXPECT_EQ(error_of(text),
            "f:1:1: holds 2 networks: 'p/default' ('default'), 'p/other' ('other'); say which: "
            "FILE#network=p/default");
  const auto rules = read(text, {{"network", "other"}});
  ASSERT_TRUE(rules) << rules.error().message;
  EXPECT_EQ(verdict(chain_of(*rules, Hook::input), {"192.0.2.1"}), "dropped by implied deny");
  EXPECT_EQ(verdict(chain_of(*rules, Hook::output), {"10.0.0.5", "192.0.2.1"}), "dropped by b");
}

TEST(Gcp, OneNameInTwoProjectsIsTwoNetworks) {
  const auto other =
      R"({"name": "b", "direction": "INGRESS", "network": "projects/q/global/networks/default", "denied": [{"IPProtocol": "all"}]})";
  const auto text = "[" + rule("a", allow) + "," + other + "]";
  EXPECT_EQ(
      error_of(text, {{"network", "default"}}),
      "f:1:1: 2 networks bear the name 'default': 'p/default' ('default'), 'q/default' ('default'); say "
      "which: FILE#network=p/default");
  const auto rules = read(text, {{"network", "q/default"}});
  ASSERT_TRUE(rules) << rules.error().message;
  EXPECT_EQ(verdict(chain_of(*rules, Hook::input), {"192.0.2.1"}), "dropped by b");
}

TEST(Gcp, WhatCannotBeReadIsRefusedAtItsPlace) {
  const std::tuple<const char*, std::string, const char*> cases[] = {
      {"both allowed and denied", rule("a", allow + R"(, "denied": [{"IPProtocol": "tcp"}])"),
       "/0: should have either allowed or denied, with at least one protocol"},
      {"neither", rule("a", R"("direction": "INGRESS")"),
       "/0: should have either allowed or denied, with at least one protocol"},
      {"a direction that is none", rule("a", R"("direction": "BOTH", "allowed": [{"IPProtocol": "tcp"}])"),
       "/0: direction should be INGRESS or EGRESS"},
      {"a priority that is too high", rule("a", allow + R"(, "priority": 65536)"),
       "/0/priority: should be a whole number from 0 to 65535"},
      {"a protocol that is none", rule("a", R"("allowed": [{"IPProtocol": "quic"}])"),
       "/0/allowed/0/IPProtocol: 'quic' is no protocol; write tcp, udp, icmp, a number from 0 to 255, or "
       "any"},
      {"ports of a protocol without", rule("a", R"("allowed": [{"IPProtocol": "icmp", "ports": ["8"]}])"),
       "/0/allowed/0: has ports, and a protocol without them"},
      {"ports that run backwards", rule("a", R"("allowed": [{"IPProtocol": "tcp", "ports": ["90-80"]}])"),
       "/0/allowed/0/ports/0: the ports 90-80 run backwards; write 80-90"},
      {"a port as a number", rule("a", R"("allowed": [{"IPProtocol": "tcp", "ports": [80]}])"),
       "/0/allowed/0/ports/0: is a number; should be a string"},
      {"disabled as a word", rule("a", allow + R"(, "disabled": "no")"),
       "/0/disabled: is a string; should be true or false"},
      {"a range that is none", rule("a", R"("sourceRanges": ["office"], "allowed": [{"IPProtocol": "tcp"}])"),
       "/0/sourceRanges/0: 'office' is no address and no prefix; write 192.0.2.0/24"},
      {"a firewall policy", R"({"kind": "compute#firewallPolicy", "rules": [{"direction": "INGRESS"}]})",
       "/0: is 'compute#firewallPolicy', no firewall rule; take gcloud compute firewall-rules list "
       "--format=json"},
      {"no network", R"({"kind": "compute#firewall", "name": "a"})", "/0: has no network"},
      {"a rule that is none", rule("a", allow) + ", 7", "/1: is a number; should be an object"},
  };
  for (const auto& [name, text, message] : cases) {
    SCOPED_TRACE(name);
    const auto error = error_of("[" + text + "]");
    EXPECT_EQ(error.substr(std::min(error.find('/'), error.size())), message);
    EXPECT_TRUE(error.starts_with("f:1:"));
  }
  EXPECT_EQ(error_of(R"({"firewalls": [], "firewallPolicys": [{"rules": [{"direction": "INGRESS"}]}]})"),
            "f:1:1: has no items; take gcloud compute firewall-rules list --format=json");
}

}  // namespace
}  // namespace fwprobe::allowlist
