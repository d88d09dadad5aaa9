#include <algorithm>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "allowlist/exports/export.h"
#include "allowlist/publication.h"

namespace fwprobe::allowlist {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using std::literals::operator""y;

constexpr auto day = 2026y / 11 / 1;

Allowlist list(std::string_view direction, std::string_view entries) {
  auto parsed = parse_yaml(
      fmt::format("name: my list\ntitle: My list\nretrieved: 2026-01-31\ndirection: {}\nentries:\n{}",
                  direction, entries),
      "f");
  EXPECT_TRUE(parsed) << parsed.error().message;
  return parsed.value_or(Allowlist{});
}

const ExportFormat& format(std::string_view name) {
  return *std::ranges::find(export_formats(), name, &ExportFormat::name);
}

std::string rendered(const Allowlist& from, std::string_view as, const ExportPorts& ports = {}) {
  const auto wanted = plan_export(from, format(as), ports, "", day);
  return wanted ? format(as).render(*wanted) : wanted.error();
}

constexpr auto both_families =
    "  - {prefix: 192.0.2.0/25, ports: [443, 8000-8100]}\n  - {prefix: 192.0.2.128/25, ports: [443, "
    "8000-8100]}\n"
    "  - {prefix: 2001:db8::/32, ports: [443, 8000-8100]}\n  - {prefix: 198.51.100.7, ports: [53], protocol: "
    "udp}\n"
    "  - {prefix: 203.0.113.0/24, ports: [443], until: 2026-01-01}\n";

TEST(Export, NothingHidesTextOrMovesTheCursor) {
  constexpr auto entries =
      "  - {prefix: 192.0.2.1, ports: [443], purpose: \"a\\u202Eb\\u009Bc\\u2066d\u00fc\"}\n";
  auto from = list("inbound", entries);
  from.title =
      "a\u202Eb\u009Bc\u2066d\xff"
      "e\u00fc";
  for (const auto& one : export_formats()) {
    const auto text = rendered(from, one.name);
    for (const auto* bad : {"\u202E", "\u009B", "\u2066", "\xff"})
      EXPECT_THAT(text, Not(HasSubstr(bad))) << one.name;
  }
  EXPECT_THAT(rendered(from, "nftables"), StartsWith("# a b c d e\u00fc, inbound"));
  EXPECT_THAT(rendered(from, "csv"), HasSubstr(",a b c d\u00fc\n"));
  const auto json =
      parse_list(rendered(list("inbound", entries), "json"), {"json", "", day, {}, Entries::all});
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ(json->entries.front().purpose, "a\u202Eb\u009Bc\u2066d\u00fc") << "as an escape";
}

TEST(Export, RulesHaveTheFewestPrefixesThatAreInForce) {
  const auto from = list("inbound", both_families);
  EXPECT_THAT(rendered(from, "nftables"),
              AllOf(HasSubstr("  192.0.2.0/24,\n"), Not(HasSubstr("203.0.113.0")),
                    HasSubstr("add rule inet filter allow-my-list ip saddr @allow-my-list_1_v4 tcp dport { "
                              "443, 8000-8100 } accept\n"),
                    HasSubstr("ip6 saddr @allow-my-list_1_v6 tcp dport { 443, 8000-8100 } accept\n"),
                    HasSubstr("ip saddr @allow-my-list_2_v4 udp dport { 53 } accept\n")));
  EXPECT_THAT(
      rendered(from, "iptables"),
      AllOf(HasSubstr(
                "-A allow-my-list -s 192.0.2.0/24 -p tcp -m multiport --dports 443,8000:8100 -j ACCEPT\n"),
            HasSubstr("-A allow-my-list -s 198.51.100.7/32 -p udp --dport 53 -j ACCEPT\n"),
            Not(HasSubstr("2001:"))));
  EXPECT_THAT(rendered(from, "ip6tables"),
              HasSubstr("-A allow-my-list -s 2001:db8::/32 -p tcp -m multiport"));
  EXPECT_THAT(rendered(from, "cisco-acl"),
              AllOf(HasSubstr("ip access-list extended ALLOW-MY-LIST\n"),
                    HasSubstr(" permit tcp 192.0.2.0 0.0.0.255 any eq 443\n"),
                    HasSubstr(" permit tcp 192.0.2.0 0.0.0.255 any range 8000 8100\n"),
                    HasSubstr(" permit udp host 198.51.100.7 any eq 53\n"),
                    HasSubstr("ipv6 access-list ALLOW-MY-LIST-V6\n"),
                    HasSubstr(" permit tcp 2001:db8::/32 any eq 443\n")));
  EXPECT_THAT(rendered(from, "aws-sg"),
              AllOf(HasSubstr("\"CidrIp\": \"192.0.2.0/24\""), HasSubstr("\"FromPort\": 8000"),
                    HasSubstr("\"CidrIpv6\": \"2001:db8::/32\"")));
  EXPECT_THAT(rendered(from, "azure-nsg"),
              AllOf(HasSubstr("\"direction\": \"Inbound\""), HasSubstr("\"8000-8100\""),
                    HasSubstr("\"[format('{0}/{1}', parameters('nsgName'), 'allow-my-list-1')]\"")));
}

TEST(Export, OutboundRulesNameDestinations) {
  const auto from = list("outbound", "  - {prefix: 192.0.2.0/24, ports: [443]}\n");
  EXPECT_THAT(rendered(from, "nftables"), HasSubstr("ip daddr @allow-my-list_v4 tcp dport { 443 } accept"));
  EXPECT_THAT(rendered(from, "iptables"),
              HasSubstr("-A allow-my-list -d 192.0.2.0/24 -p tcp --dport 443 -j ACCEPT"));
  EXPECT_THAT(rendered(from, "cisco-acl"), HasSubstr(" permit tcp any 192.0.2.0 0.0.0.255 eq 443\n"));
  EXPECT_THAT(rendered(from, "azure-nsg"), HasSubstr("\"destinationAddressPrefixes\""));
}

TEST(Export, PortsThatTheListLeavesOpenAreAsked) {
  const auto from = list("inbound", "  - prefix: 192.0.2.0/24\n");
  EXPECT_THAT(rendered(from, "nftables"),
              HasSubstr("my list names no ports for 192.0.2.0/24; say which are meant"));
  EXPECT_THAT(rendered(from, "nftables", {false, {{22, 22}}}), HasSubstr("tcp dport { 22 } accept"));
  EXPECT_THAT(rendered(from, "nftables", {true, {}}), HasSubstr("meta l4proto tcp accept"));
  EXPECT_THAT(rendered(from, "ipset"), HasSubstr("add allow-my-list-v4.new 192.0.2.0/24\n"));
}

TEST(Export, MoreThanFifteenPortsAreSeveralRules) {
  std::string ports;
  for (int port = 1; port <= 40; port += 2) ports += fmt::format("{}{}", port == 1 ? "" : ", ", port);
  const auto text =
      rendered(list("inbound", fmt::format("  - {{prefix: 192.0.2.1, ports: [{}]}}\n", ports)), "iptables");
  EXPECT_THAT(text, AllOf(HasSubstr("--dports 1,3,5,7,9,11,13,15,17,19,21,23,25,27,29 -j"),
                          HasSubstr("--dports 31,33,35,37,39 -j")));
}

TEST(Export, AnIpsetHoldsEverythingAsTwoHalves) {
  EXPECT_THAT(rendered(list("inbound", "  - prefix: 0.0.0.0/0\n"), "ipset"),
              HasSubstr("add allow-my-list-v4.new 0.0.0.0/1\nadd allow-my-list-v4.new 128.0.0.0/1\n"));
}

TEST(Export, DocumentsCanBeReadAgain) {
  const auto from =
      list("inbound", fmt::format("{}  - {{domain: \"*.example.com\", ports: [443]}}\n", both_families));
  const auto json = parse_list(rendered(from, "json"), {"json", "", day, {}, Entries::all});
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ(json->name, "my list");
  EXPECT_EQ(json->entries.size(), 5U);
  EXPECT_EQ(json->entries[0].ports, from.entries[0].ports);
  const auto csv = parse_list(rendered(from, "csv"), {"csv", "", day, {}, Entries::all});
  ASSERT_TRUE(csv) << csv.error().message;
  ASSERT_EQ(csv->entries.size(), 4U);
  EXPECT_EQ(csv->entries[0].ports, from.entries[0].ports);
  EXPECT_EQ(csv->entries[3].protocol, Protocol::udp);
}

TEST(Export, NoCellIsAFormulaAndNoNameIsAnOption) {
  const auto from = list("inbound", "  - {prefix: 192.0.2.1, ports: [443], purpose: \"=cmd()\"}\n");
  EXPECT_THAT(rendered(from, "csv"), HasSubstr("192.0.2.1/32,tcp,443,\"'=cmd()\"\n"));
  EXPECT_FALSE(plan_export(from, format("nftables"), {}, "a b", day));
  EXPECT_FALSE(plan_export(from, format("nftables"), {}, "a;b", day));
  EXPECT_EQ(plan_export(from, format("nftables"), {}, "-x", day)->name, "allow--x");
  EXPECT_EQ(plan_export(from, format("nftables"), {}, "7", day)->name, "allow-7");
}

TEST(Export, AListOfNamesMakesNoRulesButADocument) {
  const auto from = list("outbound", "  - {domain: example.com, ports: [443]}\n");
  EXPECT_THAT(rendered(from, "iptables"), HasSubstr("names alone make no rules"));
  EXPECT_THAT(rendered(from, "json"), HasSubstr("\"domain\": \"example.com\""));
  EXPECT_THAT(rendered(list("outbound", "  - {domain: example.com, until: 2026-01-01}\n"), "json"),
              HasSubstr("no entry that is in force"));
}

TEST(Export, AFamilyThatIsNoLongerListedIsNoLongerLetThrough) {
  const auto from = list("inbound", "  - {prefix: 192.0.2.0/24, ports: [443]}\n");
  EXPECT_THAT(rendered(from, "ipset"),
              HasSubstr("flush allow-my-list-v6.new\nswap allow-my-list-v6.new allow-my-list-v6\n"));
  EXPECT_THAT(rendered(from, "cisco-acl"),
              HasSubstr("no ipv6 access-list ALLOW-MY-LIST-V6\nipv6 access-list ALLOW-MY-LIST-V6\n"));
  EXPECT_THAT(rendered(from, "cisco-acl"), HasSubstr(" deny ipv6 any any\n"));
}

TEST(Export, AnIpsetMayGrowWithoutBeingMadeAnew) {
  const auto first_line = [](std::string_view entries) {
    const auto text = rendered(list("inbound", entries), "ipset");
    return text.substr(0, text.find('\n'));
  };
  std::string many;
  for (int i = 0; i < 70'000; ++i)
    many += fmt::format("  - prefix: 10.{}.{}.{}\n", i >> 15, i >> 7 & 255, i % 128 * 2);
  EXPECT_EQ(first_line(many), first_line("  - prefix: 192.0.2.0/24\n"));
}

TEST(Export, PortsThatOverlapOrTouchAreNamedOnce) {
  const auto twice = list("inbound",
                          "  - {prefix: 192.0.2.0/24, ports: [80, 443]}\n"
                          "  - {prefix: 198.51.100.0/24, ports: [443]}\n");
  const auto text = rendered(twice, "aws-sg");
  const auto first = text.find("\"FromPort\": 443");
  EXPECT_NE(first, std::string::npos);
  EXPECT_EQ(text.find("\"FromPort\": 443", first + 1), std::string::npos);
  EXPECT_THAT(rendered(list("inbound", "  - prefix: 192.0.2.0/24\n"), "azure-nsg",
                       {false, {{443, 443}, {440, 450}, {443, 443}}}),
              AllOf(HasSubstr("\"440-450\""), Not(HasSubstr("\"443\""))));
}

TEST(Export, ADocumentHoldsAllThatIsKnownAndNothingTwice) {
  auto from =
      list("outbound",
           "  - {domain: \"*.example.com\", ports: [443], examples: [www.example.com], issuers: [X]}\n"
           "  - {prefix: 192.0.2.0/24, ports: [80, 443]}\n"
           "  - {prefix: 192.0.2.0/24, ports: [22]}\n");
  from.fresh_for = std::chrono::days{90};
  from.entries[2].ports = {{443, 444}};  // as publishers list a prefix under several services
  const auto json = parse_yaml(rendered(from, "json"), "json");
  ASSERT_TRUE(json) << json.error().message;
  EXPECT_EQ(json->fresh_for, std::chrono::days{90});
  EXPECT_EQ(json->entries[0].examples, std::vector<std::string>{"www.example.com"});
  EXPECT_EQ(json->entries[0].issuers, std::vector<std::string>{"X"});
  EXPECT_EQ(json->entries[2].ports, (std::vector<PortRange>{{444, 444}}));
}

TEST(Export, AnyListIsReadAgainFromItsDocument) {
  std::string many = "22";
  for (int port = 1000; port < 1400; port += 2) many += fmt::format(" {}", port);
  const struct {
    const char* name;
    std::string text;
    std::chrono::year_month_day written = day;
  } rows[] = {
      {"a port twice", "prefix,port\n192.0.2.0/24,443;443\n"},
      {"ranges that overlap", "prefix,port\n192.0.2.0/24,443;400-500\n"},
      {"many ports", fmt::format("prefix,port\n192.0.2.0/24,{}\n", many)},
      {"a long purpose", fmt::format("prefix,for\n192.0.2.0/24,{}\n", std::string(2000, 'x'))},
      {"a tab in a purpose", "prefix,for\n192.0.2.0/24,a\tb\n"},
      {"a tab in a key", R"({"a\tb": ["192.0.2.0/24"]})"},
      {"a file of before 1970", "192.0.2.0/24\n", 1901y / 12 / 13},
      {"a file of no time", "192.0.2.0/24\n", 12345y / 1 / 1},
  };
  for (const auto& row : rows) {
    const auto from = parse_list(row.text, {"a\tb", "", row.written, {}, Entries::all});
    ASSERT_TRUE(from) << row.name << ": " << from.error().message;
    const auto json = parse_list(rendered(*from, "json"), {"json", "", day, {}, Entries::all});
    ASSERT_TRUE(json) << row.name << ": " << json.error().message;
    for (std::uint16_t port = 1; port < 2000; ++port) {
      const auto is_for = [&](const Entry& entry) { return for_port(entry, port); };
      EXPECT_EQ(std::ranges::any_of(json->entries, is_for), std::ranges::any_of(from->entries, is_for))
          << row.name << ", port " << port;
    }
  }
}

TEST(Export, OfANameWhoseAddressesAreListedAndAnywhereTheWiderEntryIsKept) {
  const auto from = parse_list(
      R"([{"serviceArea": "X", "ips": ["192.0.2.0/24"], "urls": ["b.example"], "tcpPorts": "80,443"},
                                   {"serviceArea": "X", "urls": ["b.example"], "tcpPorts": "443"}])",
      {"m365", "", day, {}, Entries::all});
  ASSERT_TRUE(from) << from.error().message;
  const auto json = parse_list(rendered(*from, "json"), {"json", "", day, {}, Entries::all});
  ASSERT_TRUE(json) << json.error().message;
  const auto entries = entries_for(*json, "b.example", day);
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0]->addresses, NameAddresses::any);
  EXPECT_EQ(entries[0]->ports, (std::vector<PortRange>{{443, 443}}));
  EXPECT_EQ(entries[1]->addresses, NameAddresses::listed);
  EXPECT_EQ(entries[1]->ports, (std::vector<PortRange>{{80, 80}}));
}

