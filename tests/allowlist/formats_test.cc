#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "allowlist/load_set.h"
#include "allowlist/publication.h"
#include "allowlist/publishers.h"

namespace fwprobe::allowlist {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using std::literals::operator""y;

const std::string data = SOURCE_DIR "/tests/allowlist/data/lists/";

std::string content(const std::string& file) {
  std::ostringstream text;
  text << std::ifstream{data + file, std::ios::binary}.rdbuf();
  EXPECT_FALSE(text.str().empty()) << file;
  return text.str();
}

std::expected<Allowlist, ListError> parse(std::string_view text, const std::vector<Filter>& filters = {},
                                          Entries entries = Entries::all) {
  return parse_list(text, {"f", "", 2026y / 11 / 1, filters, entries});
}

std::string error(std::string_view text, Entries entries = Entries::all) {
  const auto list = parse(text, {}, entries);
  return list ? "no error" : list.error().message;
}

TEST(Formats, OurOwnMayBeAnyJson) {
  const auto list = parse(R"({
	"name": "rockets", "title": "\ud83d\ude80", "retrieved": "2026-01-31", "direction": "outbound", "ports": [443],
	"entries": [{"prefix": "192.0.2.0/24"}, {"domain": "*.example.com", "ports": [22, "8000-8100"]}]})");
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_EQ(list->title, "\xf0\x9f\x9a\x80");
  EXPECT_EQ(list->entries.size(), 2U);
  EXPECT_EQ(list->entries[0].line, 3);
  EXPECT_EQ(list->entries[1].ports, (std::vector<PortRange>{{22, 22}, {8000, 8100}}));
  EXPECT_THAT(error(R"({"name": "x", "retrieved": "2026-01-31", "direction": "outbound",
 "entries": [{"prefix": 5}]})"),
              HasSubstr("f:2:25: prefix: '5' is not a prefix"));
  EXPECT_THAT(error(R"({"name": null, "entries": []})"), HasSubstr("f:1:13: 'name' has no value"));
  EXPECT_THAT(error(R"({"name": "x", "colour": true, "entries": []})"), HasSubstr("unknown key 'colour'"));
  EXPECT_THAT(error(R"({"name": "x", "entries": [], "name": "y"})"), HasSubstr("the key 'name' twice"));
}

TEST(Formats, OurOwnMayBeAsLargeAsOtherJson) {
  constexpr int count = 60'000;
  std::string text = R"({"name": "x", "retrieved": "2026-01-31", "direction": "outbound", "entries": [)";
  for (int i = 0; i < count; ++i)
    text += fmt::format(R"({}{{"prefix": "10.{}.{}.0/24", "purpose": "{}"}})", i == 0 ? "" : ",", i / 256,
                        i % 256, std::string(120, 'x'));
  text += "]}";
  ASSERT_GT(text.size(), 9U * 1024 * 1024);
  const auto list = parse(text);
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_EQ(list->entries.size(), count);
}

std::vector<std::string> published(const Allowlist& list) {
  std::vector<std::string> texts;
  for (const auto& entry : list.entries) texts.push_back(entry.published);
  return texts;
}

