#include "probe/url.h"

#include <gtest/gtest.h>

namespace fwprobe::probe {
namespace {

TEST(Url, IsNormalised) {
  struct Case {
    const char* given;
    const char* text;
    const char* target;
    std::uint16_t port;
  };
  const Case cases[] = {
      {"https://Azure.Example.COM", "https://azure.example.com/", "/", 443},
      {"https://azure.example.com.:443/a/b?x=1&y#frag", "https://azure.example.com/a/b?x=1&y", "/a/b?x=1&y",
       443},
      {"http://host:8080/tfs/", "http://host:8080/tfs/", "/tfs/", 8080},
      {"https://user:password@host/", "https://host/", "/", 443},
      {"https://[2001:DB8::1]:8443/", "https://[2001:db8::1]:8443/", "/", 8443},
      {"https://[::ffff:127.0.0.1]/", "https://[::ffff:127.0.0.1]/", "/", 443},
      {"ssh://git@host:2222/path", "ssh://host:2222/path", "/path", 2222},
      {"https://b\xc3\xbc"
       "cher.example/",
       "https://xn--bcher-kva.example/", "/", 443},
      {"https://stra\xc3\x9f"
       "e.example/",
       "https://xn--strae-oqa.example/", "/", 443},
      {"https://under_score.example/", "https://under_score.example/", "/", 443},
      {"https://host/a b|c", "https://host/a%20b%7Cc", "/a%20b%7Cc", 443},
      {"https://%6cocalhost/", "https://localhost/", "/", 443},
      {"http://127.1/", "http://127.0.0.1/", "/", 80},
      {"http://0x7f.1/", "http://127.0.0.1/", "/", 80},
      {"http://2130706433/", "http://127.0.0.1/", "/", 80},
      {"http://localhost@real-host/", "http://real-host/", "/", 80},
      {"https://host//a//b", "https://host//a//b", "//a//b", 443},
      {"https://host/a/./b/../c", "https://host/a/c", "/a/c", 443},
      {"https://host/../..", "https://host/", "/", 443},
      {"https://host:/", "https://host/", "/", 443},
      {"  https://host/a \r\n", "https://host/a", "/a", 443},
      {"https://host/a#b#c", "https://host/a", "/a", 443},
      {"https://host/?a[0]={x}&b=100%", "https://host/?a%5B0%5D=%7Bx%7D&b=100%25",
       "/?a%5B0%5D=%7Bx%7D&b=100%25", 443},
      {"https://host/a\\b", "https://host/a%5Cb", "/a%5Cb", 443},
      {"https://host/\xc3\xbc", "https://host/%C3%BC", "/%C3%BC", 443},
      {"https://host/%2e%2E%2f?%zz", "https://host/%2e%2E%2f?%25zz", "/%2e%2E%2f?%25zz", 443},
      {"https://u[:p]@host/", "https://host/", "/", 443},
      {"https://%31%32%37.1/", "https://127.0.0.1/", "/", 443},
      {"https://%E2%91%A0.1.1.1/", "https://1.1.1.1/", "/", 443},          // a circled digit, UTS #46
      {"https://localhost\xe3\x80\x82/", "https://localhost/", "/", 443},  // an ideographic full stop
      {"https://XN--BCHER-KVA.example/", "https://xn--bcher-kva.example/", "/", 443},
      {"https://host.1/", "https://host.1/", "/", 443},
  };
  for (const auto& row : cases) {
    const auto url = parse_url(row.given);
    ASSERT_TRUE(url) << row.given << ": " << url.error().message;
    EXPECT_EQ(url->text(), row.text) << row.given;
    EXPECT_EQ(url->target(), row.target) << row.given;
    EXPECT_EQ(url->port, row.port) << row.given;
  }
  EXPECT_TRUE(parse_url("https://user@host/")->has_userinfo);
  EXPECT_FALSE(parse_url("https://host/@")->has_userinfo);
}

TEST(Url, ThatIsNoneSaysWhatIsWrong) {
  const std::pair<std::string, const char*> cases[] = {
      {"", "scheme"},
      {"host/path", "scheme is missing"},
      {"https://", "host is missing"},
      {"https:///path", "host is missing"},
      {"https://host:70000/", "ports are 1 to 65535"},
      {"https://host:0/", "ports are 1 to 65535"},
      {"https://host:99999999999999999999/", "ports are 1 to 65535"},
      {"https://[fe80::1%eth0]/", "zone"},
      {"https://[fe80::1%25eth0]/", "zone"},
      {"https://a..b/", "doubled dot"},
      {"https://" + std::string(64, 'a') + ".example/", "63"},
      {"https://" + std::string(9000, 'a') + "/", "8 KiB"},
      {"https://ho%00st/", "NUL"},
      {"https://[::1/", "']' behind the IPv6 address is missing"},
      {"https://[::1]x/", "only a port"},
      {"https://[::g]/", "not a URL"},
      {"https://[v1.fe]/", "IPv6 address such as"},
      {"https://2001:db8::1/", "in brackets: [2001:db8::1]"},
      {"https://host:abc/", "port abc: ports are 1 to 65535"},
      {"https://host:-1/", "port -1: ports are 1 to 65535"},
      {"https://user@/", "host is missing"},
      {"https://./", "host is empty"},
      {"https://256.1.1.1/", "four numbers from 0 to 255"},
      {"https://1.2.3.4.5/", "four numbers from 0 to 255"},
      {"https://ho%0ast/", "control character"},
      {"https://ho st/", "letters, digits"},
      {"https://a%2fb/", "letters, digits"},
      {"https://\xff.example/", "internationalised"},
      {"https://host/" + std::string(3000, ' ') + "x", "8 KiB"},
      {"https://" + std::string(250, 'a').replace(60, 1, ".").replace(121, 1, ".").replace(182, 1, ".") +
           ".example/",
       "253"},
  };
  for (const auto& [given, said] : cases) {
    const auto url = parse_url(given);
    ASSERT_FALSE(url) << given;
    EXPECT_NE(url.error().message.find(said), std::string::npos)
        << given.substr(0, 80) << ": " << url.error().message;
  }
}

TEST(Url, WithoutAHostKeepsItsPath) {
  const auto url = parse_url("vstfs:///Git/x");
  ASSERT_FALSE(url && !url->host.name.empty());
  EXPECT_EQ(parse_url("mailto:someone@example.com")->path, "someone@example.com");
}

TEST(Reference, IsResolvedAgainstItsBase) {
  const auto base = *parse_url("https://host:8443/a/b?q=1");
  const std::pair<const char*, const char*> cases[] = {
      {"/next", "https://host:8443/next"},       {"next", "https://host:8443/a/next"},
      {"../up", "https://host:8443/up"},         {"?x=2", "https://host:8443/a/b?x=2"},
      {"//other/p", "https://other/p"},          {"http://other", "http://other/"},
      {"/sp ace", "https://host:8443/sp%20ace"}, {"", "https://host:8443/a/b?q=1"},
      {"#top", "https://host:8443/a/b?q=1"},     {"/x?f[a]=|", "https://host:8443/x?f%5Ba%5D=%7C"},
      {"..//", "https://host:8443//"},           {"..//?y", "https://host:8443//?y"},
      {"/../../x", "https://host:8443/x"},       {"//[::1]:80/", "https://[::1]:80/"},
      {"//u:p@127.1", "https://127.0.0.1/"},     {"HTTPS://Other:443", "https://other/"},
  };
  for (const auto& [reference, expected] : cases) {
    const auto url = resolve(base, reference);
    ASSERT_TRUE(url) << reference << ": " << url.error().message;
    EXPECT_EQ(url->text(), expected) << reference;
  }
  EXPECT_FALSE(resolve(base, "http://[bad/"));
  EXPECT_TRUE(resolve(base, "//u:p@other/")->has_userinfo);
  EXPECT_NE(resolve(base, "//[fe80::1%25eth0]/").error().message.find("zone"), std::string::npos);
  EXPECT_NE(resolve(base, "//other:70000/").error().message.find("ports are"), std::string::npos);
}

TEST(Host, IsANameOrAStrictAddress) {
  EXPECT_EQ(parse_host("[2001:db8::1]")->name, "2001:db8::1");
  EXPECT_TRUE(parse_host("192.0.2.1")->address);
  EXPECT_EQ(parse_host("Azure.Example.com.")->name, "azure.example.com");
  EXPECT_EQ(parse_host("2001:DB8:0::1")->name, "2001:db8::1");
  EXPECT_EQ(parse_host("under_score")->name, "under_score");
  EXPECT_EQ(parse_host("b\xc3\xbc"
                       "cher.example")
                ->name,
            "xn--bcher-kva.example");
  EXPECT_FALSE(parse_host(std::string_view{"127.0.0.1\0.example", 18}));
  for (const auto* text : {"", "[192.0.2.1]", "2001:db8::g", "fe80::1%eth0", "a b", "-\xff", "host:80", ".",
                           "[::1", "::1]", "[]", "1.2.3.4.5", "%6cocalhost", "user@host"})
    EXPECT_FALSE(parse_host(text)) << text;
}

TEST(Host, ThatIsAShortAddressIsRefusedWithTheAddressMeant) {
  for (const auto* text : {"127.1", "0x7f.1", "2130706433", "0177.0.0.1", "017700000001"}) {
    const auto host = parse_host(text);
    ASSERT_FALSE(host) << text;
    EXPECT_NE(host.error().message.find("write 127.0.0.1"), std::string::npos) << host.error().message;
  }
}

TEST(LenientIpv4, IsWhatClientsWouldConnectTo) {
  const std::pair<const char*, const char*> cases[] = {
      {"127.0.0.1", "127.0.0.1"},
      {"127.1", "127.0.0.1"},
      {"0x7f.1", "127.0.0.1"},
      {"2130706433", "127.0.0.1"},
      {"0177.0.0.1", "127.0.0.1"},
      {"017700000001", "127.0.0.1"},
      {"0", "0.0.0.0"},
      {"0x7F000001", "127.0.0.1"},
      {"10.1.258", "10.1.1.2"},
      {"127.0.0.1.", "127.0.0.1"},
      {"255.255.255.255", "255.255.255.255"},
  };
  for (const auto& [text, expected] : cases) {
    const auto address = lenient_ipv4(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->to_string(), expected) << text;
  }
  for (const auto* text :
       {"", "a", "1.2.3.4.5", "256.1.1.1", "1.2.3.256", "4294967296", "127.0.0.1a", "0x7g", "08", "1..2"})
    EXPECT_FALSE(lenient_ipv4(text)) << text;
}

}  // namespace
}  // namespace fwprobe::probe
