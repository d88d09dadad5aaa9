#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>

#include "tests/checks/measurements.h"

namespace fwprobe::checks {
namespace {

using namespace measured;
using testing::HasSubstr;

constexpr const char* v4 = "203.0.113.9";
constexpr const char* v6 = "2001:db8:9::9";

Scene web(std::vector<const char*> addresses) {
  Scene scene{"https://azure.example.com"};
  ResolveOverride given{"azure.example.com", {}};
  for (const auto* address : addresses) given.addresses.push_back(ip(address));
  scene.settings.overrides = {given};
  return scene;
}
auto without_ipv6 = [](Scene& scene) { scene.machine.ipv6_route = false; };

/// The local clock says noon of 15 June 2026.
Scene server_says(const char* date, std::vector<probe::HttpHeader> more = {}) {
  more.push_back({"Date", date});
  return web({v4})
      .add(connected(to(v4, 443)))
      .add(answered(2, "https://azure.example.com/", 200, std::move(more)));
}
probe::TlsHandshake out_of_time(const Target& target, int error) {
  return shaken(hello(2, target), {certificate("CN=azure.example.com", "CN=Issuing CA")},
                {{error, "out of time", 0}});
}
Scene and_a_certificate_looks(Scene scene, int error) { return scene.add(out_of_time(scene.target, error)); }

/// Leaf and issuer are valid from these times on, counted from now.
Scene chain_begins(probe::WallClock::duration leaf_in, probe::WallClock::duration issuer_in) {
  auto scene = web({v4}).add(connected(to(v4, 443)));
  auto leaf = certificate("CN=azure.example.com", "CN=Issuing CA");
  auto issuer = certificate("CN=Issuing CA", "CN=Root CA");
  leaf.not_before = noon() + leaf_in;
  issuer.not_before = noon() + issuer_in;
  return scene.add(
      shaken(hello(2, scene.target), {leaf, issuer}, {{X509_V_ERR_CERT_NOT_YET_VALID, "not yet valid", 0}}));
}

TEST(CheckEnvironment, ThisMachinesOwnFaults) {
  struct Row {
    const char* name;
    Scene scene;
    std::vector<std::string> expected;
  };
  const auto skewed = "fail local.clock_skew local medium";
  const auto only_looked_at = "warn local.clock_skew local medium";
  const Row rows[] = {
      {"all is well", web({v4}).add(connected(to(v4, 443))), {}},
      {"only IPv6 addresses, and no IPv6 route",
       web({v6}).with(without_ipv6).add(not_sent(to(v6, 443), ENETUNREACH)),
       {"fail local.no_address_family local high"}},
      {"an IPv4 address exists as well",
       web({v4, v6}).with(without_ipv6).add(connected(to(v4, 443))).add(not_sent(to(v6, 443), ENETUNREACH)),
       {}},
      {"a route to this very network exists", web({v6}).with(without_ipv6).add(connected(to(v6, 443))), {}},
      {"IPv6 that a router refuses is no fault of ours",
       web({v6}).add(refused(to(v6, 443), system_error(ENETUNREACH), icmp(1, 0, "2001:db8:5::1"))),
       {}},
      {"a machine without any route has no route",
       web({v6})
           .with([](Scene& s) { s.machine.ipv4_route = s.machine.ipv6_route = false; })
           .add(not_sent(to(v6, 443), ENETUNREACH)),
       {}},
      {"clocks that agree", server_says("Mon, 15 Jun 2026 12:00:01 GMT"), {}},
      {"a time zone's mistake is no skew", server_says("Mon, 15 Jun 2026 02:00:01 GMT"), {}},
      {"the server's clock differs, and nothing comes of it",
       server_says("Sun, 15 Jun 2025 12:00:00 GMT"),
       {only_looked_at}},
      {"a clock two years ahead, and a certificate looks expired",
       and_a_certificate_looks(server_says("Sat, 15 Jun 2024 12:00:00 GMT"), X509_V_ERR_CERT_HAS_EXPIRED),
       {skewed}},
      {"a clock a year behind, and a certificate looks not yet valid",
       and_a_certificate_looks(server_says("Tue, 15 Jun 2027 12:00:00 GMT"), X509_V_ERR_CERT_NOT_YET_VALID),
       {skewed}},
      {"an expired certificate, and clocks that agree",
       and_a_certificate_looks(server_says("Mon, 15 Jun 2026 12:00:00 GMT"), X509_V_ERR_CERT_HAS_EXPIRED),
       {}},
      {"a Date far beyond the clock's own end",
       server_says("Fri, 31 Dec 9999 23:59:59 GMT"),
       {only_looked_at}},
      {"a cache hands on an old Date",
       server_says("Sun, 15 Jun 2025 12:00:00 GMT", {{"Age", "31536000"}}),
       {}},
      {"a Date that is none", server_says("yesterday"), {}},
      {"leaf and issuer both lie in the future: it is the clock",
       chain_begins(24h * 700, 24h * 300),
       {skewed}},
      {"the leaf alone lies in the future: it is the certificate", chain_begins(24h, -24h * 300), {}},
      {"both made on the same day prove nothing", chain_begins(24h, 24h), {}},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(brief(row.scene.judged_by(check_environment)), row.expected);
  }
  EXPECT_THAT(words(rows[9].scene.judged_by(check_environment)), HasSubstr("730 days ahead of"));
  EXPECT_THAT(words(rows[12].scene.judged_by(check_environment)), HasSubstr("2912277 days behind"));
}

}  // namespace
}  // namespace fwprobe::checks