TEST(Export, OnlyRulesTakeOtherPorts) {
  const auto from = list("inbound", "  - prefix: 192.0.2.0/24\n");
  for (const auto* as : {"ipset", "json", "csv"})
    EXPECT_THAT(rendered(from, as, {false, {{443, 443}}}), HasSubstr("--port is for rules")) << as;
}

TEST(Export, NamesThatAreCutStayApart) {
  const auto from = list("inbound", "  - {prefix: 192.0.2.0/24, ports: [443]}\n");
  const auto chain = [&](std::string_view name) {
    const auto wanted = plan_export(from, format("iptables"), {}, name, day);
    const auto lines = format("iptables").render(*wanted);
    return lines.substr(lines.find("\n:") + 2, 28);
  };
  EXPECT_THAT(chain("build-agents-production-europe-west"), StartsWith("allow-build-agents-prod"));
  EXPECT_NE(chain("build-agents-production-europe-west"), chain("build-agents-production-us-east"));
}

TEST(Export, ATitleIsCutBetweenCharacters) {
  auto from = list("inbound", "  - {prefix: 192.0.2.0/24, ports: [443]}\n");
  for (const std::string_view before : {"", "x"}) {
    from.title = before;
    for (int i = 0; i < 100; ++i) from.title += "ü";
    EXPECT_THAT(rendered(from, "azure-nsg"), HasSubstr("üü\","));
    EXPECT_THAT(rendered(from, "cisco-acl"), HasSubstr("üü\n"));
  }
}

}  // namespace
}  // namespace fwprobe::allowlist
