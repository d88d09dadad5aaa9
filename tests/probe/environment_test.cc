#include "probe/environment.h"

#include <gtest/gtest.h>

namespace fwprobe::probe {
namespace {

using asio::ip::make_address;

TEST(ResolvConf, IsReadAsGlibcReadsIt) {
  struct Case {
    const char* name;
    const char* text;
    std::vector<const char*> servers;
    std::vector<std::string> search;
    int ndots;
  };
  const Case cases[] = {
      {"an empty file means the local resolver", "", {"127.0.0.1", "::1"}, {}, 1},
      {"servers are asked in order, three at most",
       "nameserver 192.0.2.1\nnameserver 2001:db8::1\nnameserver 192.0.2.3\nnameserver 192.0.2.4\n",
       {"192.0.2.1", "2001:db8::1", "192.0.2.3"},
       {},
       1},
      {"comments, blanks, CRLF and nonsense are passed over",
       "# nameserver 192.0.2.9\r\n;x\r\n\tnameserver\t192.0.2.1 # the first\r\nnameserver "
       "not-an-address\r\nfrobnicate\r\n",
       {"192.0.2.1"},
       {},
       1},
      {"the last search line counts",
       "search a.example\nsearch B.example. c.example\nnameserver 192.0.2.1",
       {"192.0.2.1"},
       {"b.example", "c.example"},
       1},
      {"domain is a search list of one",
       "domain corp.example ignored\nnameserver 192.0.2.1",
       {"192.0.2.1"},
       {"corp.example"},
       1},
      {"a link-local server keeps its interface", "nameserver fe80::1%lo\n", {"fe80::1%lo"}, {}, 1},
      {"ndots is an option with a ceiling",
       "nameserver 192.0.2.1\noptions rotate ndots:99",
       {"192.0.2.1"},
       {},
       15},
  };
  for (const auto& row : cases) {
    const auto config = parse_resolv_conf(row.text);
    ASSERT_EQ(config.servers.size(), row.servers.size()) << row.name;
    for (std::size_t i = 0; i < row.servers.size(); ++i) {
      EXPECT_EQ(config.servers[i].address(), make_address(row.servers[i])) << row.name;
      EXPECT_EQ(config.servers[i].port(), 53) << row.name;
    }
    EXPECT_EQ(config.search, row.search) << row.name;
    EXPECT_EQ(config.ndots, row.ndots) << row.name;
  }
}

TEST(HostsFile, GivesEveryAddressOfANameAndItsAliases) {
  const auto entries = parse_hosts(
      "127.0.0.1 localhost\n# 192.0.2.9 azure.example.com\n192.0.2.1\tAzure.Example.com azure # alias\nbad "
      "azure\n"
      "2001:db8::1 azure.example.com\n192.0.2.1 azure.example.com\n" +
          std::string(9000, 'x') + "\n",
      {"azure.example.com", "azure"});
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].name, "azure.example.com");
  EXPECT_EQ(entries[0].line, 3);
  EXPECT_EQ(entries[0].addresses,
            (std::vector<asio::ip::address>{make_address("192.0.2.1"), make_address("2001:db8::1")}));
  EXPECT_EQ(entries[1].addresses.size(), 1U);
  EXPECT_TRUE(parse_hosts("127.0.0.1 localhost", {"azure"}).empty());
}

TEST(Nsswitch, SaysWhetherTheHostsFileComesFirst) {
  const std::pair<const char*, bool> cases[] = {
      {"", true},
      {"passwd: files\nhosts: files dns\n", true},
      {"hosts:          files mdns4_minimal [NOTFOUND=return] dns", true},
      {"hosts: dns files", false},
      {"hosts: dns", false},
      {"hosts: mymachines resolve [!UNAVAIL=return] files dns", true},
      {"# hosts: dns\nhosts: files", true},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(hosts_before_dns(text), expected) << text;
}

TEST(Environment, IsReadWithoutFilesThatAreNotThere) {
  const auto environment =
      read_environment({{"localhost"}}, {"/nonexistent/a", "/nonexistent/b", "/nonexistent/c"});
  EXPECT_FALSE(environment.host.empty());
  EXPECT_EQ(environment.resolver.servers.size(), 2U);
  EXPECT_TRUE(environment.hosts.empty());
  EXPECT_EQ(environment.question.names.size(), 1U);
}

}  // namespace
}  // namespace fwprobe::probe
