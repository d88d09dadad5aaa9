// What a rule of Linux says about one flow, in each form in which it is written;
// tests/lab/rules_kernel_test.py asks the kernel about whole rulesets.

#include <fstream>
#include <iterator>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "allowlist/rules/evaluate.h"
#include "allowlist/rules/formats.h"

namespace fwprobe::allowlist {
namespace {

constexpr std::uint8_t tcp = 6;

FlowSet flow(const std::string& source, const std::string& destination, std::uint16_t port) {
  FlowBox box;
  box.sources = PrefixSet{parse_prefix(source)->prefix};
  box.destinations = PrefixSet{parse_prefix(destination)->prefix};
  box.protocols = Protocols{tcp, tcp};
  box.ports = Ports{port, port};
  return FlowSet{box};
}

std::string answer(const Evaluation& evaluation, const FlowSet& flows) {
  std::string text;
  if (evaluation.accepted.intersects(flows)) text += "accepted ";
  if (evaluation.dropped.intersects(flows)) text += "dropped ";
  if (evaluation.rejected.intersects(flows)) text += "rejected ";
  return text.substr(0, text.size() - 1);
}

std::string judge(const std::string& text, RulesView view, const std::string& source,
                  const std::string& destination, std::uint16_t port, Position position = Position::host) {
  view.position = position;
  const auto ruleset = read_rules(text, "rules", view);
  if (!ruleset) return ruleset.error().message;
  const auto flows = flow(source, destination, port);
  const auto evaluation = evaluate(std::span{&*ruleset, 1}, flows, view.direction, position);
  return evaluation ? answer(*evaluation, flows) : evaluation.error();
}

std::string sample(const std::string& name) {
  std::ifstream file{fmt::format("{}/tests/allowlist/data/firewall/{}", SOURCE_DIR, name)};
  return {std::istreambuf_iterator<char>{file}, {}};
}

struct RuleCase {
  const char* name;
  const char* rules;  ///< in the input chain of a table inet, whose policy is drop
  const char* expected;
  const char* source = "77.92.124.5";
};

constexpr RuleCase rule_cases[] = {
    {"nothing matches, so the policy drops", "", "dropped"},
    {"a plain rule accepts", "tcp dport 443 accept", "accepted"},
    {"another port is none of the rule's", "tcp dport 22 accept", "dropped"},
    {"a rule for IPv6 is none for IPv4", "ip6 saddr ::/0 accept", "dropped"},
    {"a negated match demands its family", "ip6 saddr != 2001:db8::/32 accept", "dropped"},
    {"ports of UDP are no ports of TCP", "udp dport 443 accept", "dropped"},
    {"the first rule decides", "ip saddr 77.92.124.0/27 drop\ntcp dport 443 accept", "dropped"},
    {"an interface that is not known leaves it open", "iifname eth0 tcp dport 443 accept",
     "accepted dropped"},
    {"the loopback interface is not the way of a published address", "iif lo accept", "dropped"},
    {"any interface but the loopback is", "iifname != \"lo\" tcp dport 443 accept", "accepted"},
    {"a rate limit leaves it open", "tcp dport 443 limit rate 10/second accept", "accepted dropped"},
    {"what is open and then decided alike is certain", "limit rate 10/second accept\ntcp dport 443 accept",
     "accepted"},
    {"a SYN alone is not enough", "ct state new tcp dport 443 accept", "dropped"},
    {"a SYN and what follows it are",
     "ct state established,related accept\nct state new tcp dport 443 accept", "accepted"},
    {"a new connection is not established", "ct state established,related accept", "dropped"},
    {"a client's port is not known", "tcp sport 2000 tcp dport 443 accept", "accepted dropped"},
    {"a client's port is none below 1024", "tcp sport 25 tcp dport 443 accept", "dropped"},
    {"the flags of a SYN are known", "tcp flags syn / fin,syn,rst,ack drop\ntcp dport 443 accept", "dropped"},
    {"a queue may do anything", "tcp dport 443 queue num 1", "accepted dropped"},
    {"logging does not end", "log prefix \"x \" counter\ntcp dport 443 accept", "accepted"},
    {"a set that is not there leaves it open", "ip saddr @absent accept", "accepted dropped"},
    {"a verdict map decides", "tcp dport vmap { 22 : drop, 443 : accept }", "accepted"},
    {"a concatenation is one condition",
     "ip saddr . tcp dport { 77.92.124.0/27 . 443, 10.0.0.1 . 22 } accept", "accepted"},
    {"a range of addresses", "ip saddr 77.92.124.1-77.92.124.4 accept", "dropped"},
    {"a range's last address is in it", "ip saddr 77.92.124.1-77.92.124.5 accept", "accepted"},
    {"a mark may be set", "meta mark 5 accept", "accepted dropped"},
    {"what a rule changes is not followed", "ip daddr set 10.0.0.1\ntcp dport 443 accept",
     "accepted dropped"},
    {"a reset may be meant for one family only",
     "meta l4proto tcp reject with tcp reset\ntcp dport 443 accept", "accepted rejected"},
    {"an ICMP answer is of its family", "reject with icmpv6 type port-unreachable\ntcp dport 443 accept",
     "accepted"},
    {"a variable is its value", "ip saddr $vendor accept", "accepted"},
    {"not understood is never let through", "frobnicate 7\ntcp dport 443 drop", "accepted dropped"},
    {"a family as nft -n prints it", "meta nfproto 10 accept\nmeta nfproto 2 drop\naccept", "dropped"},
    {"a protocol as nft -n prints it", "meta protocol 0x86dd accept\nmeta protocol 0x0800 drop\naccept",
     "dropped"},
    {"a family that is two numbers at once", "meta nfproto ipv4 | ipv6 drop\naccept", "accepted dropped"},
    {"a family that is not known", "meta nfproto 7 accept", "accepted dropped"},
    {"a protocol in a set as nft -n prints it", "meta protocol { 0x0800, 0x86dd } accept", "accepted"},
    {"a state as nft -n prints it", "ct state 0x8 drop\naccept", "dropped"},
    {"a state as a decimal number", "ct state 8 drop\naccept", "dropped"},
    {"another state as nft -n prints it", "ct state 0x2,0x4 drop\naccept", "dropped"},
    {"a state's number among others", "ct state 10 accept", "accepted"},
    {"a state that no packet has", "ct state 0x1 drop\naccept", "accepted"},
    {"a verdict map of states as nft -n prints it",
     "ct state vmap { 0x1 : drop, 0x2 : accept, 0x8 : accept }", "accepted"},
    {"a state that is not known", "ct state frobnicated accept", "accepted dropped"},
    {"two states at once", "ct state == new,established accept", "dropped"},
    {"a state under a mask", "ct state & (new | established) == new accept\nct state established accept",
     "accepted"},
    {"a state under the mask of nft -n", "ct state 0x8 / 0x2,0x8 drop\naccept", "dropped"},
    {"a direction as nft -n prints it", "ct direction 0 drop\naccept", "dropped"},
    {"the other direction as nft -n prints it", "ct direction 1 drop\naccept", "accepted"},
    {"a direction that is not known", "ct direction 2 accept", "accepted dropped"},
    {"flags as nft -n prints them", "tcp flags 0x2 / 0x1,0x2,0x4,0x10 drop\naccept", "dropped"},
    {"a port as a hexadecimal number", "tcp dport 0x1bb accept", "accepted"},
    {"a port that may be octal", "tcp dport 0443 accept", "accepted dropped"},
    {"a masked family is not understood", "meta nfproto & 8 == 8 accept", "accepted dropped"},
    {"an operator as a word", "ct state ne established drop\naccept", "dropped"},
    {"equality as a word", "meta nfproto eq ipv4 drop\naccept", "dropped"},
    {"less as a word", "tcp dport lt 443 drop\naccept", "accepted"},
    {"at most as a word", "tcp dport le 443 drop\naccept", "dropped"},
    {"a mask as a word", "ct state and new == new drop\naccept", "dropped"},
    {"several bits as words", "tcp flags and (syn or ack) eq syn drop\naccept", "dropped"},
    {"operations on bits that are not followed", "ct state new xor established drop\naccept",
     "accepted dropped"},
    {"a mask and more bits", "tcp flags & syn | ack == ack drop\naccept", "accepted dropped"},
    {"a value that goes on leaves all open", "tcp dport 22 frobnicated drop\naccept", "accepted dropped"},
    {"a range of ports with blanks", "tcp dport 400 - 500 drop\naccept", "dropped"},
    {"a range of ports with one blank", "tcp dport 400 -442 drop\ntcp dport 443- 450 drop\naccept",
     "dropped"},
    {"a range of addresses with blanks", "ip saddr 77.92.124.2 - 77.92.124.9 drop\naccept", "dropped"},
    {"a prefix with blanks", "ip saddr 77.92.124.0 / 27 drop\naccept", "dropped"},
    {"a prefix with one blank", "ip saddr 77.92.124.0/ 27 drop\naccept", "dropped"},
    {"a prefix of IPv6 with blanks", "ip6 saddr 2001:db8:: / 32 drop\naccept", "dropped", "2001:db8::7"},
    {"a range of IPv6 with blanks", "ip6 saddr fe80::1 - fe80::9 drop\naccept", "accepted", "2001:db8::7"},
    {"blanks in a set", "ip saddr { 1.2.3.4, 77.92.124.0 / 27 } drop\naccept", "dropped"},
    {"blanks in a set's range", "ip saddr { 1.2.3.4 - 1.2.3.9, 77.92.124.2 - 77.92.124.9 } drop\naccept",
     "dropped"},
    {"an element's own words",
     "ip saddr { 77.92.124.5 timeout 1h expires 5m comment \"x\", 1.2.3.4 counter packets 1 bytes 60 } "
     "accept",
     "accepted"},
    {"an element's limit leaves it open", "ip saddr { 77.92.124.5 limit rate 1/second, 1.2.3.4 } accept",
     "accepted dropped"},
    {"what a verdict map does not have ends the rule", "tcp dport vmap { 22 : continue } accept", "dropped"},
    {"what a verdict map lets go on goes on", "tcp dport vmap { 443 : continue, 22 : drop } accept",
     "accepted"},
    {"behind a verdict map nothing goes on", "tcp dport vmap { 22 : drop } accept", "dropped"},
    {"a mark that is copied", "ct mark set meta mark accept", "accepted"},
    {"a mark that is made of others", "meta mark set ct mark or 0x1 counter accept", "accepted"},
    {"a mark out of a map", "meta mark set ip saddr map { 77.92.124.5 : 1 } accept", "accepted dropped"},
    {"a class that is set", "ip dscp set cs1 accept", "accepted"},
    {"a class is set in its family only", "ip6 dscp set cs1 accept", "dropped"},
    {"a segment size that is set", "tcp flags syn tcp option maxseg size set rt mtu\naccept", "accepted"},
    {"a segment size that is asked for", "tcp option maxseg size 1-500 drop\naccept", "accepted dropped"},
    {"logging of a packet's options", "log flags tcp sequence,options flags ip options accept", "accepted"},
    {"logging of everything", "log flags all accept", "accepted"},
    {"what comes to input is for this host", "fib daddr type local accept", "accepted"},
    {"and for nobody else", "fib daddr type != local drop\nfib daddr type unicast drop\naccept", "accepted"},
    {"one of several types", "fib daddr type { broadcast, local } accept", "accepted"},
    {"none of several types", "fib daddr type != { local, broadcast, multicast } drop\naccept", "accepted"},
    {"types as nft -n prints them", "fib daddr type 2 accept", "accepted"},
    {"a type that is not known", "fib daddr type 99 drop\naccept", "accepted dropped"},
    {"a verdict map of types", "fib daddr type vmap { local : accept, multicast : drop }", "accepted"},
    {"a type and a port", "fib daddr type . tcp dport { local . 443, unicast . 22 } accept", "accepted"},
    {"an address of one interface is perhaps not of another",
     "fib daddr . iif type != { local, broadcast, multicast } drop\naccept", "accepted dropped"},
    {"a published address is none of this host's", "fib saddr type local drop\nfib saddr type unicast accept",
     "accepted"},
    {"the way back is not known", "fib saddr . iif oif missing drop\naccept", "accepted dropped"},
    {"a limit in front of a condition", "limit rate 10/second ct state established accept\naccept",
     "accepted"},
};

class Rule_ : public testing::TestWithParam<RuleCase> {};

TEST_P(Rule_, decides) {
  const auto& row = GetParam();
  const auto text = fmt::format(
      "define vendor = {{ 77.92.124.0/27, 34.147.2.16 }}\ntable inet t {{\nchain input {{\n"
      "type filter hook input priority filter; policy drop;\n{}\n}}\n}}\n",
      row.rules);
  const auto* destination = std::string_view{row.source}.contains(':') ? "2001:db8::1" : "203.0.113.1";
  EXPECT_EQ(judge(text, {}, row.source, destination, 443), row.expected) << row.name;
}

INSTANTIATE_TEST_SUITE_P(nftables, Rule_, testing::ValuesIn(rule_cases));

constexpr RuleCase json_cases[] = {
    {"a family as nft -nj prints it",
     R"({"match": {"op": "==", "left": {"meta": {"key": "nfproto"}}, "right": 2}})", "dropped"},
    {"a protocol as nft -nj prints it may be another one",
     R"({"match": {"op": "==", "left": {"meta": {"key": "protocol"}}, "right": 8}})", "accepted dropped"},
    {"a state as nft -nj prints it",
     R"({"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": [2, 8]}})", "dropped"},
    {"a state under a mask",
     R"({"match": {"op": "==", "left": {"&": [{"ct": {"key": "state"}}, [2, 8]]}, "right": 8}})", "dropped"},
    {"a direction as nft -nj prints it",
     R"({"match": {"op": "==", "left": {"ct": {"key": "direction"}}, "right": 0}})", "dropped"},
    {"flags as nft -nj prints them",
     R"({"match": {"op": "in", "left": {"payload": {"protocol": "tcp", "field": "flags"}}, "right": 2}})",
     "dropped"},
    {"a masked interface",
     R"({"match": {"op": "==", "left": {"&": [{"meta": {"key": "iifname"}}, 1]}, "right": "lo"}})",
     "accepted dropped"},
    {"a verdict map that lets nothing go on",
     R"({"vmap": {"key": {"payload": {"protocol": "tcp", "field": "dport"}}, "data": {"set": [[22,
         {"continue": null}]]}}})",
     "accepted"},
    {"a verdict map that lets all go on",
     R"({"vmap": {"key": {"payload": {"protocol": "tcp", "field": "dport"}}, "data": {"set": [[443,
         {"continue": null}]]}}})",
     "dropped"},
    {"the packet inside of another one",
     R"({"match": {"op": "==", "left": {"payload": {"tunnel": "vxlan", "protocol": "ip",
         "field": "saddr"}}, "right": "10.0.0.1"}})",
     "accepted dropped"},
    {"a mark that is copied",
     R"({"mangle": {"key": {"meta": {"key": "mark"}}, "value": {"|": [{"ct": {"key": "mark"}}, 1]}}})",
     "dropped"},
    {"a mark out of a map",
     R"({"mangle": {"key": {"meta": {"key": "mark"}}, "value": {"map": {"key": {"payload":
         {"protocol": "ip", "field": "saddr"}}, "data": "@m"}}}})",
     "accepted dropped"},
    {"a class that is set",
     R"({"mangle": {"key": {"payload": {"protocol": "ip", "field": "dscp"}}, "value": "cs1"}})", "dropped"},
    {"an address that is set",
     R"({"mangle": {"key": {"payload": {"protocol": "ip", "field": "daddr"}}, "value": "10.0.0.1"}})",
     "accepted dropped"},
    {"a segment size that is set",
     R"({"mangle": {"key": {"tcp option": {"name": "maxseg", "field": "size"}}, "value": {"rt":
         {"key": "mtu"}}}})",
     "dropped"},
    {"a type of address",
     R"({"match": {"op": "==", "left": {"fib": {"result": "type", "flags": ["daddr"]}}, "right": "local"}})",
     "dropped"},
    {"a type of address as nft -nj prints it",
     R"({"match": {"op": "!=", "left": {"fib": {"result": "type", "flags": "daddr"}}, "right":
         {"set": [2, 3]}}})",
     "accepted"},
    {"a type of address at one interface",
     R"({"match": {"op": "!=", "left": {"fib": {"result": "type", "flags": ["daddr", "iif"]}}, "right":
         "local"}})",
     "accepted dropped"},
    {"an element's limit leaves it open",
     R"({"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right":
         {"set": [{"elem": {"val": "77.92.124.5", "limit": {"rate": 1, "per": "second"}}}]}}})",
     "accepted dropped"},
};

