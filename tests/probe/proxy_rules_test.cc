#include "probe/proxy_rules.h"

#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "probe/proxy_url.h"

namespace fwprobe::probe {
namespace {

using testing::HasSubstr;
using testing::Not;
using Variables = std::map<std::string, std::string>;

/// "kind host port user password", or the error.
std::string text(const std::expected<ProxyServer, std::string>& server) {
  if (!server) return server.error();
  return std::string{server->kind == ProxyKind::http ? "http" : "socks5"} + " " + server->host.name + " " +
         std::to_string(server->port) + " " + server->user + " " + std::string{server->password.expose()};
}

TEST(ProxyUrl, IsReadAsCurlReadsIt) {
  const struct {
    const char* name;
    const char* url;
    const char* expected;
  } cases[] = {
      {"an HTTP proxy", "http://proxy.example:3128", "http proxy.example 3128  "},
      {"a SOCKS proxy", "socks5://proxy.example:9050", "socks5 proxy.example 9050  "},
      {"names are the proxy's to resolve anyway", "socks5h://proxy.example:9050",
       "socks5 proxy.example 9050  "},
      {"http without a scheme", "proxy.example:3128", "http proxy.example 3128  "},
      {"a name alone", "proxy.example", "http proxy.example 1080  "},
      {"curl's default port for HTTP", "http://proxy.example", "http proxy.example 1080  "},
      {"and for SOCKS", "socks5://proxy.example", "socks5 proxy.example 1080  "},
      {"upper case", "HTTP://Proxy.Example:3128", "http proxy.example 3128  "},
      {"a slash at the end", "http://proxy.example:3128/", "http proxy.example 3128  "},
      {"a path means nothing", "http://proxy.example:3128/a/b?c", "http proxy.example 3128  "},
      {"an address", "http://192.0.2.1:3128", "http 192.0.2.1 3128  "},
      {"an IPv6 address", "http://[2001:db8::1]:3128", "http 2001:db8::1 3128  "},
      {"an IPv6 address without a port", "http://[2001:db8::1]", "http 2001:db8::1 1080  "},
      {"credentials", "http://user:pass@proxy.example:3128", "http proxy.example 3128 user pass"},
      {"a user alone", "http://user@proxy.example:3128", "http proxy.example 3128 user "},
      {"a password alone", "http://:pass@proxy.example:3128", "http proxy.example 3128  pass"},
      {"percent-encoded", "http://us%40er:p%3a%2F%25@proxy.example:3128",
       "http proxy.example 3128 us@er p:/%"},
      {"a percent sign that encodes nothing", "http://user:100%@proxy.example",
       "http proxy.example 1080 user 100%"},
      {"and before one digit", "http://user:1%4@proxy.example", "http proxy.example 1080 user 1%4"},
      {"a password with @ and :", "http://user:a@b:c@proxy.example", "http proxy.example 1080 user a@b:c"},
      {"credentials without a scheme", "user:pass@proxy.example:3128", "http proxy.example 3128 user pass"},
      {"an international name", "http://m\xC3\xBCnchen.example:3128", "http xn--mnchen-3ya.example 3128  "},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(text(parse_proxy(c.url)), c.expected);
  }
}

TEST(ProxyUrl, SaysWhatWouldBeRightAndNotThePassword) {
  const struct {
    const char* name;
    std::string url;
    const char* says;
  } cases[] = {
      {"TLS to the proxy", "https://proxy.example",
       "https:// proxies are not supported; use http://, socks5://"},
      {"SOCKS4", "socks4://proxy.example", "socks4:// proxies are not supported"},
      {"SOCKS4a", "socks4a://proxy.example", "socks4a:// proxies are not supported"},
      {"no host", "http://", ""},
      {"no host behind credentials", "http://user:s3cret@", ""},
      {"a port out of range", "http://proxy.example:65536", "1 to 65535"},
      {"port zero", "http://proxy.example:0", "1 to 65535"},
      {"a port that is no number", "http://proxy.example:http", ""},
      {"a host with a space", "http://proxy example", ""},
      {"a slash in the password", "http://user:s3cret/x@proxy.example:3128", "%2F"},
      {"a hash in the password", "http://user:s3cret#x@proxy.example:3128", "%23"},
      {"a slash in the password, without a scheme", "user:s3cret/x@proxy.example:3128", "%2F"},
      {"a URL as the password, without a scheme", "user:s3cret://x@proxy.example:3128", "%2F"},
      {"a host that is none, behind credentials", "http://user:s3cret@[::z]:3128", ""},
      {"a password too long for SOCKS5", "socks5://user:s3cret" + std::string(250, 'x') + "@proxy.example",
       "255 bytes"},
      {"a user too long for SOCKS5", "socks5://" + std::string(256, 'x') + ":s3cret@proxy.example",
       "255 bytes"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto server = parse_proxy(c.url);
    ASSERT_FALSE(server) << text(server);
    EXPECT_THAT(server.error(), HasSubstr(c.says));
    EXPECT_THAT(server.error(), Not(HasSubstr("s3cret")));
    EXPECT_FALSE(server.error().empty());
  }
}

Host host(const std::string& name) { return parse_host(name).value(); }

TEST(NoProxy, CoversWhatCurlSaysItCovers) {
  const struct {
    const char* name;
    const char* list;
    const char* host;
    bool covered;
  } cases[] = {
      {"a name covers itself", "example.com", "example.com", true},
      {"and its subdomains", "example.com", "www.example.com", true},
      {"at any depth", "example.com", "a.b.example.com", true},
      {"not a name that only ends alike", "example.com", "notexample.com", false},
      {"not the name above", "www.example.com", "example.com", false},
      {"a leading dot changes nothing", ".example.com", "example.com", true},
      {"a leading dot and a subdomain", ".example.com", "www.example.com", true},
      {"a final dot changes nothing", "example.com.", "www.example.com", true},
      {"upper case", "EXAMPLE.COM", "www.example.com", true},
      {"one of a list", "a.example,example.com,b.example", "example.com", true},
      {"a list with spaces", "a.example, example.com b.example", "example.com", true},
      {"none of a list", "a.example,b.example", "example.com", false},
      {"empty entries cover nothing", ",, ,", "example.com", false},
      {"a dot alone covers nothing", ".", "example.com", false},
      {"everything", "*", "example.com", true},
      {"everything, addresses too", "*", "192.0.2.1", true},
      {"everything among others", "a.example,*", "example.com", true},
      {"a star inside is no pattern", "*.example.com", "www.example.com", false},
      {"an address", "192.0.2.1", "192.0.2.1", true},
      {"another address", "192.0.2.1", "192.0.2.2", false},
      {"an address does not cover a name that ends so", "2.0", "1.2.0.example", false},
      {"a prefix", "192.0.2.0/24", "192.0.2.200", true},
      {"a prefix with host bits", "192.0.2.77/24", "192.0.2.200", true},
      {"outside of a prefix", "192.0.2.0/25", "192.0.2.200", false},
      {"a prefix inside a byte", "10.16.0.0/12", "10.31.255.255", true},
      {"just behind it", "10.16.0.0/12", "10.32.0.0", false},
      {"the whole Internet", "0.0.0.0/0", "192.0.2.1", true},
      {"but not IPv6", "0.0.0.0/0", "2001:db8::1", false},
      {"a prefix that is too long covers nothing", "192.0.2.1/33", "192.0.2.1", false},
      {"a prefix that is no number covers nothing", "192.0.2.1/x", "192.0.2.1", false},
      {"an empty prefix length covers nothing", "192.0.2.1/", "192.0.2.1", false},
      {"a name has no prefix", "example.com/24", "example.com", false},
      {"an IPv6 address", "2001:db8::1", "2001:db8::1", true},
      {"in another spelling", "2001:DB8:0::0:1", "2001:db8::1", true},
      {"in brackets", "[2001:db8::1]", "2001:db8::1", true},
      {"an IPv6 prefix", "2001:db8::/32", "2001:db8:ffff::1", true},
      {"outside of it", "2001:db8::/32", "2001:db9::1", false},
      {"a prefix does not cover names", "0.0.0.0/0", "example.com", false},
      {"the port that is asked for", "example.com:8443", "www.example.com", true},
      {"another port", "example.com:80", "www.example.com", false},
      {"an address with the port", "192.0.2.1:8443", "192.0.2.1", true},
      {"an IPv6 address with the port", "[2001:db8::1]:8443", "2001:db8::1", true},
      {"an IPv6 address with another port", "[2001:db8::1]:443", "2001:db8::1", false},
      {"nonsense covers nothing", "exa mple.com:x,[,]:1,://", "example.com", false},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    EXPECT_EQ(NoProxy{c.list}.covers(host(c.host), 8443), c.covered);
  }
}

TEST(ProxyRules, ChooseByTheEnvironment) {
  const Variables both = {
      {"https_proxy", "http://secure:1"}, {"http_proxy", "http://plain:2"}, {"all_proxy", "socks5://any:3"}};
  const struct {
    const char* name;
    Variables variables;
    const char* scheme;
    const char* proxy;  ///< its host; empty: none
    const char* reason;
  } cases[] = {
      {"nothing is set", {}, "https", "", "no proxy is configured"},
      {"https", both, "https", "secure", "https_proxy is set"},
      {"tls is https without a request", both, "tls", "secure", "https_proxy is set"},
      {"http", both, "http", "plain", "http_proxy is set"},
      {"tcp", both, "tcp", "any", "all_proxy is set"},
      {"ssh", both, "ssh", "any", "all_proxy is set"},
      {"upper case", {{"HTTPS_PROXY", "http://p"}}, "https", "p", "HTTPS_PROXY is set"},
      {"lower case wins",
       {{"HTTPS_PROXY", "http://upper"}, {"https_proxy", "http://lower"}},
       "https",
       "lower",
       "https_proxy is set"},
      {"an empty variable is none",
       {{"HTTPS_PROXY", "http://upper"}, {"https_proxy", ""}},
       "https",
       "upper",
       "HTTPS_PROXY is set"},
      {"HTTP_PROXY is not read", {{"HTTP_PROXY", "http://p"}}, "http", "", "no proxy is configured"},
      {"ALL_PROXY stands in for the others", {{"ALL_PROXY", "http://p"}}, "https", "p", "ALL_PROXY is set"},
      {"the special one wins",
       {{"ALL_PROXY", "http://a"}, {"HTTPS_PROXY", "http://p"}},
       "https",
       "p",
       "HTTPS_PROXY is set"},
      {"https_proxy is not for ssh",
       {{"https_proxy", "http://p"}},
       "ssh",
       "",
       "no proxy is configured for ssh"},
      {"an exception",
       {{"https_proxy", "http://p"}, {"NO_PROXY", "example.com"}},
       "https",
       "",
       "NO_PROXY covers www.example.com"},
      {"lower-case exceptions win",
       {{"https_proxy", "http://p"}, {"NO_PROXY", "example.com"}, {"no_proxy", "other.example"}},
       "https",
       "p",
       "https_proxy is set"},
      {"an exception to nothing", {{"NO_PROXY", "example.com"}}, "https", "", "no proxy is configured"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    const auto rules = ProxyRules::from_environment(c.variables);
    ASSERT_TRUE(rules) << rules.error();
    const auto choice = rules->choose(c.scheme, host("www.example.com"), 443);
    EXPECT_EQ(choice.server ? choice.server->host.name : "", c.proxy);
    EXPECT_EQ(choice.reason, c.reason);
  }
}

TEST(ProxyRules, KnowTheProxyThatAnExceptionKeepsOut) {
  const std::map<std::string, std::string> variables{{"HTTPS_PROXY", "http://p.example:3128"},
                                                     {"no_proxy", "other.example, .example.com:443,*"}};
  const auto rules = ProxyRules::from_environment(variables);
  ASSERT_TRUE(rules) << rules.error();
  const auto choice = rules->choose("https", host("www.example.com"), 443);
  ASSERT_TRUE(choice.bypassed);
  EXPECT_FALSE(choice.server);
  EXPECT_EQ(choice.bypassed->server.host.name, "p.example");
  EXPECT_EQ(choice.bypassed->origin, "HTTPS_PROXY is set");
  EXPECT_EQ(choice.bypassed->list, "no_proxy");
  EXPECT_EQ(choice.bypassed->entry, ".example.com:443");
  EXPECT_EQ(choice.named().port, 3128);
  EXPECT_EQ(rules->choose("https", host("www.example.org"), 443).bypassed->entry, "*");
  EXPECT_FALSE(rules->choose("http", host("www.example.com"), 443).bypassed) << "none is named for http";
  EXPECT_FALSE(ProxyRules::direct("--no-proxy").choose("https", host("www.example.com"), 443).bypassed);
}

TEST(ProxyRules, NameTheVariableThatIsWrong) {
  const auto rules = ProxyRules::from_environment({{"ALL_PROXY", "socks4://user:s3cret@p"}});
  ASSERT_FALSE(rules);
  EXPECT_THAT(rules.error(), testing::StartsWith("ALL_PROXY: socks4:// proxies are not supported"));
  EXPECT_THAT(rules.error(), HasSubstr("--no-proxy"));
}

TEST(ProxyRules, AFixedProxyIsForEverything) {
  const auto rules = ProxyRules::fixed("socks5://user:pass@proxy.example");
  ASSERT_TRUE(rules) << rules.error();
  for (const auto* scheme : {"https", "http", "tcp", "tls", "ssh"}) {
    const auto choice = rules->choose(scheme, host("localhost"), 443);
    ASSERT_TRUE(choice.server);
    EXPECT_EQ(text(*choice.server), "socks5 proxy.example 1080 user pass");
    EXPECT_EQ(choice.reason, "--proxy");
  }
  const auto wrong = ProxyRules::fixed("https://proxy.example");
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error(), testing::StartsWith("--proxy: https:// proxies are not supported"));
}

TEST(ProxyRules, GoDirectForTheReasonGiven) {
  const auto choice = ProxyRules::direct("--no-proxy").choose("https", host("example.com"), 443);
  EXPECT_FALSE(choice.server);
  EXPECT_EQ(choice.reason, "--no-proxy");
}

}  // namespace
}  // namespace fwprobe::probe