TEST(Formats, EachPublishersSampleIsRead) {
  struct Row {
    const char* file;
    const char* name;
    Direction direction;
    std::size_t ipv4, ipv6, names;
    const char* first;
    const char* purpose;
  };
  const Row rows[] = {
      {"aws.json", "aws", Direction::outbound, 80, 34, 0, "15.230.15.29/32", "AMAZON, eu-central-1"},
      {"azure.json", "azure-service-tags", Direction::outbound, 60, 2, 0, "4.145.74.52/30", "ActionGroup"},
      {"github.json", "github", Direction::outbound, 57, 7, 24, "192.30.252.0/22", "hooks"},
      {"atlassian.json", "atlassian", Direction::inbound, 12, 1, 0, "52.82.172.0/22",
       "email, global, commercial"},
      {"google-goog.json", "google", Direction::outbound, 6, 2, 0, "8.8.4.0/24", ""},
      {"google-cloud.json", "google-cloud", Direction::outbound, 6, 2, 0, "34.1.208.0/20",
       "Google Cloud, africa-south1"},
      {"cloudflare-ips-v4.txt", "cloudflare-ips-v4", Direction::inbound, 15, 0, 0, "173.245.48.0/20", ""},
      {"cloudflare-ips-v6.txt", "cloudflare-ips-v6", Direction::inbound, 0, 7, 0, "2400:cb00::/32", ""},
      {"cloudflare-api.json", "cloudflare", Direction::inbound, 2, 1, 0, "173.245.48.0/20", ""},
      {"fastly-public-ip-list.json", "fastly", Direction::inbound, 19, 2, 0, "23.235.32.0/20", ""},
      {"oracle.json", "oracle", Direction::outbound, 3, 0, 0, "129.159.192.0/19", "eu-frankfurt-1, OCI"},
      {"buildkite.json", "buildkite", Direction::inbound, 2, 0, 0, "192.0.2.0/24", "webhook_ips"},
      {"stripe.json", "stripe", Direction::inbound, 2, 0, 0, "3.18.12.63", "WEBHOOKS"},
      {"microsoft365.json", "microsoft365", Direction::outbound, 4, 3, 6, "13.107.6.152/31",
       "Exchange, Optimize"},
      {"plain.txt", "plain", Direction::inbound, 4, 1, 0, "192.0.2.0/24", ""},
      {"list.csv", "list", Direction::inbound, 2, 1, 0, "192.0.2.0/24", "Berlin, office, second floor"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.file);
    const auto list = load(data + row.file, {{}, Entries::all});
    ASSERT_TRUE(list) << list.error().message;
    EXPECT_EQ(list->name, row.name);
    EXPECT_EQ(list->direction, row.direction);
    std::size_t ipv4 = 0;
    std::size_t ipv6 = 0;
    std::size_t names = 0;
    for (const auto& entry : list->entries) {
      const auto* prefix = std::get_if<Prefix>(&entry.what);
      ++(!prefix ? names : prefix->network().is_v4() ? ipv4 : ipv6);
      EXPECT_GT(entry.line, 0);
    }
    EXPECT_EQ(ipv4, row.ipv4);
    EXPECT_EQ(ipv6, row.ipv6);
    EXPECT_EQ(names, row.names);
    EXPECT_EQ(list->entries.front().published, row.first);
    EXPECT_EQ(list->entries.front().purpose, row.purpose);
  }
}

TEST(Formats, FiltersChooseAPart) {
  struct Row {
    const char* name;
    std::vector<std::string> published;
  };
  const Row rows[] = {
      {"oracle.json#region=us-ashburn-1", {"129.213.0.128/25"}},
      {"oracle.json#tag=OSN|OCI,region=eu-frankfurt-1", {"129.159.192.0/19", "134.70.40.0/21"}},
      {"oracle.json#tag=osn", {"134.70.40.0/21"}},
      {"oracle.json#region=us-ashburn-1,region=eu-frankfurt-1,tag=OCI",
       {"129.159.192.0/19", "129.213.0.128/25"}},
      {"cloudflare-api.json#family=ipv6", {"2400:cb00::/32"}},
      {"list.csv#site=Ankara,direction=outbound", {"2001:db8::/32"}},
      {"microsoft365.json#service=Skype", {"52.112.0.0/14"}},
      {"github.json#service=hooks,family=ipv6", {"2a0a:a440::/29", "2606:50c0::/32"}},
  };
  for (const auto& row : rows) {
    const auto list = load(data + row.name);
    ASSERT_TRUE(list) << list.error().message;
    EXPECT_EQ(published(*list), row.published) << row.name;
  }
  EXPECT_EQ(load("appcircle#family=ipv4")->entries.size(), 5U);
}