std::string json_listing(const std::string& objects) {
  return fmt::format(R"({{"nftables": [{{"metainfo": {{"version": "1.0.6"}}}}, {}]}})", objects);
}

class JsonRule : public testing::TestWithParam<RuleCase> {};

TEST_P(JsonRule, comes_to_its_drop) {
  const auto& row = GetParam();
  const auto text = json_listing(fmt::format(
      R"({{"chain": {{"family": "inet", "table": "t", "name": "input", "type": "filter", "hook": "input",
         "prio": 0, "policy": "accept"}}}},
         {{"rule": {{"family": "inet", "table": "t", "chain": "input", "expr": [{}, {{"drop": null}}]}}}})",
      row.rules));
  EXPECT_EQ(judge(text, {}, row.source, "203.0.113.1", 443), row.expected) << row.name;
}

INSTANTIATE_TEST_SUITE_P(nftables, JsonRule, testing::ValuesIn(json_cases));

struct ListingCase {
  const char* name;
  const char* text;
  const char* expected;
};

constexpr const char* input = "type filter hook input priority 0; policy accept;";

constexpr ListingCase listing_cases[] = {
    {"the rules of one chain in two blocks",
     "table inet t {\nchain i {\nINPUT\n}\n}\ntable inet t {\nchain i {\ntcp dport 443 drop\n}\n}\n",
     "dropped"},
    {"a chain of the same name in another table",
     "table inet t {\nchain i {\nINPUT\n}\n}\ntable inet u {\nchain i {\ntcp dport 443 drop\n}\n}\n",
     "accepted"},
    {"a policy in a second block",
     "table inet t {\nchain i {\nINPUT\n}\n}\ntable inet t {\nchain i {\npolicy drop\n}\n}\n", "dropped"},
    {"the elements of one set in two blocks",
     "table inet t {\nset s {\ntype ipv4_addr\nelements = { 1.2.3.4 }\n}\nset s {\ntype ipv4_addr\nelements "
     "= { 77.92.124.5 }\n}\n"
     "chain i {\nINPUT\nip saddr @s drop\n}\n}\n",
     "dropped"},
    {"a named set with blanks in its elements",
     "table inet t {\nset s {\ntype ipv4_addr; flags interval\nelements = { 77.92.124.0 / 27, 1.2.3.4 }\n}\n"
     "chain i {\nINPUT\nip saddr @s drop\n}\n}\n",
     "dropped"},
    {"a table that is dormant", "table inet t {\nflags dormant\nchain i {\nINPUT\ndrop\n}\n}\n", "accepted"},
    {"a table that is awake again",
     "table inet t {\nflags dormant\nchain i {\nINPUT\ndrop\n}\n}\ntable inet t {\n}\n", "dropped"},
    {"a ruleset that is cleared at first", "flush ruleset\ntable inet t {\nchain i {\nINPUT\ndrop\n}\n}\n",
     "dropped"},
    {"a ruleset that is cleared in between",
     "table inet t {\nchain i {\nINPUT\ndrop\n}\n}\nflush ruleset\ntable inet t {\nchain i {\nINPUT\n}\n}\n",
     "accepted"},
    {"another family that is cleared", "table inet t {\nchain i {\nINPUT\ndrop\n}\n}\nflush ruleset ip\n",
     "dropped"},
    {"a table that is deleted", "table inet t {\nchain i {\nINPUT\ndrop\n}\n}\ndelete table inet t\n",
     "accepted"},
    {"another table that is deleted", "table inet t {\nchain i {\nINPUT\ndrop\n}\n}\ndelete table ip t\n",
     "dropped"},
    {"a table that is made to be deleted",
     "table inet t\ndelete table inet t\ntable inet t {\nchain i {\nINPUT\ndrop\n}\n}\n", "dropped"},
    {"a table that is destroyed at first",
     "destroy table inet t\ntable inet t {\nchain i {\nINPUT\ndrop\n}\n}\n", "dropped"},
    {"a mark of the byte order", "\xef\xbb\xbftable inet t {\nchain i {\nINPUT\ndrop\n}\n}\n", "dropped"},
    {"a mark that is read before connections are known",
     "table inet t {\nchain p {\ntype filter hook prerouting priority -300; policy drop;\nmeta mark set ct "
     "mark accept\n}\n}\n",
     "accepted dropped"},
};

