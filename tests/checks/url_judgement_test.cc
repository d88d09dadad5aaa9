#include "checks/url_judgement.h"

#include <ostream>

#include <gtest/gtest.h>

namespace fwprobe::checks {
namespace {

Origin origin(std::string scheme, std::string host, std::uint16_t port) {
  asio::error_code none;
  const auto address = asio::ip::make_address(host, none);
  return {std::move(scheme), canonical({std::move(host), none ? std::nullopt : std::optional{address}}),
          port};
}

enum class From : std::uint8_t { outside, inside };

Asked ask(const Origin& target, From from = From::outside, Profile profile = Profile::azure_devops_server) {
  return {target, target, from == From::inside, profile};
}

const auto https = origin("https", "azure.example.com", 443);
const auto http = origin("http", "azure.example.com", 80);
const auto http_8080 = origin("http", "azure.example.com", 8080);
const auto services =
    ask(origin("https", "dev.azure.com", 443), From::outside, Profile::azure_devops_services);
constexpr auto self = Role::self_link;
constexpr auto mention = Role::mention;

const struct {
  const char* sentence;
  Origin url;
  Role role;
  Asked asked;
  Verdict expected;
} rows[] = {
    {"the asked address is fine", https, self, ask(https), Verdict::fine},
    {"localhost is nobody's server", origin("http", "localhost", 80), self, ask(https), Verdict::localhost},
    {"localhost counts wherever it stands", origin("http", "localhost", 80), mention, ask(https),
     Verdict::localhost},
    {"a name below localhost", origin("http", "a.localhost", 80), mention, ask(https), Verdict::localhost},
    {"a loopback address", origin("http", "127.8.9.1", 80), mention, ask(https), Verdict::localhost},
    {"the unspecified address", origin("http", "0.0.0.0", 80), mention, ask(https), Verdict::localhost},
    {"IPv6 loopback", origin("http", "::1", 80), mention, ask(https), Verdict::localhost},
    {"mapped loopback", origin("http", "::ffff:127.0.0.1", 80), mention, ask(https), Verdict::localhost},
    {"localhost by SSH", origin("ssh", "localhost", 22), self, ask(https), Verdict::localhost},
    {"localhost, told to a user inside", origin("http", "localhost", 80), self, ask(https, From::inside),
     Verdict::localhost},
    {"localhost, for a user who asked for localhost", origin("https", "localhost", 8443), self,
     ask(origin("https", "localhost", 8443)), Verdict::fine},
    {"another port of the localhost that was asked for", origin("https", "localhost", 9443), self,
     ask(origin("https", "localhost", 8443)), Verdict::foreign_host},
    {"another port of localhost in a mention", origin("http", "localhost", 3000), mention,
     ask(origin("https", "localhost", 8443)), Verdict::fine},
    {"the asked loopback address", origin("https", "127.0.0.1", 443), self,
     ask(origin("https", "127.0.0.1", 443)), Verdict::fine},
    {"localhost, for a user who asked for 127.0.0.1", origin("http", "localhost", 80), self,
     ask(origin("https", "127.0.0.1", 443)), Verdict::localhost},

    {"a private address", origin("http", "10.0.0.5", 8080), mention, ask(https), Verdict::private_address},
    {"a CGNAT address", origin("http", "100.64.0.5", 80), mention, ask(https), Verdict::private_address},
    {"a link-local address", origin("http", "fe80::1", 80), mention, ask(https), Verdict::private_address},
    {"a unique local address", origin("http", "fd12::1", 80), mention, ask(https), Verdict::private_address},
    {"a private address, mentioned to a user inside", origin("http", "10.0.0.5", 80), mention,
     ask(https, From::inside), Verdict::fine},
    {"another private address as a self-link inside", origin("https", "10.0.0.5", 443), self,
     ask(https, From::inside), Verdict::foreign_host},
    {"the private address that was asked for", origin("https", "10.0.0.5", 443), self,
     ask(origin("https", "10.0.0.5", 443), From::inside), Verdict::fine},

    {"another host", origin("https", "other.example", 443), self, ask(https), Verdict::foreign_host},
    {"another host, only mentioned", origin("http", "www.w3.org", 80), mention, ask(https), Verdict::fine},
    {"a name without a dot", origin("http", "tfs", 8080), self, ask(https), Verdict::foreign_host},
    {"another port", origin("https", "azure.example.com", 8443), self, ask(https), Verdict::foreign_host},
    {"http in place of https", http, self, ask(https), Verdict::insecure},
    {"http in place of https on the same port", origin("http", "azure.example.com", 8443), self,
     ask(origin("https", "azure.example.com", 8443)), Verdict::insecure},
    {"http on a port of its own", http_8080, self, ask(https), Verdict::foreign_host},
    {"http mentioned", http, mention, ask(https), Verdict::fine},
    {"https in place of http", https, self, ask(http), Verdict::fine},
    {"https in place of http on a port of its own", https, self, ask(http_8080), Verdict::foreign_host},
    {"SSH to the same host", origin("ssh", "azure.example.com", 22), self, ask(https), Verdict::fine},
    {"SSH to another host", origin("ssh", "git.example.com", 22), self, ask(https), Verdict::foreign_host},
    {"the SSH host of Services", origin("ssh", "ssh.dev.azure.com", 22), self, services, Verdict::fine},
    {"the old address of an organization", origin("https", "org.visualstudio.com", 443), self, services,
     Verdict::fine},
    {"a host that only looks like Services'", origin("https", "notvisualstudio.com", 443), self, services,
     Verdict::foreign_host},
    {"localhost on Services", origin("https", "localhost", 443), self, services, Verdict::localhost},
};

TEST(Judgement, ComparesUrlsWithWhatWasAsked) {
  for (const auto& row : rows)
    EXPECT_EQ(judge_url(row.url, row.role, row.asked), row.expected) << row.sentence;
}

TEST(Judgement, LetsTheOneWhoAnsweredARedirectSpeakOfHimself) {
  auto asked = ask(http, From::outside, Profile::web);
  asked.responder = origin("https", "www.example.com", 443);
  EXPECT_EQ(judge_url(asked.responder, self, asked), Verdict::fine);
  EXPECT_EQ(judge_url(http, self, asked), Verdict::fine);
  EXPECT_EQ(judge_url(origin("https", "other.example", 443), self, asked), Verdict::foreign_host);
}

TEST(Judgement, NeverExcusesLocalhostBecauseARedirectLedThere) {
  auto asked = ask(https, From::outside, Profile::web);
  asked.responder = origin("http", "localhost", 80);
  EXPECT_EQ(judge_url(asked.responder, self, asked), Verdict::localhost);
}

const struct {
  const char* sentence;
  Origin url;
  Role role;
  bool expected;
} journeys[] = {
    {"the asked address is known", https, self, false},
    {"another host is tested", origin("https", "other.example", 443), self, true},
    {"another port is tested", origin("https", "azure.example.com", 8443), self, true},
    {"another scheme with its port is tested", http, self, true},
    {"SSH is tested", origin("ssh", "azure.example.com", 22), self, true},
    {"a private address is tested", origin("http", "10.0.0.5", 80), self, true},
    {"localhost is not tested", origin("http", "localhost", 80), self, false},
    {"a mention is not tested", origin("https", "other.example", 443), mention, false},
    {"a scheme without a port cannot be tested", origin("x", "other.example", 0), self, false},
};

TEST(Journeys, LeadWhereAClientMustGo) {
  for (const auto& row : journeys)
    EXPECT_EQ(leads_elsewhere(row.url, row.role, ask(https)), row.expected) << row.sentence;
}

TEST(Journeys, LeadToOtherPortsOfThisMachineWhenItIsAsked) {
  const auto asked = ask(origin("http", "127.0.0.1", 8080));
  EXPECT_TRUE(leads_elsewhere(origin("https", "127.0.0.1", 443), self, asked));
  EXPECT_FALSE(leads_elsewhere(origin("https", "localhost", 443), self, asked));
}

TEST(Fields, AreSelfLinksWhereTheServiceNamesItself) {
  for (const char* name :
       {"url", "href", "remoteUrl", "sshUrl", "webUrl", "accessPoint", "location", "baseUrl", "realm"})
    EXPECT_EQ(role_of_field(name, Profile::azure_devops_server), Role::self_link) << name;
  for (const char* name : {"accessPoint", "location", "learnMoreLink", "imageUrl"})
    EXPECT_EQ(role_of_field(name, Profile::azure_devops_services), Role::mention) << name;
  EXPECT_EQ(role_of_field("url", Profile::web), Role::mention);
}

TEST(Origins, AreWrittenAsUrlsAre) {
  EXPECT_EQ(origin("https", "::1", 443).text(), "https://[::1]");
  EXPECT_EQ(origin("http", "localhost", 8080).text(), "http://localhost:8080");
  EXPECT_EQ(origin("http", "::1", 80).host_port(), "[::1]:80");
}

}  // namespace
}  // namespace fwprobe::checks
