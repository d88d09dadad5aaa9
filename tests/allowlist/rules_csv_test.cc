#include <gtest/gtest.h>

#include "tests/allowlist/platform_rules.h"

namespace fwprobe::allowlist {
namespace {

const std::string header = "action,direction,source,destination,protocol,port,name\n";

TEST(CsvRules, TheFirstRowThatMatchesDecides) {
  const auto rules = read(sample("csv-rules.csv"));
  ASSERT_TRUE(rules) << rules.error().message;
  EXPECT_EQ(rules->format, "CSV");
  const auto& in = chain_of(*rules, Hook::input);
  const std::tuple<const char*, Probe, const char*> cases[] = {
      {"a name with a comma", {"34.147.2.16"}, "allowed by CI, repository access"},
      {"the second of two prefixes", {"77.92.124.31"}, "allowed by CI"},
      {"the second of two ports", {.source = "77.92.124.0", .port = 443}, "allowed by CI"},
      {"the last address of a range", {"77.92.102.199"}, "allowed by CI agents"},
      {"behind a range", {"77.92.102.200"}, "dropped by the end of the rows"},
      {"an earlier row drops it", {"162.19.204.13"}, "dropped by no hosting networks"},
      {"another destination",
       {.source = "34.147.2.16", .destination = "10.0.0.6"},
       "dropped by the end of the rows"},
  };
  for (const auto& [name, probe, expected] : cases) {
    SCOPED_TRACE(name);
    EXPECT_EQ(verdict(in, probe), expected);
  }
  EXPECT_EQ(in.rules.at(1).name.line, 4);
  EXPECT_EQ(verdict(chain_of(*rules, Hook::output), {"2001:db8::1", "2001:db8::2"}),
            "allowed by everything out");
}

TEST(CsvRules, SpellingsOfTheSameRow) {
  const std::string row = "allow,in,192.0.2.0/24,any,tcp,443,web\n";
  const std::pair<const char*, std::string> cases[] = {
      {"plain", header + row},
      {"with a byte order mark", "\xef\xbb\xbf" + header + row},
      {"lines end with CRLF",
       "action,direction,source,destination,protocol,port,name\r\nallow,in,192.0.2.0/24,any,tcp,443,web\r\n"},
      {"space and quotes around cells", header + "\"allow\" , in, 192.0.2.0/24 ,*,TCP,\"443\", web \n"},
      {"other columns first, other words",
       "Name,Ports,Protocol,Destination,Source,Direction,Action\nweb,443,6,all,192.0.2.0/"
       "24,Inbound,PERMIT\n"},
      {"host bits", header + "accept,ingress,192.0.2.9/24,any,tcp,443-443,web\n"},
      {"comments and empty lines", "# rules\n\n" + header + "\n  # more\n" + row + "\n"},
      {"a mark of the byte order in front of a comment", "\xef\xbb\xbf# rules\n" + header + row},
  };
  for (const auto& [name, text] : cases) {
    SCOPED_TRACE(name);
    const auto rules = read(text);
    ASSERT_TRUE(rules) << rules.error().message;
    const auto& in = chain_of(*rules, Hook::input);
    EXPECT_EQ(verdict(in, {"192.0.2.255"}), "allowed by web");
    EXPECT_EQ(verdict(in, {.source = "192.0.2.1", .port = 444}), "dropped by the end of the rows");
  }
}

TEST(CsvRules, ARowWithoutANameIsCalledByItsLine) {
  const auto rules = read("action,direction,source,destination,protocol,port\nreject,in,any,any,any,any\n");
  ASSERT_TRUE(rules) << rules.error().message;
  EXPECT_EQ(verdict(chain_of(*rules, Hook::input), {}), "rejected by line 2");
}

TEST(CsvRules, PrefixesOfMappedAddressesAreNotIpv4) {
  for (const auto* mapped :
       {"::ffff:0:0/96", "::ffff:192.0.2.1", "::ffff:0.0.0.0-::ffff:255.255.255.255", "::/0"}) {
    SCOPED_TRACE(mapped);
    const auto rules =
        read(header + fmt::format("deny,in,{},any,any,any,bogons\nallow,in,any,any,tcp,443,web\n", mapped));
    ASSERT_TRUE(rules) << rules.error().message;
    EXPECT_EQ(verdict(chain_of(*rules, Hook::input), {"192.0.2.1"}), "allowed by web");
  }
}

TEST(CsvRules, ALastLineWithoutAnEndIsReadAndNoted) {
  const auto text = header + "allow,in,192.0.2.0/24,any,tcp,443,web";
  const auto rules = read(text);
  ASSERT_TRUE(rules) << rules.error().message;
  EXPECT_EQ(verdict(chain_of(*rules, Hook::input), {"192.0.2.1"}), "allowed by web");
  ASSERT_EQ(rules->notes.size(), 1U);
  EXPECT_EQ(rules->notes[0].line, 2);
  EXPECT_EQ(rules->notes[0].text, "the last line has no end; if the file was cut short, more is missing");
  EXPECT_TRUE(read(text + "\n").value().notes.empty());
}

TEST(CsvRules, WhatCannotBeReadIsRefusedAtItsPlace) {
  const std::tuple<const char*, std::string, const char*> cases[] = {
      {"a last line that was cut short", header + "allow,in,192.0.2.0/2",
       "f:2:1: 3 cells, and the header has 7; put a cell with commas in quotes"},
      {"an unknown column", "action,source,zone\n",
       "f:1:15: 'zone' is no column; they are action, direction, source, destination, protocol, port and "
       "name, with commas between"},
      {"semicolons between the columns", "action;direction;source\n",
       "f:1:1: 'action;direction;source' is no column; they are action, direction, source, destination, "
       "protocol, port and name, with commas between"},
      {"a column twice", "action,action,source\n", "f:1:8: the column action is there twice"},
      {"a column that is missing", "action,source,destination,protocol,port\n",
       "f:1:1: the column direction is missing"},
      {"too few cells", header + "allow,in,any\n",
       "f:2:1: 3 cells, and the header has 7; put a cell with commas in quotes"},
      {"too many cells", header + "allow,in,any,any,tcp,22,443,web\n",
       "f:2:1: 8 cells, and the header has 7; put a cell with commas in quotes"},
      {"an action that is none", header + "pass,in,any,any,tcp,22,web\n",
       "f:2:1: 'pass' should be one of allow, accept, permit, drop, deny, block, reject, refuse"},
      {"a direction that is none", header + "allow,both,any,any,tcp,22,web\n",
       "f:2:7: 'both' should be one of in, inbound, ingress, out, outbound, egress"},
      {"an empty source", header + "allow,in,,any,tcp,22,web\n",
       "f:2:10: the cell is empty; write any for all"},
      {"a name in place of an address", header + "allow,in,office,any,tcp,22,web\n",
       "f:2:10: 'office' is no address and no prefix; write 192.0.2.0/24"},
      {"a range of two families", header + "allow,in,192.0.2.1-::1,any,tcp,22,web\n",
       "f:2:10: '192.0.2.1-::1' is no range; write 192.0.2.1-192.0.2.9"},
      {"a range that runs backwards", header + "allow,in,192.0.2.9-192.0.2.1,any,tcp,22,web\n",
       "f:2:10: the range '192.0.2.9-192.0.2.1' runs backwards"},
      {"a port that is too high", header + "allow,in,any,any,tcp,65536,web\n",
       "f:2:22: '65536' is no port; write 443 or 8000-8010, from 0 to 65535"},
      {"a port of a protocol without", header + "allow,in,any,any,icmp,8,web\n",
       "f:2:23: this protocol has no ports; write any"},
      {"a quote that is not closed", header + "allow,in,any,any,tcp,22,\"web\n",
       "f:2:25: this quote is not closed on its line; a cell is one line"},
      {"text behind a quote", header + "\"allow\"x,in,any,any,tcp,22,web\n",
       "f:2:8: text behind a closing quote; a comma should follow"},
      {"a quote in a cell", header + "allow,in,any,any,tcp,22,we\"b\n",
       "f:2:27: a quote in the middle of a cell; put the whole cell in quotes, its own as \"\""},
      {"an escape sequence", header + "allow,in,any,any,tcp,22,\x1b[2J\n",
       "f:2:25: a byte that is no printable text in UTF-8"},
      {"Latin-1", header + "allow,in,any,any,tcp,22,b\xfcro\n",
       "f:2:26: a byte that is no printable text in UTF-8"},
  };
  for (const auto& [name, text, message] : cases) {
    SCOPED_TRACE(name);
    EXPECT_EQ(error_of(text), message);
  }
  EXPECT_EQ(error_of(header, {{"group", "x"}}), "f:1:1: this format has nothing to choose by 'group'");
}

}  // namespace
}  // namespace fwprobe::allowlist