class NftListing : public testing::TestWithParam<ListingCase> {};

TEST_P(NftListing, says) {
  const auto& row = GetParam();
  std::string text{row.text};
  for (auto at = text.find("INPUT"); at != std::string::npos; at = text.find("INPUT"))
    text.replace(at, 5, input);
  EXPECT_EQ(judge(text, {}, "77.92.124.5", "203.0.113.1", 443), row.expected) << row.name;
}

INSTANTIATE_TEST_SUITE_P(as_text, NftListing, testing::ValuesIn(listing_cases));

constexpr ListingCase json_listing_cases[] = {
    {"a table that is dormant", R"({"table": {"family": "inet", "name": "t", "flags": ["dormant"]}}, CHAIN)",
     "accepted"},
    {"a table whose only flag is that it is dormant",
     R"({"table": {"family": "inet", "name": "t", "flags": "dormant"}}, CHAIN)", "accepted"},
    {"another table that is dormant",
     R"({"table": {"family": "ip", "name": "t", "flags": ["dormant"]}}, CHAIN)", "dropped"},
    {"other objects of a listing", R"({"ct helper": {}}, {"flowtable": {}}, {"limit": {}}, CHAIN)",
     "dropped"},
    {"a command", R"({"add": CHAIN})",
     "rules:1:59: /nftables/1/add: is nothing that 'nft -j list ruleset' writes, whose output alone is read"},
    {"a command that clears", R"({"flush": {"ruleset": null}}, CHAIN)",
     "rules:1:61: /nftables/1/flush: is nothing that 'nft -j list ruleset' writes, whose output alone is "
     "read"},
    {"an object that is not known", R"(CHAIN, {"frobnicate": {}})",
     "rules:2:56: /nftables/2/frobnicate: is nothing that 'nft -j list ruleset' writes, whose output alone "
     "is read"},
};

class NftJsonListing : public testing::TestWithParam<ListingCase> {};

TEST_P(NftJsonListing, says) {
  const auto& row = GetParam();
  std::string text{row.text};
  text.replace(text.find("CHAIN"), 5,
               R"({"chain": {"family": "inet", "table": "t", "name": "i", "type": "filter", "hook": "input",
         "prio": 0, "policy": "drop"}})");
  EXPECT_EQ(judge(json_listing(text), {}, "77.92.124.5", "203.0.113.1", 443), row.expected) << row.name;
}

INSTANTIATE_TEST_SUITE_P(as_JSON, NftJsonListing, testing::ValuesIn(json_listing_cases));

TEST(NftListing, adds_the_elements_that_stand_apart_from_their_set) {
  const auto text = json_listing(
      R"({"set": {"family": "inet", "table": "t", "name": "s", "type": "ipv4_addr", "flags": "interval",
         "elem": ["1.2.3.4"]}},
         {"element": {"family": "inet", "table": "t", "name": "s", "elem": [{"prefix":
         {"addr": "77.92.124.0", "len": 27}}]}},
         {"chain": {"family": "inet", "table": "t", "name": "i", "type": "filter", "hook": "input",
         "prio": 0, "policy": "accept"}},
         {"rule": {"family": "inet", "table": "t", "chain": "i", "expr": [
           {"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}},
         "right": "@s"}}, {"drop": null}]}})");
  EXPECT_EQ(judge(text, {}, "77.92.124.5", "203.0.113.1", 443), "dropped");
}

TEST(NftListing, ends_a_nat_chain_where_the_source_is_translated) {
  for (const auto* rule : {"masquerade", "masquerade comment \"map\"", "snat to 192.0.2.1",
                           "tcp dport 443 snat ip to 192.0.2.1:1024-2048 persistent"}) {
    const auto text = fmt::format(
        "table ip t {{\nchain p {{\ntype nat hook postrouting priority 100; policy "
        "accept;\n{}\ndrop\n}}\n}}\n",
        rule);
    EXPECT_EQ(judge(text, {}, "77.92.124.5", "10.0.0.5", 443, Position::behind), "accepted") << rule;
  }
  for (const auto* rule : {R"({"masquerade": null})", R"({"snat": {"family": "ip", "addr": "192.0.2.1"}})"}) {
    const auto text = json_listing(fmt::format(
        R"({{"chain": {{"family": "inet", "table": "t", "name": "p", "type": "nat", "hook": "postrouting",
         "prio": 100, "policy": "accept"}}}},
           {{"rule": {{"family": "inet", "table": "t", "chain": "p", "expr": [{}]}}}},
           {{"rule": {{"family": "inet", "table": "t", "chain": "p", "expr": [{{"drop": null}}]}}}})",
        rule));
    EXPECT_EQ(judge(text, {}, "77.92.124.5", "10.0.0.5", 443, Position::behind), "accepted") << rule;
  }
}

TEST(NftListing, leaves_open_what_a_map_may_translate) {
  const std::string text =
      "table ip t {\nchain p {\ntype nat hook postrouting priority 100; policy accept;\n"
      "snat to ip saddr map { 77.92.124.5 : 192.0.2.1 }\ndrop\n}\n}\n";
  EXPECT_EQ(judge(text, {}, "77.92.124.5", "10.0.0.5", 443, Position::behind), "accepted dropped");
}

TEST(NftListing, notes_a_set_without_elements_that_a_rule_uses) {
  const auto ruleset = read_rules(
      "table inet t {\nset used {\ntype ipv4_addr\n}\nset unused {\ntype ipv4_addr\n}\n"
      "chain i {\ntype filter hook input priority 0; policy accept;\nip saddr @used drop\n}\n}\n",
      "rules", {});
  ASSERT_TRUE(ruleset);
  ASSERT_EQ(ruleset->notes.size(), 1U);
  EXPECT_EQ(ruleset->notes[0].line, 2);
  EXPECT_EQ(ruleset->notes[0].text, "set inet t @used has no elements here; was it listed with -t?");
}

TEST(LinuxRules, that_are_met_too_often_are_refused_before_they_take_all_time_or_memory) {
  for (const auto& [last, expected] : {std::pair{"drop", "too often to be judged"},
                                       {"return", "the chains jump to each other too often to be judged"}}) {
    auto text = fmt::format("table inet t {{\nchain d15 {{\nip saddr 192.0.2.1 {}\n}}\n", last);
    for (int i = 14; i >= 0; --i)
      text +=
          fmt::format("chain d{0} {{\nmark 1 jump d{1}\nmark 2 jump d{1}\nmark 3 jump d{1}\n}}\n", i, i + 1);
    text += "chain i {\ntype filter hook input priority 0; policy drop;\njump d0\n}\n}\n";
    const auto judged = judge(text, {}, "192.0.2.1", "203.0.113.1", 443);
    EXPECT_TRUE(judged.contains(expected)) << last << ": " << judged;
  }
}