TEST(Formats, AFilterThatChoosesNothingSaysWhatThereIs) {
  struct Row {
    const char* name;
    const char* message;
  };
  const Row rows[] = {
      {"oracle.json#servce=x",
       "oracle.json: unknown filter 'servce'; this list has direction, family, region, tag"},
      {"oracle.json#tag=S3", "no entry has tag=S3; there are OBJECT_STORAGE, OCI, OSN"},
      {"oracle.json#tag=OSN,region=us-ashburn-1", "no entry has tag=OSN, region=us-ashburn-1"},
      {"oracle.json#family=ipv6", "no entry has family=ipv6"},
      {"oracle.json#family=ipx", "family=ipx is neither ipv4 nor ipv6"},
      {"oracle.json#direction=up", "direction=up is neither inbound"},
      {"oracle.json#tag", "'tag' is not key=value"},
      {"oracle.json#", "write LIST#key=value"},
      {"plain.txt", "does not say its direction; write"},
      {"github.json#service=hooks|web", "is partly inbound (sources to let in) and partly outbound"},
  };
  for (const auto& row : rows) {
    const auto list = load(data + row.name);
    ASSERT_FALSE(list) << row.name;
    EXPECT_THAT(list.error().message, HasSubstr(row.message));
  }
  EXPECT_THAT(load("appcircle#service=x").error().message, HasSubstr("unknown filter 'service'"));
  EXPECT_THAT(load("appcircle#direction=outbound").error().message, HasSubstr("says that it is inbound"));
}

TEST(Formats, DirectionIsThatOfTheEntriesSeenFromTheUser) {
  EXPECT_EQ(load(data + "github.json#service=hooks")->direction, Direction::inbound);
  EXPECT_EQ(load(data + "github.json#service=web")->direction, Direction::outbound);
  EXPECT_EQ(load(data + "github.json#direction=inbound")->direction, Direction::inbound);
  const auto from = load(data + "atlassian.json");
  const auto to = load(data + "atlassian.json#direction=outbound");
  ASSERT_TRUE(from && to);
  EXPECT_EQ(from->direction, Direction::inbound);
  EXPECT_EQ(from->entries.size(), 10U);  // 7 egress and 3 of both
  EXPECT_EQ(to->entries.size(), 6U);     // 3 ingress and 3 of both
}

TEST(Formats, MicrosoftsEntriesHavePortsAndProtocols) {
  const auto list = load(data + "microsoft365.json");
  ASSERT_TRUE(list) << list.error().message;
  const auto& tcp = list->entries[0];
  const auto& udp = list->entries[1];
  EXPECT_EQ(tcp.ports, (std::vector<PortRange>{{80, 80}, {443, 443}}));
  EXPECT_EQ(udp.protocol, Protocol::udp);
  EXPECT_EQ(udp.ports, (std::vector<PortRange>{{443, 443}}));
  EXPECT_THAT(list->notes,
              ElementsAre(HasSubstr("1 name is no host name or *.domain and was left out, the first "
                                    "'*cdn.onenote.net'")));
  const auto names = entries_for(*list, "web.microsoftstream.com", 2026y / 11 / 1);
  ASSERT_EQ(names.size(), 1U);
  EXPECT_EQ(names.front()->addresses, NameAddresses::any);
}

TEST(Formats, AgeIsThePublishersMarkOrTheFiles) {
  EXPECT_EQ(load(data + "aws.json")->retrieved, 2026y / 8 / 21);
  EXPECT_EQ(load(data + "google-goog.json")->retrieved, 2026y / 8 / 21);
  const auto fastly = parse(content("fastly-public-ip-list.json"));
  EXPECT_EQ(fastly->retrieved, 2026y / 11 / 1);
  EXPECT_EQ(fastly->fresh_for, std::chrono::days{90});
  const auto ancient =
      parse_list(content("fastly-public-ip-list.json"), {"f", "", 1970y / 1 / 1, {}, Entries::all});
  EXPECT_EQ(ancient->fresh_for, std::nullopt);
}

TEST(Formats, AKeptListIsFoundByItsPublishersName) {
  const auto directory = ::testing::TempDir();
  const auto* aws = find_publisher("aws");
  ASSERT_NE(aws, nullptr);
  std::ofstream{kept_file(directory, *aws)} << content("aws.json");
  const auto list = load("aws#service=ROUTE53_HEALTHCHECKS,family=ipv4", {directory});
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_EQ(list->title, "AWS IP ranges (service=ROUTE53_HEALTHCHECKS, family=ipv4)");
  EXPECT_EQ(list->source, aws->url);
  std::remove(kept_file(directory, *aws).c_str());
  EXPECT_THAT(load("aws", {directory}).error().message,
              HasSubstr("'fwprobe allowlist update aws' fetches it"));
  EXPECT_THAT(load("aws").error().message, HasSubstr("there is no copy of aws"));
}

