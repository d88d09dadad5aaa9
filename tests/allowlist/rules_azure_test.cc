#include <gtest/gtest.h>

#include "tests/allowlist/platform_rules.h"

namespace fwprobe::allowlist {
namespace {

/// A rule that allows 192.0.2.0/24 to port 443; later fields replace earlier ones of the same key.
std::string rule(std::vector<std::pair<std::string, std::string>> changes = {}) {
  std::vector<std::pair<std::string, std::string>> fields{
      {"name", R"("a")"},
      {"priority", "100"},
      {"direction", R"("Inbound")"},
      {"access", R"("Allow")"},
      {"protocol", R"("Tcp")"},
      {"sourceAddressPrefix", R"("192.0.2.0/24")"},
      {"sourcePortRange", R"("*")"},
      {"destinationAddressPrefix", R"("*")"},
      {"destinationPortRange", R"("443")"},
  };
  for (auto& [key, value] : changes) {
    const auto found = std::ranges::find(fields, key, &std::pair<std::string, std::string>::first);
    if (found == fields.end())
      fields.emplace_back(key, value);
    else
      found->second = value;
  }
  std::string text;
  for (const auto& [key, value] : fields)
    if (!value.empty()) text += fmt::format("{}\"{}\": {}", text.empty() ? "" : ", ", key, value);
  return "{" + text + "}";
}

std::string nsg(std::string_view rules, std::string_view name = "web-nsg") {
  return fmt::format(R"({{"name": "{}", "securityRules": [{}]}})", name, rules);
}

const char* devops = "the address is in the service tag AzureDevOps (not in this file)";

TEST(Azure, ARuleSaysForWhichFlowsItIs) {
  struct Case {
    const char* name;
    std::string rules;
    Probe probe;
    std::string verdict;
  };
  const Case cases[] = {
      {"an allowed prefix", rule(), {"192.0.2.255"}, "allowed by a"},
      {"an address beside it", rule(), {"192.0.3.0"}, "dropped by DenyAllInBound"},
      {"another port", rule(), {.source = "192.0.2.1", .port = 22}, "dropped by DenyAllInBound"},
      {"plural fields, the singular ones null",
       rule({{"sourceAddressPrefix", "null"},
             {"sourceAddressPrefixes", R"(["198.51.100.1", "192.0.2.0/24"])"},
             {"destinationPortRange", "null"},
             {"destinationPortRanges", R"(["22", "440-450"])"}}),
       {"192.0.2.1"},
       "allowed by a"},
      {"plural fields, the singular ones empty",
       rule({{"sourceAddressPrefix", R"("")"},
             {"sourceAddressPrefixes", R"(["192.0.2.0/24"])"},
             {"destinationPortRange", R"("")"},
             {"destinationPortRanges", R"(["443"])"}}),
       {"192.0.2.1"},
       "allowed by a"},
      {"plural fields empty", rule({{"sourceAddressPrefixes", "[]"}}), {"192.0.2.1"}, "allowed by a"},
      {"case is nothing",
       rule({{"access", R"("ALLOW")"}, {"direction", R"("inbound")"}, {"protocol", R"("TCP")"}}),
       {"192.0.2.1"},
       "allowed by a"},
      {"the lower number comes first, wherever it stands",
       rule() + "," + rule({{"name", R"("d")"}, {"access", R"("Deny")"}, {"priority", "99"}}),
       {"192.0.2.1"},
       "dropped by d"},
      {"* is both families",
       rule({{"sourceAddressPrefix", R"("*")"}}),
       {"2001:db8::1", "2001:db8::2"},
       "allowed by a"},
      {"0.0.0.0/0 is one family",
       rule({{"sourceAddressPrefix", R"("0.0.0.0/0")"}}),
       {"2001:db8::1", "2001:db8::2"},
       "dropped by DenyAllInBound"},
      {"Internet is every public address",
       rule({{"sourceAddressPrefix", R"("Internet")"}}),
       {"203.0.113.9"},
       "allowed by a"},
      {"what of the private ones is Internet cannot be told",
       rule({{"sourceAddressPrefix", R"("Internet")"}}),
       {"10.1.2.3"},
       "perhaps allowed by a: the address is outside VirtualNetwork (not in this file)"},
      {"a public address is not in VirtualNetwork",
       rule({{"sourceAddressPrefix", R"("VirtualNetwork")"}}),
       {"203.0.113.9"},
       "dropped by DenyAllInBound"},
      {"a private one may be",
       rule({{"name", R"("v")"}, {"sourceAddressPrefix", R"("virtualnetwork")"}}),
       {"10.1.2.3"},
       "perhaps allowed by v: the address is in VirtualNetwork (not in this file)"},
      {"the group's own side is in VirtualNetwork",
       rule({{"destinationAddressPrefix", R"("VirtualNetwork")"}}),
       {"192.0.2.1", "203.0.113.1"},
       "allowed by a"},
      {"the load balancer has one address, which only Azure itself has",
       rule({{"sourceAddressPrefix", R"("AzureLoadBalancer")"}}),
       {"168.63.129.16"},
       "perhaps allowed by a: it comes from Azure itself, such as a health probe"},
      {"and no other",
       rule({{"sourceAddressPrefix", R"("AzureLoadBalancer")"}}),
       {"192.0.2.1"},
       "dropped by DenyAllInBound"},
      {"a service tag is a question",
       rule({{"sourceAddressPrefix", R"("AzureDevOps")"}}),
       {"192.0.2.1"},
       fmt::format("perhaps allowed by a: {}", devops)},
      {"a service tag of a region too",
       rule({{"sourceAddressPrefix", R"("AzureCloud.westeurope")"}}),
       {"192.0.2.1"},
       "perhaps allowed by a: the address is in the service tag AzureCloud.westeurope (not in this file)"},
      {"a prefix beside a service tag is none",
       rule({{"sourceAddressPrefix", ""}, {"sourceAddressPrefixes", R"(["AzureDevOps", "192.0.2.0/24"])"}}),
       {"192.0.2.1"},
       "allowed by a"},
      {"but the rest is",
       rule({{"sourceAddressPrefix", ""}, {"sourceAddressPrefixes", R"(["AzureDevOps", "192.0.2.0/24"])"}}),
       {"198.51.100.1"},
       fmt::format("perhaps allowed by a: {}", devops)},
      {"an application security group is a question",
       rule({{"sourceAddressPrefix", ""},
             {"sourceApplicationSecurityGroups", R"([{"id": "/x/applicationSecurityGroups/ci"}])"}}),
       {"10.1.2.3"},
       "perhaps allowed by a: the address is of a member of the application security group ci (not in this "
       "file)"},
      {"for private addresses only, which its members have",
       rule({{"sourceAddressPrefix", ""},
             {"sourceApplicationSecurityGroups", R"([{"id": "/x/applicationSecurityGroups/ci"}])"}}),
       {"192.0.2.1"},
       "dropped by DenyAllInBound"},
      {"of the group's own side it is a question for all",
       rule({{"destinationAddressPrefix", ""},
             {"destinationApplicationSecurityGroups", R"([{"id": "/x/applicationSecurityGroups/git"}])"}}),
       {"192.0.2.1"},
       "perhaps allowed by a: the address is of a member of the application security group git (not in this "
       "file)"},
      {"source ports are a question",
       rule({{"sourcePortRange", R"("1024-2000")"}}),
       {"192.0.2.1"},
       "perhaps allowed by a: its source port is one that the rule names"},
      {"those of all clients are none",
       rule({{"sourcePortRange", R"("1024-65535")"}}),
       {"192.0.2.1"},
       "allowed by a"},
      {"and a rule for those of no client is for no connection",
       rule({{"name", R"("s")"},
             {"access", R"("Deny")"},
             {"priority", "99"},
             {"sourcePortRange", R"("443")"}}) +
           "," + rule(),
       {"192.0.2.1"},
       "allowed by a"},
      {"all source ports are none",
       rule({{"sourcePortRange", R"("0-65535")"}}),
       {"192.0.2.1"},
       "allowed by a"},
      {"no rule leaves the default rules", "", {"203.0.113.9"}, "dropped by DenyAllInBound"},
      {"of which one lets the network itself in",
       "",
       {"10.1.2.3"},
       "perhaps allowed by AllowVnetInBound: the address is in VirtualNetwork (not in this file)"},
  };
  for (const auto& row : cases) {
    SCOPED_TRACE(row.name);
    const auto rules = read(nsg(row.rules));
    ASSERT_TRUE(rules) << rules.error().message;
    EXPECT_EQ(rules->format, "Azure NSG");
    EXPECT_EQ(verdict(chain_of(*rules, Hook::input), row.probe), row.verdict);
    EXPECT_EQ(verdict(chain_of(*rules, Hook::output), {"10.0.0.5", "203.0.113.9"}),
              "allowed by AllowInternetOutBound");
  }
}

TEST(Azure, DefaultRulesMayBeInVain) {
  const std::pair<std::string, std::string> all{"sourceAddressPrefix", R"("*")"};
  const std::pair<std::string, std::string> ports{"destinationPortRange", R"("*")"};
  const auto deny_all =
      rule({{"name", R"("deny")"}, {"access", R"("Deny")"}, {"protocol", R"("*")"}, all, ports});
  const auto behind = rule({{"name", R"("behind")"}, {"priority", "4096"}});
  const auto vnet = rule({{"name", R"("AllowVnetInBound")"}, {"priority", "65000"}});
  for (const auto& defaults : {std::string{}, "," + vnet}) {
    const auto rules = read(nsg(deny_all + "," + behind + defaults));
    ASSERT_TRUE(rules) << rules.error().message;
    EXPECT_EQ(idle(*rules), std::vector<std::string>{"behind"});
  }
}

TEST(Azure, EveryShapeOfTheExportSaysTheSame) {
  for (const auto* name : {"azure-nsg.json", "azure-nsg-rest.json", "azure-nsg-powershell.json"}) {
    SCOPED_TRACE(name);
    const auto rules = read(sample(name));
    ASSERT_TRUE(rules) << rules.error().message;
    const auto& in = chain_of(*rules, Hook::input);
    EXPECT_EQ(in.name, "git-nsg inbound");
    EXPECT_EQ(verdict(in, {"77.92.124.1"}), "allowed by allow-ci");
    EXPECT_EQ(verdict(in, {"162.19.204.13"}), "dropped by block-hosting");
    EXPECT_EQ(verdict(in, {.source = "77.92.124.1", .port = 22}),
              fmt::format("perhaps allowed by allow-devops: {}", devops));
    EXPECT_EQ(verdict(in, {.source = "77.92.124.1", .port = 80}), "dropped by DenyAllInBound");
    EXPECT_EQ(verdict(chain_of(*rules, Hook::output), {"10.0.0.5", "203.0.113.9"}),
              "allowed by AllowInternetOutBound");
  }
}

TEST(Azure, EffectiveRulesAreThoseOfTheSubnetAndOfTheInterface) {
  const auto rules = read(sample("azure-effective-nsg.json"));
  ASSERT_TRUE(rules) << rules.error().message;
  ASSERT_EQ(rules->chains.size(), 4U);
  const auto& subnet = rules->chains[0];
  const auto& interface = rules->chains[2];
  EXPECT_EQ(subnet.name, "servers-nsg inbound");
  EXPECT_EQ(interface.name, "git-nsg inbound");
  const Probe listed{"34.147.2.16", "10.0.0.5"};
  EXPECT_EQ(verdict(subnet, listed), "allowed by allow-web");
  EXPECT_EQ(verdict(interface, listed), "allowed by allow-ci");
  EXPECT_EQ(verdict(subnet, {"77.92.124.31", "10.0.0.5"}), "dropped by DenyAllInBound");
  EXPECT_EQ(verdict(interface, {"77.92.124.31", "10.0.0.5"}), "allowed by allow-ci");
  EXPECT_EQ(verdict(interface, {"2001:db8::1", "2001:db8::2"}),
            "perhaps dropped by DenyAllInBound: 0.0.0.0/0 stands for IPv6 as well");
  EXPECT_EQ(verdict(rules->chains[1], {"10.0.0.5", "203.0.113.9"}), "allowed by AllowInternetOutBound");
  EXPECT_EQ(verdict(rules->chains[1], {"2001:db8::1", "2001:db9::1"}),
            "perhaps allowed by AllowInternetOutBound: 0.0.0.0/0 stands for IPv6 as well; Internet stands "
            "for IPv6 as well");
}

TEST(Azure, OfSeveralGroupsOneHasToBeChosen) {
  const auto text = "[" + nsg(rule(), "one") + "," + nsg("", "two") + "]";
  EXPECT_EQ(error_of(text), "f:1:1: holds 2 network security groups: 'one', 'two'; say which: FILE#nsg=one");
  for (const auto* name : {"two", "Two"}) {
    const auto rules = read(text, {{"nsg", name}});
    ASSERT_TRUE(rules) << rules.error().message;
    EXPECT_EQ(verdict(chain_of(*rules, Hook::input), {"192.0.2.1"}), "dropped by DenyAllInBound") << name;
  }
  const auto both = read(text, {{"nsg", "all"}});
  ASSERT_TRUE(both) << both.error().message;
  EXPECT_EQ(both->chains.size(), 4U);
}

TEST(Azure, OneNameInTwoResourceGroupsIsTwoGroups) {
  const auto id = [](std::string_view within) {
    return fmt::format(
        "/subscriptions/s/resourceGroups/{}/providers/Microsoft.Network/networkSecurityGroups/web", within);
  };
  const auto text = fmt::format(
      R"([{{"name": "web", "id": "{}", "securityRules": [{}]}}, {{"name": "web", "id": "{}", "securityRules": []}}])",
      id("one"), rule(), id("two"));
  const char* ambiguous =
      "f:1:1: 2 network security groups bear the name 'web': 'one/web' ('web'), 'two/web' ('web'); say "
      "which: "
      "FILE#nsg=one/web";
  EXPECT_EQ(error_of(text, {{"nsg", "web"}}), ambiguous);
  for (const auto& value : {std::string{"one/web"}, std::string{"ONE/Web"}, id("one")}) {
    const auto rules = read(text, {{"nsg", value}});
    ASSERT_TRUE(rules) << rules.error().message;
    ASSERT_EQ(rules->chains.size(), 2U);
    EXPECT_EQ(rules->chains[0].name, "one/web inbound");
    EXPECT_EQ(verdict(chain_of(*rules, Hook::input), {"192.0.2.1"}), "allowed by a");
  }
  const auto names = [](std::string_view group, std::string_view other) {
    const auto all =
        read(fmt::format(R"([{{"id": "{}", "securityRules": []}}, {{"id": "{}", "securityRules": []}}])",
                         group, other),
             {{"nsg", "all"}});
    return all ? fmt::format("{}, {}", all->chains[0].name, all->chains[2].name) : all.error().message;
  };
  EXPECT_EQ(names(id("one"), id("two")), "one/web inbound, two/web inbound");
  EXPECT_EQ(names(id("one"), id("ONE")), "web inbound, web inbound");
}

TEST(Azure, AListOfRulesIsOneGroup) {
  const auto rules =
      read("[" + rule({{"id", R"("/x/networkSecurityGroups/web-nsg/securityRules/a")"}}) + "]");
  ASSERT_TRUE(rules) << rules.error().message;
  EXPECT_EQ(chain_of(*rules, Hook::input).name, "web-nsg inbound");
  EXPECT_EQ(verdict(chain_of(*rules, Hook::input), {"192.0.2.1"}), "allowed by a");
}

TEST(Azure, WhatCannotBeReadIsRefusedAtItsPlace) {
  const std::tuple<const char*, std::string, const char*> cases[] = {
      {"rules that PowerShell cut off", nsg(R"("Microsoft.Azure.Commands.Network.Models.PSSecurityRule")"),
       "/securityRules/0: PowerShell left out the rule's fields; run ConvertTo-Json -Depth 10"},
      {"a list that PowerShell joined", nsg(rule({{"sourceAddressPrefix", R"("192.0.2.1 192.0.2.2")"}})),
       "/securityRules/0/sourceAddressPrefix: several values in one string; run ConvertTo-Json -Depth 10"},
      {"no priority", nsg(rule({{"priority", ""}})), "/securityRules/0: has no priority"},
      {"a priority that is too high", nsg(rule({{"priority", "70000"}})),
       "/securityRules/0/priority: should be a whole number from 0 to 65535"},
      {"access that is neither", nsg(rule({{"access", R"("Permit")"}})),
       "/securityRules/0: access should be allow or deny"},
      {"a template's expression", nsg(rule({{"sourceAddressPrefix", R"("[parameters('ci')]")"}})),
       "/securityRules/0/sourceAddressPrefix: '[parameters('ci')]' is no address and no prefix; write "
       "192.0.2.0/24"},
      {"no source", nsg(rule({{"sourceAddressPrefix", "null"}})),
       "/securityRules/0: has neither sourceAddressPrefix nor sourceAddressPrefixes"},
      {"an empty source", nsg(rule({{"sourceAddressPrefix", R"("")"}, {"sourceAddressPrefixes", "[]"}})),
       "/securityRules/0: has neither sourceAddressPrefix nor sourceAddressPrefixes"},
      {"no destination port", nsg(rule({{"destinationPortRange", ""}})),
       "/securityRules/0: has neither destinationPortRange nor destinationPortRanges"},
      {"a prefix that is none", nsg(rule({{"sourceAddressPrefix", R"("192.0.2.0/99")"}})),
       "/securityRules/0/sourceAddressPrefix: '192.0.2.0/99': the prefix length is a number from 0 to 32"},
      {"the same key in two spellings", nsg(rule({{"Priority", "101"}})),
       "/securityRules/0/Priority: is the same key as 'priority'"},
      {"a page of several", R"({"value": [], "nextLink": "https://x", "x": "securityRules"})",
       "/nextLink: the export goes on behind this; take the whole list"},
      {"a group that is none", R"({"value": ["securityRules"]})",
       "/value/0: is a string; should be an object"},
  };
  for (const auto& [name, text, message] : cases) {
    SCOPED_TRACE(name);
    const auto error = error_of(text);
    ASSERT_TRUE(error.starts_with("f:1:")) << error;
    EXPECT_EQ(error.substr(std::min(error.find('/'), error.size())), message);
  }
  EXPECT_EQ(error_of(R"({"resources": [{"properties": {"securityRules": []}}]})"),
            "f:1:1: has no securityRules; take az network nsg show, or az network nic list-effective-nsg");
  EXPECT_EQ(error_of(R"({"value": [], "x": "securityRules"})"), "f:1:1: holds no network security group");
}

}  // namespace
}  // namespace fwprobe::allowlist