TEST(NftListing, has_comments_behind_translations) {
  for (const auto* statement : {"redirect", "redirect to :8443", "dnat to 10.0.0.5", "masquerade",
                                "snat to ip saddr map { 10.0.0.5 : 192.0.2.1 comment \"b\" }"}) {
    const auto text = fmt::format(
        "table ip t {{\nchain n {{\ntype nat hook prerouting priority 0;\n{} comment \"a\"\n}}\n}}\n",
        statement);
    const auto ruleset = read_rules(text, "rules", {});
    ASSERT_TRUE(ruleset) << statement;
    ASSERT_EQ(ruleset->chains[0].rules.size(), 1U) << statement;
    EXPECT_EQ(ruleset->chains[0].rules[0].name.comment, "a") << statement;
  }
}

TEST(NftListing, names_a_rule_by_its_handle_only) {
  const auto ruleset = read_rules(
      "table inet t { # handle 1\nchain i { # handle 2\naccept # handle with care\naccept # handle "
      "12\n}\n}\n",
      "rules", {});
  ASSERT_TRUE(ruleset);
  EXPECT_EQ(ruleset->chains[0].rules[0].name.name, "");
  EXPECT_EQ(ruleset->chains[0].rules[1].name.name, "handle 12");
}

constexpr RuleCase iptables_cases[] = {
    {"a plain rule accepts", "-A INPUT -p tcp -m tcp --dport 443 -j ACCEPT", "accepted"},
    {"the policy drops", "", "dropped"},
    {"a dotted mask", "-A INPUT -s 77.92.124.0/255.255.255.224 -j ACCEPT", "accepted"},
    {"a negated source", "-A INPUT ! -s 10.0.0.0/8 -p tcp -j REJECT", "rejected"},
    {"a negation of old versions", "-A INPUT -s ! 10.0.0.0/8 -j ACCEPT", "accepted"},
    {"a list of ports", "-A INPUT -p tcp -m multiport --dports 22,400:500 -j ACCEPT", "accepted"},
    {"ports of either side that no client has", "-A INPUT -p tcp -m multiport --ports 22,443 -j ACCEPT",
     "accepted"},
    {"and none of the service's", "-A INPUT -p tcp -m multiport --ports 22,80 -j ACCEPT", "dropped"},
    {"and all others", "-A INPUT -p tcp -m multiport ! --ports 22,80 -j ACCEPT", "accepted"},
    {"ports of either side that some clients have", "-A INPUT -p tcp -m multiport --ports 443,8080 -j ACCEPT",
     "accepted dropped"},
    {"that all clients have", "-A INPUT -p tcp -m multiport --ports 1024:65535 -j ACCEPT", "accepted"},
    {"and none but them", "-A INPUT -p tcp -m multiport ! --ports 1024:65535 -j ACCEPT", "dropped"},
    {"the protocol of a connection", "-A INPUT -m conntrack --ctproto 6 -j ACCEPT", "accepted"},
    {"another one", "-A INPUT -m conntrack --ctproto 17 -j ACCEPT", "dropped"},
    {"any but that", "-A INPUT -m conntrack ! --ctproto 17 -j ACCEPT", "accepted"},
    {"a range without its end", "-A INPUT -p tcp -m tcp --dport 444: -j ACCEPT", "dropped"},
    {"an ipset is not in the file", "-A INPUT -m set --match-set vendors src -j ACCEPT", "accepted dropped"},
    {"logging does not end", "-A INPUT -j LOG --log-prefix \"drop: \"\n-A INPUT -j ACCEPT", "accepted"},
    {"a rule without a target does nothing", "-A INPUT -p tcp\n-A INPUT -j ACCEPT", "accepted"},
    {"RETURN applies the policy", "-A INPUT -j RETURN\n-A INPUT -j ACCEPT", "dropped"},
    {"a chain comes back", "-A INPUT -j USER\n-A INPUT -j ACCEPT\n-A USER -p udp -j DROP", "accepted"},
    {"goto does not", "-A INPUT -g USER\n-A INPUT -j ACCEPT\n-A USER -p udp -j DROP", "dropped"},
    {"a target that is not known", "-A INPUT -j FROBNICATE\n-A INPUT -j DROP", "accepted dropped"},
    {"a condition behind the target is one", "-A INPUT -j ACCEPT -m limit --limit 3/min", "accepted dropped"},
    {"a module without options is a condition", "-A INPUT -p tcp -m socket -j ACCEPT", "accepted dropped"},
    {"a module that nobody knows is one", "-A INPUT -m frobnicate -j DROP\n-A INPUT -j ACCEPT",
     "accepted dropped"},
    {"modules of known options are none", "-A INPUT -p tcp -m tcp -m comment --comment x -j ACCEPT",
     "accepted"},
    {"a comment that looks like an option is none", "-A INPUT -m comment --comment \"- CI agents\" -j ACCEPT",
     "accepted"},
    {"nor is one without quotes", "-A INPUT -m comment --comment -f -j ACCEPT", "accepted"},
    {"nor is one that looks like a negation", "-A INPUT -m comment --comment ! -p tcp -j ACCEPT", "accepted"},
    {"nor is what is logged", "-A INPUT -j LOG --log-prefix \"-p udp \"\n-A INPUT -j ACCEPT", "accepted"},
    {"counters stand in front", "[3:120] -A INPUT -p tcp -m tcp --dport 443 -j ACCEPT", "accepted"},
};

class IptablesRule : public testing::TestWithParam<RuleCase> {};

TEST_P(IptablesRule, decides) {
  const auto& row = GetParam();
  const auto text = fmt::format("*filter\n:INPUT DROP [0:0]\n:USER - [0:0]\n{}\nCOMMIT\n", row.rules);
  EXPECT_EQ(judge(text, {}, row.source, "203.0.113.1", 443), row.expected) << row.name;
}

INSTANTIATE_TEST_SUITE_P(iptables, IptablesRule, testing::ValuesIn(iptables_cases));

TEST(LinuxRules, say_the_same_in_each_form_of_a_sample) {
  for (const auto* name : {"nft-native.json", "nft-native.txt", "nft-native.input.nft"}) {
    EXPECT_EQ(judge(sample(name), {}, "77.92.124.0/27", "203.0.113.1", 443), "accepted") << name;
    EXPECT_EQ(judge(sample(name), {}, "34.147.2.16", "203.0.113.1", 443), "dropped") << name;
    // The reply does not go to a local address, for which chain extra might drop it.
    EXPECT_EQ(judge(sample(name), {}, "2620:1ec:50::1", "2001:db8::1", 443), "accepted") << name;
    EXPECT_EQ(judge(sample(name), {}, "34.147.2.16", "203.0.113.1", 8080), "dropped rejected") << name;
  }
}

constexpr RuleCase local_cases[] = {
    {"what comes to INPUT is for this host",
     "-A INPUT -j NL\n-A INPUT -p tcp --dport 443 -j ACCEPT\n-A NL -m addrtype --dst-type LOCAL -j "
     "RETURN\n-A NL -j DROP",
     "accepted"},
    {"and for nobody else",
     "-A INPUT -m addrtype ! --dst-type LOCAL -j DROP\n-A INPUT -m addrtype --dst-type MULTICAST -j DROP\n"
     "-A INPUT -j ACCEPT",
     "accepted"},
    {"what also comes elsewhere from may be for others",
     "-A INPUT -j NL\n-A INPUT -j ACCEPT\n-A FORWARD -j NL\n-A NL -m addrtype --dst-type LOCAL -j RETURN\n-A "
     "NL -j DROP",
     "accepted dropped"},
    {"a limit to an interface stays open", "-A INPUT -m addrtype --dst-type LOCAL --limit-iface-in -j ACCEPT",
     "accepted dropped"},
    {"a published address is none of this host's",
     "-A INPUT -m addrtype --src-type LOCAL -j DROP\n-A INPUT -m addrtype --src-type UNICAST -j ACCEPT",
     "accepted"},
};

class LocalAddress : public testing::TestWithParam<RuleCase> {};

TEST_P(LocalAddress, decides) {
  const auto& row = GetParam();
  const auto text =
      fmt::format("*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:NL - [0:0]\n{}\nCOMMIT\n", row.rules);
  EXPECT_EQ(judge(text, {}, row.source, "203.0.113.1", 443), row.expected) << row.name;
}

INSTANTIATE_TEST_SUITE_P(iptables, LocalAddress, testing::ValuesIn(local_cases));

constexpr ListingCase origin_cases[] = {
    {"a chain behind the hook input", "jump u\n", "accepted"},
    {"a chain behind a verdict map", "tcp dport vmap { 443 : jump u }\n", "accepted"},
    {"a chain behind a named verdict map", "tcp dport vmap @m\n", "accepted"},
    {"a chain that is also behind another hook",
     "jump u\n}\nchain f {\ntype filter hook forward priority 0; policy accept;\njump u\n",
     "accepted dropped"},
};

TEST(NftListing, knows_the_hook_that_a_chain_is_behind) {
  for (const auto& row : origin_cases) {
    const auto text = fmt::format(
        "table inet t {{\nmap m {{\ntype inet_service : verdict\nelements = {{ 443 : jump u }}\n}}\n"
        "chain u {{\nfib daddr type local accept\n}}\n"
        "chain i {{\ntype filter hook input priority 0; policy drop;\nct state established "
        "accept\n{}}}\n}}\n",
        row.text);
    EXPECT_EQ(judge(text, {}, "77.92.124.5", "203.0.113.1", 443), row.expected) << row.name;
  }
}