TEST(Formats, SpellingsOfTheSameListAreEqual) {
  const std::string plain = "192.0.2.0/24\n2001:db8::1\n";
  const std::pair<const char*, std::string> rows[] = {
      {"lines end with CRLF", "192.0.2.0/24\r\n2001:db8::1\r\n"},
      {"it begins with a BOM", "\xef\xbb\xbf" + plain},
      {"the last line has no end", "192.0.2.0/24\n2001:db8::1"},
      {"there are comments and empty lines", "# çok güzel\n\n192.0.2.0/24 # a\n;\n  2001:db8::1\t; b\n"},
      {"an address is a range of one", "192.0.2.0-192.0.2.255\n2001:db8::1-2001:db8::1\n"},
      {"an entry is there twice, and inside another", "192.0.2.0/24\n192.0.2.0/24\n192.0.2.7\n2001:DB8::1\n"},
      {"it is CSV", "cidr\n192.0.2.0/24\n2001:db8::1"},
      {"it is an array", R"(["192.0.2.0/24","2001:db8::1"])"},
      {"it is an array behind a BOM, with CRLF",
       "\xef\xbb\xbf[\r\n\"192.0.2.0/24\",\r\n\"2001:db8::1\"\r\n]\r\n"},
  };
  const auto wanted = addresses(parse(plain).value(), 2026y / 11 / 1);
  for (const auto& [name, text] : rows) {
    const auto list = parse(text);
    ASSERT_TRUE(list) << name << ": " << list.error().message;
    EXPECT_EQ(addresses(*list, 2026y / 11 / 1), wanted) << name;
  }
}

TEST(Formats, APrefixAroundIPv4InIPv6FormIsIPv6) {
  for (const auto* text :
       {"::/0\n", "::fffe:0:0/95\n", "::fffe:0:0-::ffff:ffff:ffff\n", "::-::fffe:ffff:ffff\n"}) {
    const auto list = parse(text);
    ASSERT_TRUE(list) << list.error().message;
    EXPECT_TRUE(addresses(*list, 2026y / 11 / 1).v4().empty()) << text;
  }
}

TEST(Formats, ColumnsAreKnownInAnySpelling) {
  for (const auto* header : {"IP Address,Destination Port,Protocol", "ip-address,destination-port,proto",
                             "ipAddress,destinationPort,Protocol Name", "\"CIDR\",DPORT,IP Protocol"}) {
    const auto list = parse(fmt::format("{}\n192.0.2.0/24,22,udp\n", header));
    ASSERT_TRUE(list) << header << ": " << list.error().message;
    EXPECT_EQ(list->entries[0].ports, (std::vector<PortRange>{{22, 22}})) << header;
    EXPECT_EQ(list->entries[0].protocol, Protocol::udp) << header;
  }
  EXPECT_TRUE(parse("ip,airport,support,report\n192.0.2.0/24,IST,yes,weekly\n"));
}

TEST(Formats, HostBitsAreClearedAndRemembered) {
  const auto list = parse("77.92.124.2/27\n");
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_TRUE(list->entries[0].host_bits);
  EXPECT_EQ(std::get<Prefix>(list->entries[0].what).text(), "77.92.124.0/27");
}

TEST(Formats, AListOfEverythingIsSaid) {
  EXPECT_THAT(parse("0.0.0.0/1\n128.0.0.0/1\n")->notes,
              ElementsAre(HasSubstr("every IPv4 address is listed")));
  EXPECT_THAT(parse("::/0\n")->notes, ElementsAre(HasSubstr("every IPv6 address is listed")));
  EXPECT_THAT(parse("0.0.0.0/1\n")->notes, IsEmpty());
}

TEST(Formats, AColumnSaysTheDirectionOfEachRow) {
  const auto list = parse("cidr,Direction,Proto\n192.0.2.0/24,Inbound,udp\n198.51.100.0/24,outbound,tcp\n",
                          {{"direction", {"inbound"}}});
  ASSERT_TRUE(list) << list.error().message;
  ASSERT_EQ(list->entries.size(), 1U);
  EXPECT_EQ(list->entries[0].published, "192.0.2.0/24");
  EXPECT_EQ(list->entries[0].protocol, Protocol::udp);
  EXPECT_THAT(list->entries[0].ports, IsEmpty()) << "any port, and export asks which";
}

