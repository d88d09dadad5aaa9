#include <span>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "allowlist/allowlist.h"

namespace fwprobe::allowlist {
namespace {

using std::chrono::year_month_day;
using std::literals::operator""s;
using std::literals::operator""y;

const std::string head = "name: mine\nretrieved: 2026-01-31\ndirection: outbound\n";

std::string entries(std::string_view lines) { return fmt::format("{}entries:\n{}", head, lines); }

TEST(Yaml, IssuersAreANameOrSeveral) {
  const auto list =
      parse_yaml(entries("  - domain: a.example.com\n    issuers: Example Corp\n"
                         "  - prefix: 192.0.2.0/24\n    issuers: [Issuing CA 1, Issuing CA 2]\n"),
                 "f");
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_EQ(list->entries[0].issuers, std::vector<std::string>{"Example Corp"});
  EXPECT_EQ(list->entries[1].issuers, (std::vector<std::string>{"Issuing CA 1", "Issuing CA 2"}));
}

TEST(Yaml, AListWithEveryKey) {
  const auto list = parse_yaml(R"(# a comment
name: mine
title: "My services"
publisher: Me
source: https://example.com/list
retrieved: 2026-01-31
fresh_for: 90d
direction: inbound
ports: [443, 8000-8100]
protocol: tcp
entries:
  - prefix: 192.0.2.7/24
    purpose: web
    since: 2020-02-29
    until: 2030-01-01
  - prefix: 2001:DB8::/32
    ports: [22]
  - domain: "*.Example.com"
    protocol: udp
    addresses: any
)",
                               "mine.yaml");
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_EQ(list->name, "mine");
  EXPECT_EQ(list->title, "My services");
  EXPECT_EQ(list->publisher, "Me");
  EXPECT_EQ(list->source, "https://example.com/list");
  EXPECT_EQ(list->retrieved, 2026y / 1 / 31);
  EXPECT_EQ(list->direction, Direction::inbound);
  EXPECT_EQ(list->fresh_for, std::chrono::days{90});
  ASSERT_EQ(list->entries.size(), 3U);
  const auto& web = list->entries[0];
  EXPECT_EQ(std::get<Prefix>(web.what).text(), "192.0.2.0/24");
  EXPECT_EQ(web.published, "192.0.2.7/24");
  EXPECT_TRUE(web.host_bits);
  EXPECT_EQ(web.ports, (std::vector<PortRange>{{443, 443}, {8000, 8100}}));
  EXPECT_EQ(web.purpose, "web");
  EXPECT_EQ(web.since, 2020y / 2 / 29);
  EXPECT_EQ(web.until, 2030y / 1 / 1);
  EXPECT_EQ(web.line, 12);
  EXPECT_EQ(std::get<Prefix>(list->entries[1].what).text(), "2001:db8::/32");
  EXPECT_EQ(list->entries[1].ports, (std::vector<PortRange>{{22, 22}}));
  EXPECT_EQ(std::get<Domain>(list->entries[2].what), (Domain{"example.com", true}));
  EXPECT_EQ(list->entries[2].protocol, Protocol::udp);
  EXPECT_EQ(list->entries[2].addresses, NameAddresses::any);
}

TEST(Yaml, SpellingsOfTheSameListAreEqual) {
  const std::string plain = head + "ports: [443]\nentries:\n  - prefix: 192.0.2.0/24\n";
  std::string crlf;
  for (const char c : plain) crlf += c == '\n' ? "\r\n"s : std::string{c};
  const std::pair<const char*, std::string> rows[] = {
      {"lines end with CRLF", crlf},
      {"it begins with a BOM", "\xef\xbb\xbf" + plain},
      {"it begins with a BOM and lines end with CRLF", "\xef\xbb\xbf" + crlf},
      {"it is in flow style",
       "{name: mine, retrieved: 2026-01-31, direction: outbound, ports: [443], entries: [{prefix: "
       "192.0.2.0/24}]}\n"},
      {"it is JSON without spaces",
       "{\"name\":\"mine\",\"retrieved\":\"2026-01-31\",\"direction\":\"outbound\",\"ports\":[443],"
       "\"entries\":[{"
       "\"prefix\":\"192.0.2.0/24\"}]}\n"},
      {"the ports stand behind the entries", head + "entries:\n  - prefix: 192.0.2.0/24\nports: [443]\n"},
      {"a document marker begins it", "---\n" + plain + "...\n"},
      {"a comment has a tab and letters outside ASCII", plain + "#\tçok güzel\n"},
  };
  for (const auto& [name, text] : rows) {
    const auto list = parse_yaml(text, "f");
    ASSERT_TRUE(list) << name << ": " << list.error().message;
    EXPECT_EQ(list->title, "mine") << name;
    ASSERT_EQ(list->entries.size(), 1U) << name;
    EXPECT_EQ(std::get<Prefix>(list->entries[0].what).text(), "192.0.2.0/24") << name;
    EXPECT_EQ(list->entries[0].ports, (std::vector<PortRange>{{443, 443}})) << name;
  }
}

struct Bad {
  const char* name;
  std::string text;
  const char* message;
};

void expect_refused(std::span<const Bad> rows) {
  for (const auto& row : rows) {
    const auto list = parse_yaml(row.text, "f");
    ASSERT_FALSE(list) << row.name;
    EXPECT_EQ(list.error().message, row.message) << row.name;
  }
}

TEST(Yaml, FilesThatAreNoLists) {
  const Bad rows[] = {
      {"an empty file", "", "f:1:1: the file is empty; docs/allowlists.md shows a list"},
      {"blank lines", "\r\n  \n", "f:1:1: the file is empty; docs/allowlists.md shows a list"},
      {"a BOM alone", "\xef\xbb\xbf", "f:1:1: the file is empty; docs/allowlists.md shows a list"},
      {"a comment alone", "# nothing\n", "f:1:1: the file is empty; docs/allowlists.md shows a list"},
      {"a document without content", "---\n", "f:2:1: a list is a map that begins with name:"},
      {"a text", "hello\n", "f:1:1: a list is a map that begins with name:"},
      {"a list", "- name: x\n", "f:1:1: a list is a map that begins with name:"},
      {"JSON of another kind", "{\"prefixes\": []}\n",
       "f:1:2: unknown key 'prefixes'; known are name, title, publisher, source, retrieved, fresh_for, "
       "direction, "
       "ports, protocol and entries"},
      {"HTML", "<!DOCTYPE html>\n<html lang='en'>\n", "f:1:1: a list is a map that begins with name:"},
      {"UTF-16", "\xff\xfen\0a\0"s, "f:1:1: not UTF-8; save the file as UTF-8"},
      {"Latin-1", "name: \xe7ok\n", "f:1:7: not UTF-8; save the file as UTF-8"},
      {"a NUL", "name: x\0y\n"s, "f:1:8: control character 0x00"},
      {"an escape sequence", "name: \x1b[31m\n", "f:1:7: control character 0x1b"},
      {"an escaped escape sequence", "name: \"\\x1b[31m\"\n",
       "f:1:7: name holds a control character: '\\x1b[31m'"},
      {"a CR without LF", "name: x\rtitle: y\n", "f:1:8: control character 0x0d"},
      {"a tab in the indentation", head + "entries:\n\t- prefix: 192.0.2.1\n",
       "f:5:1: a tab in the indentation; use spaces (YAML 1.2 §6.1)"},
      {"a tab behind spaces", head + "entries:\n  \t- prefix: 192.0.2.1\n",
       "f:5:3: a tab in the indentation; use spaces (YAML 1.2 §6.1)"},
      {"a second document", head + "entries: [{prefix: 192.0.2.1}]\n---\nname: y\n",
       "f:5:1: a second document begins; a file is one document"},
      {"cut short inside a prefix", entries("  - prefix: 192.0.2.0/2"),
       "f:5:24: the last line has no end: the file may be cut short; if it is whole, end it with a newline"},
      {"cut short inside brackets", head + "ports: [443,\n",
       "f:5:1: not YAML: did not find expected node content"},
      {"cut short inside quotes", "name: \"x\n",
       "f:2:1: not YAML: found unexpected end of stream, while scanning a quoted scalar that begins at 1:7"},
      {"a line separator", "name: x\xe2\x80\xa8y\n",
       "f:1:8: U+2028 ends a line for some YAML readers only (1.2.2 §5.4); leave it out"},
      {"a next line", "name: x\xc2\x85y\n",
       "f:1:8: U+0085 ends a line for some YAML readers only (1.2.2 §5.4); leave it out"},
      {"a character that YAML has not", "name: \xc2\x80\n",
       "f:1:7: not YAML: control characters are not allowed"},
      {"an unknown key behind letters outside ASCII", "{name: çok, title: güzel,\n ğ: 1, colour: red}\n",
       "f:2:2: unknown key '\\xc4\\x9f'; known are name, title, publisher, source, retrieved, fresh_for, "
       "direction, "
       "ports, protocol and entries"},
      {"a place behind letters outside ASCII", "name: x\ntitle: [çç, ğ]\n",
       "f:2:8: title is a text, not a list or a map"},
      {"a column counts bytes", "{name: çok, direction: güzel}\n",
       "f:1:25: direction: 'g\\xc3\\xbczel' is neither 'inbound' (sources to let in) nor 'outbound' "
       "(destinations to "
       "reach)"},
  };
  expect_refused(rows);
}

TEST(Yaml, KeysThatAreWrong) {
  const Bad rows[] = {
      {"an unknown key", "name: x\ncolour: red\n",
       "f:2:1: unknown key 'colour'; known are name, title, publisher, source, retrieved, fresh_for, "
       "direction, ports, "
       "protocol and entries"},
      {"an unknown key of an entry", entries("  - prefix: 192.0.2.1\n    port: 443\n"),
       "f:6:5: unknown key 'port'; known are prefix, domain, ports, protocol, purpose, since, until, "
       "addresses, examples and issuers"},
      {"issuers that are a map", entries("  - domain: example.com\n    issuers: {CN: x}\n"),
       "f:6:14: issuers is a name or a list of names; write [\"Example Issuing CA\"]"},
      {"an issuer that is anybody", entries("  - domain: example.com\n    issuers: [\"*\"]\n"),
       "f:6:15: issuers: '*' is a pattern; write the authority's whole CN or O"},
      {"an issuer twice", entries("  - domain: example.com\n    issuers: [a, a]\n"),
       "f:6:18: issuers: 'a' is there twice"},
      {"issuers of sources",
       "name: mine\nretrieved: 2026-01-31\ndirection: inbound\nentries:\n  - prefix: 192.0.2.1\n    issuers: "
       "x\n",
       "f:5:5: issuers belongs to an outbound list: sources show no certificate"},
      {"examples of a name that is no wildcard",
       entries("  - domain: example.com\n    examples: [www.example.com]\n"),
       "f:5:5: examples belongs to an entry with a wildcard domain:, such as \"*.example.com\""},
      {"an example that is not below its wildcard",
       entries("  - domain: \"*.example.com\"\n    examples: [www.example.org]\n"),
       "f:5:5: examples: 'www.example.org' is not below *.example.com"},
      {"a merge key", head + "<<: {name: y}\n",
       "f:4:1: unknown key '<<'; known are name, title, publisher, source, retrieved, fresh_for, direction, "
       "ports, "
       "protocol and entries"},
      {"a key twice", "name: x\nname: y\n", "f:2:1: 'name' is there twice, first on line 1"},
      {"a key twice in an entry", entries("  - prefix: 192.0.2.1\n    prefix: 192.0.2.2\n"),
       "f:6:5: 'prefix' is there twice, first on line 5"},
      {"a key without value", "name:\nretrieved: 2026-01-31\n", "f:1:1: 'name' has no value"},
      {"a null", "name: ~\n", "f:1:1: 'name' has no value"},
      {"a map as key", "? {a: b}\n: c\n", "f:1:3: a key is a word, not a list or a map"},
      {"no name", "direction: inbound\nretrieved: 2026-01-31\nentries: [{prefix: 192.0.2.1}]\n",
       "f:1:1: name is missing"},
      {"no direction", "name: x\nretrieved: 2026-01-31\nentries: [{prefix: 192.0.2.1}]\n",
       "f:1:1: direction is missing"},
      {"no date", "name: x\ndirection: inbound\nentries: [{prefix: 192.0.2.1}]\n",
       "f:1:1: retrieved is missing"},
      {"no entries", head, "f:1:1: entries is missing"},
      {"empty entries", head + "entries: []\n",
       "f:4:10: entries is a list with at least one '- prefix: …' or '- domain: …'"},
      {"entries that are a map", head + "entries: {prefix: 192.0.2.1}\n",
       "f:4:10: entries is a list with at least one '- prefix: …' or '- domain: …'"},
      {"an entry that is a text", entries("  - 192.0.2.1\n"),
       "f:5:5: an entry is a map that begins with prefix: or domain:"},
      {"an entry without a thing", entries("  - ports: [443]\n"), "f:5:5: an entry needs prefix: or domain:"},
      {"an entry with two things", entries("  - prefix: 192.0.2.1\n    domain: example.com\n"),
       "f:6:5: an entry has either prefix: or domain:"},
      {"an anchor", "name: &a x\n", "f:1:7: anchors are not accepted; write the value itself"},
      {"a wildcard without quotes", entries("  - domain: *.example.com\n"),
       "f:5:13: an unquoted '*' begins an alias, which is not accepted; quote a wildcard: '*.example.com'"},
      {"a wildcard that might be an alias", entries("  - domain: *\n"),
       "f:5:13: an unquoted '*' begins an alias, which is not accepted; quote a wildcard: '*.example.com'"},
      {"an anchor without a name", "name: & x\n", "f:1:7: anchors are not accepted; write the value itself"},
      {"a tag", "name: !!python/object:os.system x\n",
       "f:1:7: tags such as 'tag:yaml.org,2002:python/object:os.system' are not accepted"},
  };
  expect_refused(rows);
}

TEST(Yaml, ValuesThatAreWrong) {
  const Bad rows[] = {
      {"a direction of its own", "name: x\ndirection: sideways\n",
       "f:2:12: direction: 'sideways' is neither 'inbound' (sources to let in) nor 'outbound' (destinations "
       "to "
       "reach)"},
      {"a protocol of its own", "protocol: sctp\n", "f:1:11: protocol: 'sctp' is neither 'tcp' nor 'udp'"},
      {"a name that is a list", "name: [x]\n", "f:1:7: name is a text, not a list or a map"},
      {"a day that is none", "retrieved: 2026-02-29\n",
       "f:1:12: retrieved: '2026-02-29' is not a date; write YYYY-MM-DD, such as 2026-01-31"},
      {"a date in another order", "retrieved: 31.01.2026\n",
       "f:1:12: retrieved: '31.01.2026' is not a date; write YYYY-MM-DD, such as 2026-01-31"},
      {"a date with signs", "retrieved: 2026--1-01\n",
       "f:1:12: retrieved: '2026--1-01' is not a date; write YYYY-MM-DD, such as 2026-01-31"},
      {"an end before the beginning",
       entries("  - prefix: 192.0.2.1\n    since: 2026-01-01\n    until: 2026-01-01\n"),
       "f:5:5: until is not after since"},
      {"port 0", "ports: [0]\n",
       "f:1:9: ports: '0' is neither a port from 1 to 65535 nor a range from low to high such as 8000-8100"},
      {"port 65536", "ports: [443, 65536]\n",
       "f:1:14: ports: '65536' is neither a port from 1 to 65535 nor a range from low to high such as "
       "8000-8100"},
      {"a range backwards", "ports: [8100-8000]\n",
       "f:1:9: ports: '8100-8000' is neither a port from 1 to 65535 nor a range from low to high such as "
       "8000-8100"},
      {"a range without end", "ports: [8000-]\n",
       "f:1:9: ports: '8000-' is neither a port from 1 to 65535 nor a range from low to high such as "
       "8000-8100"},
      {"an octal port", "ports: [0443]\n",
       "f:1:9: ports: '0443' is neither a port from 1 to 65535 nor a range from low to high such as "
       "8000-8100"},
      {"a port in quotes", "ports: ['443']\n",
       "f:1:9: ports: '443' is neither a port from 1 to 65535 nor a range from low to high such as "
       "8000-8100"},
      {"a service's name", "ports: [https]\n",
       "f:1:9: ports: 'https' is neither a port from 1 to 65535 nor a range from low to high such as "
       "8000-8100"},
      {"a port twice", "ports: [443, 443]\n", "f:1:14: ports: '443' is there twice"},
      {"a port alone", "ports: 443\n",
       "f:1:8: ports is a list; write [443] or [443, 8000-8100], or leave it out for any port"},
      {"no port", "ports: []\n", "f:1:8: ports is empty; leave it out for any port"},
      {"a prefix too long", entries("  - prefix: 192.0.2.0/33\n"),
       "f:5:13: prefix: '192.0.2.0/33': the prefix length is a number from 0 to 32"},
      {"a range of addresses", entries("  - prefix: 192.0.2.1-192.0.2.9\n"),
       "f:5:13: prefix: '192.0.2.1-192.0.2.9' is not a prefix; write 192.0.2.0/24, 2001:db8::/32 or an "
       "address"},
      {"three numbers", entries("  - prefix: 192.0.2\n"),
       "f:5:13: prefix: '192.0.2' is not a prefix; write 192.0.2.0/24, 2001:db8::/32 or an address"},
      {"a netmask", entries("  - prefix: 192.0.2.0/255.255.255.0\n"),
       "f:5:13: prefix: '192.0.2.0/255.255.255.0': the prefix length is a number from 0 to 32"},
      {"an IPv4 prefix in IPv6 form", entries("  - prefix: ::ffff:192.0.2.0/120\n"),
       "f:5:13: prefix: '::ffff:192.0.2.0/120' is IPv4 in IPv6 form (RFC 4291 §2.5.5.2); write 192.0.2.0/24"},
      {"a short IPv4-mapped prefix", entries("  - prefix: ::ffff:192.0.2.0/64\n"),
       "f:5:13: prefix: '::ffff:192.0.2.0/64' is IPv4 in IPv6 form (RFC 4291 §2.5.5.2); write the IPv4 "
       "prefix"},
      {"letters outside ASCII", entries("  - prefix: １.2.3.4\n"),
       "f:5:13: prefix: '\\xef\\xbc\\x91.2.3.4' is not a prefix; write 192.0.2.0/24, 2001:db8::/32 or an "
       "address"},
      {"a URL", entries("  - domain: https://example.com/\n"),
       "f:5:13: domain: 'https://example.com/' is not a name; write host.example.com or *.example.com: no "
       "scheme, port, path or final dot, and letters outside ASCII as xn--"},
      {"a wildcard without a dot", entries("  - domain: '*cdn.example.com'\n"),
       "f:5:13: domain: '*cdn.example.com' is not a name; write host.example.com or *.example.com: no "
       "scheme, "
       "port, path or final dot, and letters outside ASCII as xn--"},
      {"an address as a name", entries("  - domain: 192.0.2.1\n"),
       "f:5:13: domain: '192.0.2.1' is an address; write prefix:"},
      {"the same prefix twice", entries("  - prefix: 192.0.2.0/24\n  - prefix: 192.0.2.9/24\n"),
       "f:6:5: 192.0.2.0/24 is listed already, on line 5"},
      {"a prefix for a port inside of another's range",
       entries("  - {prefix: 192.0.2.0/24, ports: [443, 8000-8100]}\n  - {prefix: 192.0.2.0/24, ports: "
               "[8050]}\n"),
       "f:6:5: 192.0.2.0/24 is listed already, on line 5"},
      {"the same name twice", entries("  - domain: example.com\n  - domain: EXAMPLE.com\n"),
       "f:6:5: example.com is listed already, on line 5"},
      {"addresses of a prefix", entries("  - prefix: 192.0.2.1\n    addresses: any\n"),
       "f:5:5: addresses belongs to an entry with domain:"},
  };
  expect_refused(rows);
}

TEST(Yaml, TheSamePrefixForOtherPortsOrDaysIsNoDuplicate) {
  const auto list = parse_yaml(entries("  - {prefix: 192.0.2.0/24, ports: [443]}\n"
                                       "  - {prefix: 192.0.2.0/24, ports: [22]}\n"
                                       "  - {prefix: 198.51.100.0/24, until: 2020-01-01}\n"
                                       "  - {prefix: 198.51.100.0/24, since: 2020-01-01}\n"
                                       "  - {prefix: 203.0.113.0/24, protocol: udp}\n"
                                       "  - {prefix: 203.0.113.0/24}\n"),
                               "f");
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_EQ(list->entries.size(), 6U);
}

TEST(Yaml, ManyEntriesForOnePrefix) {
  std::string many, days;
  for (int port = 1; port <= 5000; ++port)
    many += fmt::format("  - {{prefix: 192.0.2.0/24, ports: [{}]}}\n", port);
  EXPECT_TRUE(parse_yaml(entries(many), "f"));
  const auto twice = parse_yaml(entries(many + "  - {prefix: 192.0.2.0/24, ports: [4999]}\n"), "f");
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().message, "f:5005:5: 192.0.2.0/24 is listed already, on line 5003");
  for (int year = 2000; year <= 2100; ++year)
    days += fmt::format("  - {{prefix: 192.0.2.0/24, since: {}-01-01, until: {}-01-01}}\n", year, year + 1);
  const auto too_many = parse_yaml(entries(days), "f");
  ASSERT_FALSE(too_many);
  EXPECT_EQ(too_many.error().message, "f:105:5: more than 100 entries for 192.0.2.0/24, one after the other");
}