TEST(LinuxRules, without_a_header_are_of_the_family_that_their_words_show) {
  for (const auto* word : {"-p ipv6-icmp -j ACCEPT", "-p icmpv6 -j ACCEPT", "-m eui64 -j DROP",
                           "-m rt --rt-type 0 -j DROP", "-p icmp -m icmp6 --icmpv6-type 1 -j ACCEPT",
                           "-j REJECT --reject-with icmp6-adm-prohibited", "-s 2001:db8::/32 -j DROP"}) {
    const auto text = fmt::format(
        "*mangle\n:INPUT ACCEPT [0:0]\nCOMMIT\n*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 443 -j "
        "ACCEPT\n"
        "-A INPUT {}\nCOMMIT\n",
        word);
    EXPECT_EQ(judge(text, {}, "2620:1ec:50::1", "2001:db8::1", 443), "accepted") << word;
    EXPECT_EQ(judge(text, {}, "77.92.124.5", "203.0.113.1", 443), "accepted dropped") << word;
  }
}

TEST(LinuxRules, of_both_families_without_headers_keep_each_its_own) {
  const std::string text =
      "*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -d 203.0.113.1/32 -p tcp --dport 443 -j REDIRECT "
      "--to-ports 22\n"
      "COMMIT\n*filter\n:INPUT DROP [0:0]\n-A INPUT -p ipv6-icmp -j ACCEPT\n-A INPUT -p tcp --dport 443 -j "
      "ACCEPT\n"
      "COMMIT\n";
  EXPECT_EQ(judge(text, {}, "2620:1ec:50::1", "2001:db8::1", 443), "accepted");
  EXPECT_EQ(judge(text, {}, "77.92.124.5", "203.0.113.1", 443), "accepted dropped");
}

TEST(LinuxRules, about_extension_headers_are_none_about_connections) {
  const std::string text =
      "# Generated by ip6tables-save v1.8.9\n*filter\n:INPUT DROP [0:0]\n-A INPUT -m rt --rt-type 0 -j DROP\n"
      "-A INPUT -m frag -j DROP\n-A INPUT -m hbh -j DROP\n-A INPUT -p tcp --dport 443 -j ACCEPT\n"
      "-A INPUT -m eui64 -j DROP\n-A INPUT -m dst -j ACCEPT\nCOMMIT\n";
  EXPECT_EQ(judge(text, {}, "2620:1ec:50::1", "2001:db8::1", 443), "accepted");
  EXPECT_EQ(judge(text, {}, "2620:1ec:50::1", "2001:db8::1", 22), "dropped");
}

/// Why it cannot be told, in the order of the rules.
std::vector<std::string> doubts(const std::string& text) {
  const auto ruleset = read_rules(text, "rules", {});
  if (!ruleset) return {ruleset.error().message};
  const auto evaluation = evaluate(std::span{&*ruleset, 1}, flow("77.92.124.5", "203.0.113.1", 443),
                                   Direction::inbound, Position::host);
  if (!evaluation) return {evaluation.error()};
  std::vector<std::string> found;
  for (const auto& touch : evaluation->touches)
    if (!touch.doubt.empty() && touch.where.packet == Packet::opening) found.push_back(touch.doubt);
  return found;
}

TEST(LinuxRules, are_named_when_they_make_a_doubt_and_only_then) {
  const auto in_table = [](std::string_view rules) {
    return fmt::format(
        "*filter\n:INPUT DROP [0:0]\n:NL - [0:0]\n:LOGGING - [0:0]\n-A INPUT -j NL\n"
        "-A INPUT -p tcp --dport 443 -j ACCEPT\n{}\nCOMMIT\n",
        rules);
  };
  using Doubts = std::vector<std::string>;
  EXPECT_EQ(doubts(in_table(
                "-A NL -m mark --mark 1 -j RETURN\n-A NL -m limit --limit 3/min -j LOGGING\n-A NL -j DROP\n"
                "-A LOGGING -m limit --limit 1/min -j RETURN\n-A LOGGING -j LOG")),
            Doubts{"--mark 1"});
  EXPECT_EQ(doubts(in_table("-A NL -m limit --limit 3/min -j LOGGING\n-A LOGGING -j DROP")),
            Doubts{"--limit 3/min"});
}

TEST(LinuxRules, find_rules_of_iptables_without_arguments_unclear) {
  EXPECT_EQ(judge(sample("nft-of-iptables-rules.json"), {}, "34.147.2.16", "203.0.113.1", 443),
            "accepted dropped rejected");
  EXPECT_EQ(judge(sample("nft-of-iptables-rules.txt"), {}, "34.147.2.16", "203.0.113.1", 443), "rejected");
}

TEST(LinuxRules, do_not_take_an_empty_dump_of_iptables_for_an_open_firewall) {
  EXPECT_EQ(judge(sample("iptables-save-on-nft-native-host.txt"), {}, "34.147.2.16", "203.0.113.1", 443),
            "accepted dropped");
}

TEST(LinuxRules, of_one_family_say_nothing_about_the_other) {
  EXPECT_EQ(judge(sample("iptables-save.txt"), {}, "2620:1ec:50::1", "2001:db8::1", 443), "accepted dropped");
  EXPECT_EQ(judge(sample("ip6tables-save.txt"), {}, "2620:1ec:50::1", "2001:db8::1", 443), "accepted");
}

TEST(LinuxRules, translate_a_destination_before_they_forward) {
  // 8443 goes to 10.0.0.5:443, whose chain FORWARD drops; nothing is translated for 9443.
  EXPECT_EQ(judge(sample("iptables-save.txt"), {}, "77.92.124.5", "203.0.113.1", 8443), "dropped");
  const auto open = std::string{
      "*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp --dport 8443 -j DNAT --to-destination "
      "10.0.0.5:443\nCOMMIT\n"
      "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n-A FORWARD -d 10.0.0.5/32 -p tcp --dport 443 -j "
      "ACCEPT\n"
      "-A FORWARD -m conntrack --ctstate ESTABLISHED -j ACCEPT\nCOMMIT\n"};
  EXPECT_EQ(judge(open, {}, "77.92.124.5", "203.0.113.1", 8443), "accepted");
  EXPECT_EQ(judge(open, {}, "77.92.124.5", "203.0.113.1", 9443), "dropped");
}

struct TranslationCase {
  const char* name;
  const char* nat;  ///< in PREROUTING
  const char* filter;
  const char* expected;
  Position position = Position::host;
};

constexpr TranslationCase translation_cases[] = {
    {"options that do not change the destination",
     "-j DNAT --to-destination 10.0.0.5:8443 --persistent --random", "-A INPUT -p tcp --dport 8443 -j ACCEPT",
     "accepted"},
    {"one of several ports", "-j DNAT --to-destination 10.0.0.5:8443-8444",
     "-A INPUT -p tcp --dport 8443 -j ACCEPT", "accepted dropped"},
    {"one of several local ports", "-j REDIRECT --to-ports 8443-8444",
     "-A INPUT -p tcp --dport 8443:8444 -j ACCEPT", "accepted dropped"},
    {"a port alone", "-j DNAT --to-destination :8443", "-A INPUT -p tcp --dport 8443 -j ACCEPT", "accepted"},
    {"a target that nobody knows may change the packet", "-j FROBNICATE",
     "-A INPUT -p tcp --dport 8443 -j ACCEPT", "accepted dropped"},
    {"what is redirected comes to the host, not to the service behind it", "-j REDIRECT --to-ports 8443",
     "-A INPUT -p tcp --dport 8443 -j ACCEPT", "accepted dropped", Position::behind},
    {"its replies are the host's own", "-j REDIRECT --to-ports 8443",
     "-A INPUT -p tcp --dport 8443 -j ACCEPT\n-A OUTPUT -p tcp --sport 8443 -j DROP", "dropped"},
    {"whether a loopback address is reached is up to a sysctl", "-j DNAT --to-destination 127.0.0.1:8443",
     "-A INPUT -p tcp --dport 8443 -j ACCEPT", "accepted dropped"},
    {"to a container, as Docker has it",
     "-m addrtype --dst-type LOCAL -j DNAT --to-destination 172.17.0.2:8443",
     "-A FORWARD -d 172.17.0.2/32 -p tcp --dport 8443 -j ACCEPT\n-A FORWARD -s 172.17.0.2/32 -j ACCEPT",
     "accepted"},
    {"to a container, from an address that may be another machine's",
     "-m addrtype --dst-type LOCAL -j DNAT --to-destination 172.17.0.2:8443",
     "-A FORWARD -d 172.17.0.2/32 -p tcp --dport 8443 -j ACCEPT\n-A FORWARD -s 172.17.0.2/32 -j ACCEPT",
     "accepted dropped", Position::behind},
    {"another port of the same machine is forwarded still", "-j DNAT --to-destination 10.0.0.5:8443",
     "-A FORWARD -p tcp --dport 8443 -j ACCEPT\n-A FORWARD -p tcp --sport 8443 -j ACCEPT", "accepted",
     Position::behind},
};

class Translation : public testing::TestWithParam<TranslationCase> {};

TEST_P(Translation, decides) {
  const auto& row = GetParam();
  const auto text = fmt::format(
      "*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp --dport 443 {}\nCOMMIT\n"
      "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n{}\nCOMMIT\n",
      row.nat, row.filter);
  EXPECT_EQ(judge(text, {}, "77.92.124.5", "10.0.0.5", 443, row.position), row.expected) << row.name;
}

INSTANTIATE_TEST_SUITE_P(iptables, Translation, testing::ValuesIn(translation_cases));