TEST(Formats, AGoogleEntryMayHoldBothFamilies) {
  const auto list = parse(R"({"prefixes": [{"ipv4Prefix": "192.0.2.0/24", "ipv6Prefix": "2001:db8::/32"}]})");
  ASSERT_TRUE(list) << list.error().message;
  EXPECT_EQ(list->entries.size(), 2U);
}

TEST(Formats, WhatIsWrongIsSaidWithItsPlace) {
  struct Row {
    const char* name;
    std::string text;
    const char* message;
  };
  using std::literals::operator""s;
  const Row rows[] = {
      {"a prefix that is too long", "192.0.2.0/24\n192.0.2.0/33\n",
       "f:2:1: '192.0.2.0/33': the prefix length is a number from 0 to 32"},
      {"a leading zero", "192.0.2.010\n", "f:1:1: '192.0.2.010' is not a prefix"},
      {"a word", "  hello\n", "f:1:3: 'hello' is not a prefix"},
      {"two addresses in a line", "192.0.2.1 192.0.2.2\n", "f:1:1: '192.0.2.1 192.0.2.2' is not a prefix"},
      {"IPv4 in IPv6 form", "::ffff:192.0.2.0/120\n", "holds IPv4 in IPv6 form"},
      {"a range that ends in IPv4", "::fffe:0:1-::ffff:a00:ff\n", "holds IPv4 in IPv6 form"},
      {"a range that begins in IPv4", "::ffff:ffff:0-::1:0:0:0\n", "holds IPv4 in IPv6 form"},
      {"a range with all of IPv4 and half of what is beside it", "::fffe:0:1-::ffff:ffff:ffff\n",
       "holds IPv4 in IPv6 form"},
      {"a range backwards", "192.0.2.9-192.0.2.1\n",
       "the range runs backwards; write the lower address first"},
      {"a range of two families", "192.0.2.9-::1\n", "the ends of a range are of the same family"},
      {"a range of prefixes", "192.0.2.0/24-192.0.3.0/24\n", "is not a range"},
      {"a control character far behind", std::string(61, 'x') + "\x06\n", "xxx…' is not a prefix"},
      {"an escape sequence", "\x1b[2J\n", "f:1:1: '\\x1b[2J' is not a prefix"},
      {"nothing", "", "f:1:1: the file is empty"},
      {"white space only", " \n\n", "f:1:1: the file is empty"},
      {"comments only", "# nothing\n", "f: the list is empty"},
      {"empty arrays", R"({"prefixes":[],"ipv6_prefixes":[]})", "f: the list is empty"},
      {"UTF-16", "\xff\xfe\x31\x00"s, "f:1:1: the file is UTF-16; save it as UTF-8"},
      {"UTF-16 without a mark", "1\0.\0"s, "f:1:2: a zero byte"},
      {"Latin-1", "192.0.2.1 # Z\xfcrich\n", "f:1:14: not UTF-8 (Latin-1?)"},
      {"gzip", "\x1f\x8b\x08"s, "f:1:1: the file is compressed (gzip)"},
      {"a sign-in page", "\n <!DOCTYPE html><html>", "f:1:1: a web page (HTML) or XML, not a list"},
      {"JSON that is cut short", "{\"prefixes\": [\n{\"ip_prefix\": \"192.0.2",
       "f:2:22: the file ends in the middle of a value: it was cut short"},
      {"JSON of another shape", R"({"a": 1})",
       "f:1:1: JSON of an unknown shape; known are AWS ip-ranges.json"},
      {"an AWS prefix that is none",
       "{\"prefixes\": [],\n\"ipv6_prefixes\": [{\"ipv6_prefix\": \"2001:db8::/129\"}]}",
       "f:2:50: /ipv6_prefixes/0/ipv6_prefix: '2001:db8::/129': the prefix length is a number from 0 to 128"},
      {"an AWS prefix that is a number", R"({"prefixes": [{"ip_prefix": 7}], "ipv6_prefixes": []})",
       "/prefixes/0/ip_prefix: is a number; should be a string"},
      {"an Azure tag without prefixes", R"({"values": [{"name": "X", "properties": {}}]})",
       "/values/0/properties: has no addressPrefixes"},
      {"port 0", R"([{"serviceArea": "X", "ips": ["192.0.2.1"], "tcpPorts": "0"}])",
       "/0/tcpPorts: '0' is neither a port from 1 to 65535"},
      {"port 65536", R"([{"serviceArea": "X", "ips": ["192.0.2.1"], "udpPorts": "65536"}])",
       "/0/udpPorts: '65536' is neither a port"},
      {"CSV with port 65536", "prefix,port\n192.0.2.1,65536\n",
       "f:2:11: '65536' is neither a port from 1 to 65535"},
      {"CSV with a netmask", "address,netmask\n192.0.2.0,255.255.255.0\n",
       "f:1:9: a column of masks ('netmask') is not read; write prefixes as 192.0.2.0/24"},
      {"CSV with a netmask in two words", "Network,Subnet Mask,Purpose\n192.0.2.0,255.255.255.0,office\n",
       "f:1:9: a column of masks ('Subnet Mask') is not read"},
      {"CSV with the length of a mask", "network,mask_length\n192.0.2.0,24\n",
       "a column of masks ('mask_length')"},
      {"CSV with bits", "ip,bits\n192.0.2.0,24\n", "a column of masks ('bits')"},
      {"CSV with a port of its own kind", "ip,tcp_port\n192.0.2.0/24,22\n",
       "f:1:4: the column 'tcp_port' is not read, but would change what is let through; call it port"},
      {"CSV with ports in one word", "ip,UDPPorts\n192.0.2.0/24,53\n", "the column 'UDPPorts' is not read"},
      {"CSV with a source port beside the port", "ip,port,sourcePort\n192.0.2.0/24,22,1024\n",
       "the column 'sourcePort' is not read"},
      {"CSV with a protocol by another name", "ip,Transport Protocol\n192.0.2.0/24,udp\n",
       "the column 'Transport Protocol' is not read, but would change what is let through; call it protocol"},
      {"CSV with two columns of addresses", "network,cidr\n192.0.2.0,192.0.2.0/24\n",
       "f:1:9: 'network' and 'cidr' are columns of the same; leave one of them"},
      {"CSV with two columns of ports", "cidr,port,Dest_Port\n192.0.2.0/24,1,443\n",
       "'port' and 'Dest_Port' are columns of the same"},
      {"CSV with a direction of its own", "cidr,direction\n192.0.2.0/24,up\n",
       "f:2:14: 'up' is neither inbound"},
      {"an array with a number", R"({"v4": ["192.0.2.0/24", 5], "v6": ["2001:db8::/32"]})",
       "/v4/1: is not a string"},
      {"an array of objects", R"({"v4": [{"ip": "192.0.2.0/24"}], "v6": ["2001:db8::/32"]})",
       "/v4/0: is not a string"},
      {"arrays further inside", R"({"data": {"v4": ["192.0.2.0/24"]}, "v6": ["2001:db8::/32"]})",
       "/data: is an object; should be an array"},
      {"a null among addresses", R"({"webhook_ips": ["192.0.2.0/24", null]})",
       "/webhook_ips/1: is not a string"},
      {"a new key of GitHub with a wrong prefix",
       R"({"hooks": ["192.0.2.0/24"], "web": [], "new": ["192.0.2.0/24", "2001:db8::/129"]})",
       "/new/1: '2001:db8::/129': the prefix length"},
      {"CSV with a cell too few", "prefix,port\n192.0.2.1\n", "f:2:1: 1 cells, and the header has 2"},
      {"CSV with a protocol of its own", "prefix,protocol\n192.0.2.1,gre\n",
       "f:2:11: 'gre' is neither tcp nor udp"},
      {"an Atlassian direction", R"({"items": [{"cidr": "192.0.2.1/32", "direction": ["up"]}]})",
       "/items/0/direction/0: is neither egress nor ingress"},
  };
  for (const auto& row : rows) EXPECT_THAT(error(row.text), HasSubstr(row.message)) << row.name;
}

}  // namespace
}  // namespace fwprobe::allowlist