TEST(Yaml, BombsAreRefused) {
  const std::string laughs = "name: x\ntitle: &a [x,x]\nsource: &b [*a,*a]\npublisher: [*b,*b]\n";
  EXPECT_FALSE(parse_yaml(laughs, "f"));
  for (const auto* nest : {"[", "{", "- ", "? ", "{a: ", "[[{"}) {
    std::string text = "name: ";
    for (int i = 0; i < 20'000; ++i) text += nest;
    EXPECT_FALSE(parse_yaml(text + "\n", "f")) << nest;
  }
  EXPECT_FALSE(parse_yaml(std::string(8 * 1024 * 1024 + 1, '\n'), "f"));
  std::string many = head + "entries: [";
  for (int i = 0; i < 1'100'000; ++i) many += "1,";
  EXPECT_FALSE(parse_yaml(many + "]\n", "f"));
}

TEST(Yaml, AHundredThousandPrefixesAreRead) {
  std::string text = head + "entries:\n";
  for (unsigned i = 0; i < 100'000; ++i)
    text += fmt::format("- prefix: {}/32\n", asio::ip::address_v4{0x0a000000U + i}.to_string());
  const auto list = parse_yaml(text, "f");
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_EQ(list->entries.size(), 100'000U);
}

}  // namespace
}  // namespace fwprobe::allowlist