constexpr std::pair<const char*, const char*> nft_translations[] = {
    {"dnat to 10.0.0.5:8443 persistent", "accepted"},
    {"dnat to 10.0.0.5:8443 random,persistent", "accepted"},
    {"dnat to 10.0.0.5:8443 comment \"ci\"", "accepted"},
    {"redirect to :8443", "accepted"},
    {"redirect to :8443 comment \"map\"", "accepted"},
    {"redirect to :8443-8450", "accepted dropped"},
    {"redirect to tcp dport map { 443 : 8443 }", "accepted dropped"},
    {"redirect to tcp dport map { 443 : 8443 comment \"a\" } comment \"b\"", "accepted dropped"},
    {"dnat to 10.0.0.5:8443-8444", "accepted dropped"},
};

TEST(Translations, of_nftables_are_followed_where_they_are_understood) {
  for (const auto& [statement, expected] : nft_translations) {
    const auto text = fmt::format(
        "table ip t {{\nchain n {{\ntype nat hook prerouting priority dstnat;\ntcp dport 443 {}\n}}\n"
        "chain i {{\ntype filter hook input priority 0; policy drop;\nct state established accept\n"
        "tcp dport 8443 accept\n}}\n}}\n",
        statement);
    EXPECT_EQ(judge(text, {}, "77.92.124.5", "10.0.0.5", 443), expected) << statement;
  }
}

constexpr ListingCase nat_cases[] = {
    {"the first chain that translates is the last one",
     "chain a {\ntype nat hook prerouting priority -110;\ntcp dport 443 redirect to :8443\n}\n"
     "chain b {\ntype nat hook prerouting priority -90;\ntcp dport 8443 redirect to :9443\n}\n",
     "accepted"},
    {"also of chains with one priority",
     "chain b {\ntype nat hook prerouting priority -100;\ntcp dport 8443 drop\n}\n"
     "chain a {\ntype nat hook prerouting priority -100;\ntcp dport 443 redirect to :8443\n}\n",
     "accepted"},
    {"a chain that does not translate leaves it to the next",
     "chain a {\ntype nat hook prerouting priority -110;\ntcp dport 22 redirect to :9443\naccept\n}\n"
     "chain b {\ntype nat hook prerouting priority -90;\ntcp dport 443 redirect to :8443\n}\n",
     "accepted"},
    {"all of them are called before a filter",
     "chain a {\ntype nat hook prerouting priority 50;\ntcp dport 443 redirect to :8443\n}\n"
     "chain f {\ntype filter hook prerouting priority 0; policy accept;\ntcp dport 443 drop\n}\n",
     "accepted"},
    {"and behind another one",
     "chain a {\ntype nat hook prerouting priority -160;\ntcp dport 443 redirect to :8443\n}\n"
     "chain f {\ntype filter hook prerouting priority -150; policy accept;\ntcp dport 443 drop\n}\n",
     "dropped"},
    {"a service here is local until its address is translated",
     "chain a {\ntype nat hook prerouting priority -100;\nfib daddr type local jump b\n}\nchain b {\ntcp "
     "dport 443 "
     "redirect to :8443\n}\n",
     "accepted"},
    {"and perhaps not behind that",
     "chain f {\ntype filter hook prerouting priority 0; policy accept;\nfib daddr type local drop\n}\n"
     "chain a {\ntype nat hook prerouting priority -100;\ntcp dport 443 redirect to :8443\n}\n",
     "accepted dropped"},
    {"an answer is translated back at the end",
     "chain a {\ntype nat hook prerouting priority -100;\ntcp dport 443 redirect to :8443\n}\n"
     "chain o {\ntype filter hook postrouting priority 150; policy accept;\ntcp sport 443 drop\n}\n",
     "dropped"},
    {"and not before",
     "chain a {\ntype nat hook prerouting priority -100;\ntcp dport 443 redirect to :8443\n}\n"
     "chain o {\ntype filter hook postrouting priority 50; policy accept;\ntcp sport 443 drop\n}\n",
     "accepted"},
    {"of two chains with one priority the younger one comes first, for an answer too",
     "chain o {\ntype filter hook postrouting priority 100; policy accept;\ntcp sport 443 drop\n}\n"
     "chain a {\ntype nat hook prerouting priority -100;\ntcp dport 443 redirect to :8443\n}\n",
     "dropped"},
    {"and the older one last",
     "chain a {\ntype nat hook prerouting priority -100;\ntcp dport 443 redirect to :8443\n}\n"
     "chain o {\ntype filter hook postrouting priority 100; policy accept;\ntcp sport 443 drop\n}\n",
     "accepted"},
    {"so for what follows the first packet",
     "chain f {\ntype filter hook prerouting priority -100; policy accept;\n"
     "ct state established tcp dport 443 drop\n}\n"
     "chain a {\ntype nat hook prerouting priority -100;\ntcp dport 443 redirect to :8443\n}\n",
     "accepted"},
    {"with the older one last",
     "chain a {\ntype nat hook prerouting priority -100;\ntcp dport 443 redirect to :8443\n}\n"
     "chain f {\ntype filter hook prerouting priority -100; policy accept;\n"
     "ct state established tcp dport 443 drop\n}\n",
     "dropped"},
};

TEST(Translations, are_made_where_the_kernel_makes_them) {
  for (const auto& row : nat_cases) {
    const auto text = fmt::format(
        "table ip t {{\n{}chain i {{\ntype filter hook input priority 0; policy drop;\nct state established "
        "accept\ntcp dport 8443 accept\n}}\n}}\n",
        row.text);
    EXPECT_EQ(judge(text, {}, "77.92.124.5", "10.0.0.5", 443), row.expected) << row.name;
  }
}

TEST(NatChains, are_not_called_behind_one_that_translates_the_source) {
  for (const auto hook : {Hook::postrouting, Hook::input}) {
    const bool host = hook == Hook::input;
    const auto position = host ? Position::host : Position::behind;
    const auto said = [&](std::string_view rule, std::string_view rest, const std::string& source) {
      const auto text = fmt::format(
          "table ip t {{\nchain a {{\ntype nat hook {0} priority 100;\nip saddr 77.92.124.5 {1}\n}}\n"
          "chain b {{\ntype nat hook {0} priority 110; {2}\n}}\n}}\n",
          host ? "input" : "postrouting", rule, rest);
      return judge(text, {}, source, "10.0.0.5", 443, position);
    };
    for (const auto* stop : {"policy accept;\ntcp dport 443 drop", "policy drop;"}) {
      EXPECT_EQ(said("snat to 192.0.2.1", stop, "77.92.124.5"), "accepted");
      EXPECT_EQ(said("snat to 192.0.2.1", stop, "77.92.124.6"), "dropped");
      EXPECT_EQ(said("accept", "policy accept;\ntcp dport 22 snat to 192.0.2.1\ndrop", "77.92.124.5"),
                "dropped");
    }
    const auto behind = [&](std::string_view rule) {
      return fmt::format("policy drop;\n}}\nchain f {{\ntype filter hook {} priority 150; policy accept;\n{}",
                         host ? "input" : "postrouting", rule);
    };
    EXPECT_EQ(said("snat to 192.0.2.1", behind("ip saddr 77.92.124.5 drop"), "77.92.124.5"),
              "accepted dropped");
    EXPECT_EQ(said("snat to 192.0.2.1", behind("counter"), "77.92.124.5"), "accepted");
  }
}

struct StatusCase {
  const char* name;
  const char* nat;     ///< in prerouting
  const char* filter;  ///< in input, with the policy drop
  const char* expected;
};

constexpr StatusCase status_cases[] = {
    {"a translated destination", "redirect to :8443", "ct status dnat accept", "accepted"},
    {"none that was", "tcp dport 22 redirect to :8443", "ct status dnat accept", "dropped"},
    {"one that was not", "tcp dport 22 redirect to :8443",
     "ct state established accept\nct status ! dnat accept", "accepted"},
    {"one that stays the same, or perhaps not", "redirect", "ct status dnat accept", "accepted dropped"},
    {"one that may have been translated", "limit rate 1/second redirect to :8443", "ct status dnat accept",
     "accepted dropped"},
    {"both", "redirect to :8443", "ct status dnat ct status ! dnat accept", "dropped"},
    {"with other conditions", "redirect to :8443", "ct status dnat tcp dport 443 accept", "dropped"},
    {"a source is looked at in another way", "redirect to :8443", "ct status snat accept",
     "accepted dropped"},
    {"one of several", "redirect to :8443", "ct status snat,dnat accept", "accepted dropped"},
    {"no other flag", "redirect to :8443", "ct status == dnat accept", "accepted dropped"},
    {"all but that flag alone", "redirect to :8443", "ct status != dnat accept", "accepted dropped"},
    {"a mask", "redirect to :8443", "ct status & dnat == dnat accept", "accepted dropped"},
    {"a set", "redirect to :8443", "ct status { dnat } accept", "accepted dropped"},
    {"a key", "redirect to :8443", "ct status . tcp dport { dnat . 8443 } accept", "accepted dropped"},
    {"packets that are perhaps not tracked", "redirect to :8443", "notrack\nct status dnat accept",
     "accepted dropped"},
};

/// Chains see the new source behind the translation, and in answers before it is undone.
TEST(TranslatedSources, are_not_taken_for_the_old_ones) {
  struct Row {
    const char* filter;
    const char* expected;
    bool host = false;  ///< translated at input, else at postrouting
  };
  constexpr Row rows[] = {
      {"hook prerouting priority -150; ip daddr 77.92.124.0/24 drop", "accepted dropped"},
      {"hook prerouting priority -150; ct state invalid drop", "accepted"},
      {"hook prerouting priority -150; tcp sport 443 drop", "dropped"},
      {"hook prerouting priority -50; ip daddr 77.92.124.0/24 drop", "dropped"},
      {"hook postrouting priority 150; ct state established ip saddr 77.92.124.5 drop", "accepted dropped"},
      {"hook postrouting priority 50; ip saddr 77.92.124.5 drop", "dropped"},
      {"hook output priority -150; ip daddr 192.0.2.1 drop", "accepted dropped", true},
      {"hook output priority -50; ip daddr 192.0.2.1 drop", "accepted", true},
  };
  for (const auto& row : rows) {
    const auto text = fmt::format(
        "table ip t {{\nchain n {{\ntype nat hook {} priority 100;\nip saddr 77.92.124.5 snat to "
        "192.0.2.1\n}}\nchain f {{\ntype filter {}\n}}\n}}\n",
        row.host ? "input" : "postrouting", row.filter);
    EXPECT_EQ(judge(text, {}, "77.92.124.5", "10.0.0.5", 443, row.host ? Position::host : Position::behind),
              row.expected)
        << row.filter;
  }
}

TEST(TranslatedDestination, is_a_condition_of_nftables) {
  for (const auto& row : status_cases) {
    const auto text = fmt::format(
        "table ip t {{\nchain n {{\ntype nat hook prerouting priority -100;\n{}\n}}\n"
        "chain i {{\ntype filter hook input priority 0; policy drop;\n{}\n}}\n}}\n",
        row.nat, row.filter);
    EXPECT_EQ(judge(text, {}, "77.92.124.5", "10.0.0.5", 443), row.expected) << row.name;
  }
}

TEST(TranslatedDestination, is_a_condition_behind_the_translation) {
  const auto text = [](int priority, std::string_view condition) {
    return fmt::format(
        "table ip t {{\nchain n {{\ntype nat hook prerouting priority -100;\nredirect to :8443\n}}\n"
        "chain f {{\ntype filter hook prerouting priority {}; policy accept;\n{} drop\n}}\n}}\n",
        priority, condition);
  };
  EXPECT_EQ(judge(text(-150, "ct state new ct status dnat"), {}, "77.92.124.5", "10.0.0.5", 443), "accepted");
  EXPECT_EQ(judge(text(-50, "ct state new ct status dnat"), {}, "77.92.124.5", "10.0.0.5", 443), "dropped");
  EXPECT_EQ(judge(text(-150, "ct status dnat"), {}, "77.92.124.5", "10.0.0.5", 443), "dropped");
  EXPECT_EQ(judge(text(-300, "ct status dnat"), {}, "77.92.124.5", "10.0.0.5", 443), "accepted dropped");
}

TEST(TranslatedDestination, is_not_known_without_the_rules_that_translate) {
  EXPECT_EQ(judge("table ip t {\nchain i {\ntype filter hook input priority 0; policy drop;\n"
                  "ct status dnat accept\n}\n}\n",
                  {}, "77.92.124.5", "10.0.0.5", 443),
            "accepted dropped");
}

TEST(TranslatedDestination, is_a_condition_of_iptables) {
  constexpr std::pair<const char*, const char*> rows[] = {
      {"--ctstate DNAT", "accepted"},
      {"--ctstate RELATED,ESTABLISHED,DNAT", "accepted"},
      {"! --ctstate DNAT", "dropped"},
      {"--ctstate NEW,ESTABLISHED,SNAT", "accepted"},
      {"--ctstate SNAT,DNAT", "accepted dropped"},
  };
  for (const auto& [condition, expected] : rows) {
    const auto filter =
        fmt::format("*filter\n:INPUT DROP [0:0]\n-A INPUT -m conntrack {} -j ACCEPT\nCOMMIT\n", condition);
    const std::string nat =
        "*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp --dport 443 -j REDIRECT --to-ports "
        "8443\nCOMMIT\n";
    EXPECT_EQ(judge(nat + filter, {}, "77.92.124.5", "10.0.0.5", 443), expected) << condition;
  }
  const std::string filter =
      "*filter\n:INPUT DROP [0:0]\n-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED,DNAT -j "
      "ACCEPT\nCOMMIT\n";
  EXPECT_EQ(judge("*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n" + filter, {}, "77.92.124.5", "10.0.0.5", 443),
            "dropped");
  EXPECT_EQ(judge(filter, {}, "77.92.124.5", "10.0.0.5", 443), "accepted dropped");
}

constexpr ListingCase tracking_cases[] = {
    {"no rule asks for connection tracking", "", "accepted dropped"},
    {"its state is asked for", "chain c {\nct state new\n}\n", "dropped"},
    {"it is a key", "chain c {\nct state . tcp dport { new . 22 } accept\n}\n", "dropped"},
    {"it is the key of a map", "chain c {\nct state vmap { new : accept }\n}\n", "dropped"},
    {"its mark is kept", "chain c {\nmeta mark set ct mark\n}\n", "dropped"},
    {"its mark is set", "chain c {\nct mark set 1\n}\n", "dropped"},
    {"a rule translates", "chain c {\ntcp dport 22 dnat to 10.0.0.5\n}\n", "dropped"},
    {"a rule translates sources", "chain c {\nmasquerade\n}\n", "dropped"},
    {"the other family is tracked", "}\ntable ip6 u {\nchain c {\nct state new\n}\n", "accepted dropped"},
    {"both families are tracked", "}\ntable inet u {\nchain c {\nct state new\n}\n", "dropped"},
    {"one of both families may be translated", "}\ntable inet u {\nchain c {\nmasquerade\n}\n",
     "accepted dropped"},
    {"a packet is not to be tracked", "chain c {\nnotrack\n}\n", "accepted dropped"},
};

TEST(NatChains, are_called_where_connections_are_tracked) {
  for (const auto& row : tracking_cases) {
    for (const auto* end : {"policy drop;\ntcp dport 22 accept", "policy accept;\ntcp dport 443 drop"}) {
      const auto text = fmt::format(
          "table ip t {{\nchain n {{\ntype nat hook prerouting priority -100; {}\n}}\n{}}}\n", end, row.text);
      EXPECT_EQ(judge(text, {}, "77.92.124.5", "10.0.0.5", 443), row.expected) << row.name;
      EXPECT_EQ(judge(text, {}, "77.92.124.5", "10.0.0.5", 22), "accepted") << row.name;
    }
  }
}

TEST(NatChains, of_iptables_too) {
  const auto rules = [](std::string_view rule) {
    return fmt::format("*nat\n:PREROUTING DROP [0:0]\n:POSTROUTING ACCEPT [0:0]\n{}\nCOMMIT\n", rule);
  };
  const auto said = [&](std::string_view rule) {
    return judge(rules(rule), {}, "77.92.124.5", "10.0.0.5", 443);
  };
  EXPECT_EQ(said(""), "accepted dropped");
  EXPECT_EQ(said("-A POSTROUTING -j MASQUERADE"), "dropped");
  EXPECT_EQ(said("-A POSTROUTING -m conntrack --ctstate NEW -j ACCEPT"), "dropped");
}

TEST(LinuxRules, that_translate_later_packets_are_none_of_the_kernels) {
  const std::string text =
      "table inet t {\nchain i {\ntype filter hook input priority 0; policy accept;\n}\n"
      "chain o {\ntype filter hook output priority 0; policy accept;\ntcp sport 443 dnat to 10.0.0.5:443\n"
      "}\n}\n";
  EXPECT_EQ(judge(text, {}, "77.92.124.5", "203.0.113.1", 443), "accepted dropped");
  EXPECT_EQ(judge(text, {}, "77.92.124.5", "203.0.113.1", 22), "accepted");
}

TEST(LinuxRules, may_begin_with_a_byte_order_mark) {
  const std::string text = "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 443 -j ACCEPT\nCOMMIT\n";
  EXPECT_EQ(judge("\xef\xbb\xbf" + text, {}, "77.92.124.5", "203.0.113.1", 443), "accepted");
}

TEST(LinuxRules, that_jump_in_a_circle_behind_no_base_chain_are_taken_as_the_kernel_takes_them) {
  const std::string text =
      "*filter\n:INPUT DROP [0:0]\n:A - [0:0]\n-A INPUT -p tcp --dport 443 -j ACCEPT\n-A A -j A\nCOMMIT\n";
  EXPECT_EQ(judge(text, {}, "77.92.124.5", "203.0.113.1", 443), "accepted");
}

TEST(LinuxRules, know_an_interface_that_is_named) {
  const std::string text =
      "table inet t {\nchain input {\ntype filter hook input priority 0; policy drop;\niifname \"eth*\" "
      "accept\n}\n}\n";
  EXPECT_EQ(
      judge(text, {.direction = {}, .interface = "eth0", .selectors = {}}, "77.92.124.5", "203.0.113.1", 443),
      "accepted");
  EXPECT_EQ(
      judge(text, {.direction = {}, .interface = "wan", .selectors = {}}, "77.92.124.5", "203.0.113.1", 443),
      "dropped");
}

TEST(LinuxRules, drop_the_reply_where_the_output_chain_has_no_rule_for_it) {
  const std::string text =
      "table inet t {\nchain i {\ntype filter hook input priority 0; policy accept;\n}\n"
      "chain o {\ntype filter hook output priority 0; policy drop;\ntcp sport 22 accept\n}\n}\n";
  EXPECT_EQ(judge(text, {}, "77.92.124.5", "203.0.113.1", 443), "dropped");
  EXPECT_EQ(judge(text, {}, "77.92.124.5", "203.0.113.1", 22), "accepted");
}

TEST(LinuxRules, need_every_base_chain_to_accept) {
  const std::string text =
      "table inet a {\nchain i {\ntype filter hook input priority 0; policy accept;\n}\n}\n"
      "table inet b {\nchain i {\ntype filter hook input priority 10; policy drop;\n}\n}\n";
  EXPECT_EQ(judge(text, {}, "77.92.124.5", "203.0.113.1", 443), "dropped");
}

struct ErrorCase {
  const char* name;
  const char* text;
  const char* error;
};

constexpr ErrorCase error_cases[] = {
    {"a file that was cut short", "table inet t {\nchain c {\naccept\n", "cut short"},
    {"a jump to no chain", "table inet t {\nchain c {\njump nowhere\n}\n}\n",
     "rules:3:1: the chain 'nowhere'"},
    {"a variable that nobody defined", "table inet t {\nchain c {\nip saddr $x accept\n}\n}\n", "rules:3:10"},
    {"another file", "include \"other.nft\"\ntable inet t {\n}\n", "include"},
    {"a table without its end", "*filter\n:INPUT DROP [0:0]\n", "COMMIT"},
    {"a header without its table",
     "# Generated by iptables-save v1\n*filter\n:INPUT DROP [0:0]\nCOMMIT\n# Completed\n# Generated by "
     "iptables-save v1",
     "rules:6:1: a header without its table: the file was cut short"},
    {"a line that is none", "*filter\n:INPUT DROP [0:0]\nnonsense\nCOMMIT\n", "rules:3:1"},
    {"a chain that is not declared", "*filter\n-A USER -j ACCEPT\nCOMMIT\n", "not declared"},
    {"a quotation mark", "*filter\n:INPUT DROP [0:0]\n-A INPUT --comment \"x\nCOMMIT\n", "quotation"},
    {"chains that jump to each other",
     "table inet t {\nchain i {\ntype filter hook input priority 0\njump a\n}\nchain a {\njump b\n}\nchain b "
     "{\njump a\n}\n}\n",
     "rules:6:1: the chain 'inet t a' jumps back to itself"},
    {"a chain that goes to itself",
     "*filter\n:INPUT DROP [0:0]\n:A - [0:0]\n-A INPUT -j A\n-A A -g A\nCOMMIT\n",
     "rules:3:1: the chain 'iptables filter A' jumps back to itself"},
    {"UTF-16", "\xff\xfe*\0f\0", "UTF-16"},
    {"a chain that is flushed behind rules",
     "table inet t {\nchain c {\naccept\n}\n}\nflush chain inet t c\n",
     "rules:6:1: 'flush chain' behind rules is not read"},
    {"a table that is deleted by its handle",
     "table inet t {\nchain c {\naccept\n}\n}\ndelete table inet handle 5\n",
     "rules:6:1: 'delete table' behind rules is not read"},
    {"JSON that was cut short", "{\"nftables\": [", "cut short"},
    {"a rule of no chain",
     R"({"nftables": [{"rule": {"family": "ip", "table": "t", "chain": "c", "expr": []}}]})",
     "not in front of it"},
};

class RulesError : public testing::TestWithParam<ErrorCase> {};

TEST_P(RulesError, says_where_and_what) {
  const auto& row = GetParam();
  EXPECT_TRUE(judge(row.text, {}, "192.0.2.1", "203.0.113.1", 443).contains(row.error))
      << row.name << ": " << judge(row.text, {}, "192.0.2.1", "203.0.113.1", 443);
}

INSTANTIATE_TEST_SUITE_P(of_Linux, RulesError, testing::ValuesIn(error_cases));

struct ReachedCase {
  const char* name;
  const char* rules;
};

constexpr ReachedCase reached_cases[] = {
    {"what loops back",
     "*filter\n:INPUT DROP [0:0]\n:SVC - [0:0]\n-A INPUT -i lo -j SVC\n-A INPUT -p tcp --dport 443 -j SVC\n"
     "-A SVC -p tcp --dport 443 -j ACCEPT\n-A SVC -p tcp --dport 5432 -j ACCEPT\nCOMMIT\n"},
    {"what is established",
     "table inet t {\nchain input {\ntype filter hook input priority 0; policy drop;\n"
     "ct state established,related jump common\ntcp dport 443 jump common\n}\n"
     "chain common {\ntcp dport 443 accept\nudp dport 53 accept\n}\n}\n"},
    {"what goes on from a chain to the next",
     "table inet t {\nchain input {\ntype filter hook input priority 0; policy drop;\n"
     "iif lo jump a\ntcp dport 443 jump b\n}\nchain a {\njump b\n}\n"
     "chain b {\ntcp dport 443 accept\nudp dport 53 accept\n}\n}\n"},
};

constexpr ReachedCase partly_cases[] = {
    {"what loops back, in a concatenation",
     "tcp dport 443 accept\niifname . tcp dport { lo . 22, eth0 . 443 } drop"},
    {"what loops back, in a verdict map",
     "tcp dport 443 accept\niifname . tcp dport vmap { lo . 22 : drop, eth0 . 443 : drop }"},
    {"what is established, in a concatenation",
     "tcp dport 443 accept\nct state . tcp dport { established . 22, new . 443 } drop"},
    {"what is established, in a verdict map",
     "tcp dport 443 accept\nct state . tcp dport vmap { established . 22 : drop, new . 443 : drop }"},
    {"what is broadcast", "ip daddr 224.0.0.0/4 accept\nip daddr 224.0.0.0/3 fib daddr type != local drop"},
};

TEST(ShadowedRules, are_none_that_other_packets_match_in_part) {
  for (const auto& row : partly_cases) {
    const auto ruleset = read_rules(
        fmt::format(
            "table inet t {{\nchain i {{\ntype filter hook input priority 0; policy drop;\n{}\n}}\n}}\n",
            row.rules),
        "rules", {});
    ASSERT_TRUE(ruleset) << row.name;
    const auto found = shadowed(std::span{&*ruleset, 1});
    ASSERT_TRUE(found) << row.name;
    EXPECT_TRUE(found->empty()) << row.name;
  }
}

TEST(ShadowedRules, are_none_that_other_packets_reach) {
  for (const auto& row : reached_cases) {
    const auto ruleset = read_rules(row.rules, "rules", {});
    ASSERT_TRUE(ruleset) << row.name;
    const auto found = shadowed(std::span{&*ruleset, 1});
    ASSERT_TRUE(found) << row.name;
    EXPECT_TRUE(found->empty()) << row.name;
  }
}

TEST(ShadowedRules, are_those_that_no_packet_of_any_kind_is_left_for) {
  for (const auto* rule : {"iifname . tcp dport { lo . 22, eth0 . 443 } drop",
                           "iifname . tcp dport vmap { lo . 22 : drop, eth0 . 443 : drop }",
                           "ct state vmap { new : jump u, established : drop }"}) {
    const auto ruleset = read_rules(
        fmt::format("table inet t {{\nchain u {{\naccept\n}}\nchain i {{\ntype filter hook input priority 0; "
                    "policy drop;\ntcp dport 1-500 jump u\ntcp dport {{ 22, 443 }} {}\n}}\n}}\n",
                    rule),
        "rules", {});
    ASSERT_TRUE(ruleset) << rule;
    const auto found = shadowed(std::span{&*ruleset, 1});
    ASSERT_TRUE(found) << rule;
    EXPECT_EQ(found->size(), 1U) << rule;
  }
}

TEST(ShadowedRules, are_found_behind_a_narrowed_jump) {
  const auto ruleset = read_rules(
      "table inet t {\nchain input {\ntype filter hook input priority 0; policy drop;\nct state new jump "
      "svc\n}\n"
      "chain svc {\ntcp dport 1-500 accept\ntcp dport 443 drop\n}\n}\n",
      "rules", {});
  ASSERT_TRUE(ruleset);
  const auto found = shadowed(std::span{&*ruleset, 1});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->size(), 1U);
}

TEST(ShadowedRules, are_those_that_earlier_ones_take_everything_from) {
  const auto ruleset = read_rules(
      "table inet t {\nchain input {\ntype filter hook input priority 0; policy drop;\nct state new accept\n"
      "ip saddr 10.0.0.0/8 accept\nip saddr 10.1.0.0/16 drop\nip saddr 192.0.2.0/25 drop\nip saddr "
      "192.0.2.128/25 drop\n"
      "ip saddr 192.0.2.0/24 accept\nlimit rate 1/second accept\ntcp dport 443 accept\n}\n}\n",
      "rules", {});
  ASSERT_TRUE(ruleset);
  const auto found = shadowed(std::span{&*ruleset, 1});
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 2U);
  EXPECT_EQ(found->at(0).rule.rule, 2U);
  EXPECT_EQ(found->at(0).by.rule, 1U);
  EXPECT_EQ(found->at(1).rule.rule, 5U);
  EXPECT_EQ(found->at(1).by.rule, RuleRef::none);
}

}  // namespace
}  // namespace fwprobe::allowlist
