#include "checks/flow.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/checks/measurements.h"

namespace fwprobe::checks {
namespace {

using namespace measured;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr auto inbound = allowlist::Direction::inbound;

Scene site(std::vector<const char*> ipv4, std::vector<const char*> ipv6 = {}) {
  Scene scene{"https://azure.example.com"};
  if (!ipv4.empty())
    scene.add(answer("azure.example.com", std::move(ipv4)));
  else
    scene.add(lookup("azure.example.com", probe::DnsType::a, probe::DnsStatus::nodata));
  if (!ipv6.empty())
    scene.add(answer("azure.example.com", std::move(ipv6)));
  else
    scene.add(lookup("azure.example.com", probe::DnsType::aaaa, probe::DnsStatus::nodata));
  return scene;
}

probe::TcpConnect connected_from(const char* local, probe::TcpQuestion question) {
  auto made = connected(std::move(question));
  made.result->local = {ip(local), 50000};
  return made;
}

allowlist::Entry entry(const char* prefix, std::vector<allowlist::PortRange> ports = {}) {
  allowlist::Entry made;
  made.what = allowlist::parse_prefix(prefix)->prefix;
  made.published = prefix;
  made.ports = std::move(ports);
  return made;
}
allowlist::Allowlist list(allowlist::Direction direction, std::vector<allowlist::Entry> entries) {
  allowlist::Allowlist made;
  made.name = made.title = "vendor";
  made.retrieved = {std::chrono::year{2026} / 6 / 1};
  made.direction = direction;
  made.entries = std::move(entries);
  return made;
}

std::optional<Flow> flow_of(const Scene& scene) {
  const auto diagnosis = scene.diagnosis(scene.judged_by(judge));
  return diagnosis ? diagnosis->flow : std::nullopt;
}
std::string sentence_of(const Scene& scene) {
  const auto flow = flow_of(scene);
  return flow ? sentence(*flow) : "none";
}

TEST(Flow, NamesWhatTheFirewallHasToLetThrough) {
  struct Row {
    const char* name;
    Scene scene;
    const char* expected;
  };
  const auto prohibited = [](const char* sender) {
    return refused(to("203.0.113.9", 443), system_error(EHOSTUNREACH), icmp(3, 13, sender));
  };
  const Row rows[] = {
      {"silence, its hop not known", site({"203.0.113.9"}).add(silent(to("203.0.113.9", 443))),
       "Allow outbound TCP from 10.1.2.3 to 203.0.113.9 port 443 at the firewall between (its hop is not "
       "known)."},
      {"a router that says so", site({"203.0.113.9"}).add(prohibited("198.51.100.1")),
       "Allow outbound TCP from 10.1.2.3 to 203.0.113.9 port 443 at 198.51.100.1."},
      {"the destination's own firewall", site({"203.0.113.9"}).add(prohibited("203.0.113.9")),
       "Allow inbound TCP from 10.1.2.3 to 203.0.113.9 port 443 at the destination itself or a device right "
       "in front of it."},
      {"this machine's own", site({"203.0.113.9"}).add(not_sent(to("203.0.113.9", 443), EPERM)),
       "Allow outbound TCP from 10.1.2.3 to 203.0.113.9 port 443 at this machine."},
      {"both families",
       site({"203.0.113.9"}, {"2001:db8::9"})
           .add(silent(to("203.0.113.9", 443)))
           .add(silent(to("2001:db8::9", 443))),
       "Allow outbound TCP from 10.1.2.3, 2001:db8:1::3 to 203.0.113.9, 2001:db8::9 port 443 at the firewall "
       "between (its hop is not known)."},
      {"of several addresses only those that fail",
       site({"203.0.113.9", "203.0.113.10", "203.0.113.11"})
           .add(connected(to("203.0.113.9", 443)))
           .add(silent(to("203.0.113.10", 443)))
           .add(refused(to("203.0.113.11", 443), system_error(ECONNREFUSED))),
       "Allow outbound TCP from 10.1.2.3 to 203.0.113.10 port 443 at the firewall between (its hop is not "
       "known)."},
      {"a service that is not there is no firewall's fault",
       site({"203.0.113.9"}).add(refused(to("203.0.113.9", 443), system_error(ECONNREFUSED))), "none"},
      {"a missing route neither",
       site({"203.0.113.9"})
           .add(refused(to("203.0.113.9", 443), system_error(ENETUNREACH), icmp(3, 0, "198.51.100.1"))),
       "none"},
      {"what failed at another place is for another rule",
       site({"203.0.113.9", "203.0.113.10"})
           .add(prohibited("198.51.100.1"))
           .add(not_sent(to("203.0.113.10", 443), EPERM)),
       "Allow outbound TCP from 10.1.2.3 to 203.0.113.9 port 443 at 198.51.100.1."},
      {"two devices, both named",
       site({"203.0.113.9"}, {"2001:db8::9"})
           .add(prohibited("198.51.100.1"))
           .add(refused(to("2001:db8::9", 443), system_error(EACCES), icmp(1, 1, "2001:db8:5::1"))),
       "Allow outbound TCP from 10.1.2.3, 2001:db8:1::3 to 203.0.113.9, 2001:db8::9 port 443 at "
       "198.51.100.1, and 2001:db8:5::1."},
  };
  for (const auto& row : rows) EXPECT_EQ(sentence_of(row.scene), row.expected) << row.name;
}

TEST(Flow, ComesFromWhereTheFirewallSeesIt) {
  struct Row {
    const char* name;
    Scene scene;
    const char* sources;  ///< in the sentence
    const char* remark;   ///< none when empty
  };
  const auto blocked = [] { return site({"203.0.113.9"}).add(silent(to("203.0.113.9", 443))); };
  const auto inside = [] { return site({"10.9.9.9"}).add(silent(to("10.9.9.9", 443))); };
  const auto given = [](Scene& scene) { scene.settings.egress = {ip("198.51.100.77")}; };
  const auto published = [](Scene& scene) {
    scene.settings.allowlists = {list(inbound, {entry("77.92.124.0/27", {{443, 443}}),
                                                entry("77.92.124.8/32"), entry("192.0.2.0/24", {{22, 22}})})};
  };
  const Row rows[] = {
      {"a private address, behind NAT perhaps", blocked(), "from 10.1.2.3 to",
       "sees the public address instead of 10.1.2.3"},
      {"private on both sides: nothing is translated", inside(), "from 10.1.2.3 to", ""},
      {"--egress", blocked().with(given), "from 198.51.100.77 to",
       "before the address translation sees 10.1.2.3"},
      {"--egress is not what a firewall inside sees", inside().with(given), "from 10.1.2.3 to", ""},
      {"nor this machine's own",
       site({"203.0.113.9"}).add(not_sent(to("203.0.113.9", 443), EPERM)).with(given), "from 10.1.2.3 to",
       ""},
      {"the local end of a connection, not every address", blocked().with([](Scene& scene) {
         scene.machine.addresses = {ip("172.17.0.1"), ip("10.1.2.4")};
         scene.add(connected_from("10.1.2.4", to("203.0.113.99", 80)));
       }),
       "from 10.1.2.4 to", "10.1.2.4"},
      {"several addresses, and none is known to be the one",
       blocked().with([](Scene& scene) { scene.machine.addresses = {ip("172.17.0.1"), ip("10.1.2.4")}; }),
       "from 10.1.2.4, 172.17.0.1 to", "NAT"},
      {"--source", blocked().with([](Scene& scene) { scene.settings.source.address = ip("10.1.2.9"); }),
       "from 10.1.2.9 to", "NAT"},
      {"none is known", blocked().with([](Scene& scene) { scene.machine.addresses.clear(); }),
       "from this machine to", "the rules name no source"},
      {"an inbound allowlist: its sources for this port, those within others once", blocked().with(published),
       "Allow inbound TCP from 77.92.124.0/27 to", "that the allowlist publishes"},
      {"a list without a source for this port says nothing", blocked().with([](Scene& scene) {
         scene.settings.allowlists = {list(inbound, {entry("192.0.2.0/24", {{22, 22}})})};
       }),
       "from 10.1.2.3 to", "NAT"},
      {"nor does one without a source of this family", blocked().with([](Scene& scene) {
         scene.settings.allowlists = {list(inbound, {entry("2001:db8:7::/48")})};
       }),
       "from 10.1.2.3 to", "NAT"},
      {"an outbound list has no sources", blocked().with([](Scene& scene) {
         scene.settings.allowlists = {list(allowlist::Direction::outbound, {entry("203.0.113.0/24")})};
       }),
       "from 10.1.2.3 to", "NAT"},
  };
  for (const auto& row : rows) {
    const auto flow = flow_of(row.scene);
    ASSERT_TRUE(flow) << row.name;
    EXPECT_THAT(sentence(*flow), HasSubstr(row.sources)) << row.name;
    if (*row.remark == '\0') {
      EXPECT_THAT(remarks(*flow), IsEmpty()) << row.name;
    } else {
      EXPECT_THAT(remarks(*flow), Contains(HasSubstr(row.remark))) << row.name;
    }
  }
}

TEST(Flow, OfATlsFilterIsTheConnectionThatIsLetThrough) {
  auto scene = site({"203.0.113.9"}).add(connected_from("10.1.2.3", to("203.0.113.9", 443)));
  probe::TlsFailure failure;
  failure.transport = deadline();
  const auto connection = scene.last().number;
  scene.add(failed(hello(connection, scene.target), failure));
  const auto flow = flow_of(scene);
  ASSERT_TRUE(flow);
  EXPECT_EQ(flow->stopped, Flow::Stopped::client_hello);
  EXPECT_THAT(
      sentence(*flow),
      HasSubstr("Allow the TLS ClientHello in outbound TCP from 10.1.2.3 to 203.0.113.9 port 443 at "));
  EXPECT_THAT(remarks(*flow), Contains(HasSubstr("The connection itself is let through")));
}

TEST(Flow, BehindAProxyIsNotKnown) {
  Scene scene{"https://azure.example.com"};
  scene.settings.proxies = *probe::ProxyRules::fixed("http://10.1.1.1:3128");
  scene.add(connected_from("10.1.2.3", to("10.1.1.1", 3128)));
  probe::ProxyTunnel tunnel;
  tunnel.question = {scene.last(), probe::ProxyKind::http, scene.target.host, 443, "https"};
  tunnel.result = probe::TunnelOpen{200};
  scene.add(tunnel);
  probe::TlsFailure failure;
  failure.transport = deadline();
  scene.add(failed(hello(scene.last().number, scene.target), failure));
  const auto diagnosis = scene.diagnosis(scene.judged_by(judge));
  ASSERT_TRUE(diagnosis);
  EXPECT_EQ(diagnosis->cause, Cause::tls_client_hello_dropped);
  EXPECT_FALSE(diagnosis->flow);
}

TEST(Flow, ToAProxyIsTheProxysAddress) {
  struct Row {
    const char* name;
    probe::TcpConnect attempt;
    const char* expected;
  };
  const Row rows[] = {
      {"silence", silent(to("10.1.1.1", 3128)),
       "Allow outbound TCP from 10.1.2.3 to 10.1.1.1 port 3128 at the firewall between (its hop is not "
       "known)."},
      {"nothing listens", refused(to("10.1.1.1", 3128), system_error(ECONNREFUSED)), "none"},
  };
  for (const auto& row : rows) {
    Scene scene{"https://azure.example.com"};
    scene.settings.proxies = *probe::ProxyRules::fixed("http://10.1.1.1:3128");
    // What the target publishes is not about the way to the proxy.
    scene.settings.allowlists = {list(inbound, {entry("77.92.124.0/27")})};
    scene.add(row.attempt);
    EXPECT_EQ(sentence_of(scene), row.expected) << row.name;
  }
}

TEST(Flow, ToAResolver) {
  struct Row {
    const char* name;
    std::vector<probe::DnsLookup> lookups;
    const char* expected;
  };
  const auto asked = [](probe::DnsStatus status, probe::UdpEndpoint resolver = resolver_a) {
    return lookup("azure.example.com", probe::DnsType::a, status, resolver);
  };
  const auto failing = [&](int error, std::optional<probe::IcmpError> said) {
    auto made = asked(probe::DnsStatus::unreachable);
    made.failure = probe::TransportFailure{system_error(error), std::move(said)};
    return made;
  };
  auto truncated = asked(probe::DnsStatus::timeout);
  truncated.truncated_udp = true;
  const Row rows[] = {
      {"silence",
       {asked(probe::DnsStatus::timeout)},
       "Allow outbound UDP from 10.1.2.3 to 192.0.2.53 port 53 at the firewall between (its hop is not "
       "known)."},
      {"truncated over UDP, silent over TCP",
       {truncated},
       "Allow outbound TCP from 10.1.2.3 to 192.0.2.53 port 53 at the firewall between (its hop is not "
       "known)."},
      {"a router prohibits it",
       {failing(EHOSTUNREACH, icmp(3, 13, "198.51.100.1"))},
       "Allow outbound UDP from 10.1.2.3 to 192.0.2.53 port 53 at 198.51.100.1."},
      {"this machine prohibits it",
       {failing(EPERM, {})},
       "Allow outbound UDP from 10.1.2.3 to 192.0.2.53 port 53 at this machine."},
      {"nothing listens there", {failing(ECONNREFUSED, icmp(3, 3, "192.0.2.53"))}, "none"},
      {"no route", {failing(ENETUNREACH, icmp(3, 0, "198.51.100.1"))}, "none"},
      {"it answers another question",
       {asked(probe::DnsStatus::timeout),
        lookup("azure.example.com", probe::DnsType::aaaa, probe::DnsStatus::nodata)},
       "none"},
  };
  for (const auto& row : rows) {
    Scene scene{"https://azure.example.com"};
    for (const auto& each : row.lookups) scene.add(each);
    EXPECT_EQ(sentence_of(scene), row.expected) << row.name;
  }
  Scene stub{"https://azure.example.com"};
  const probe::UdpEndpoint loopback{ip("127.0.0.53"), 53};
  stub.machine.resolver.servers = {loopback};
  stub.add(asked(probe::DnsStatus::timeout, loopback));
  EXPECT_EQ(sentence_of(stub), "none") << "a stub on this machine: the way to its own resolver is not known";
}

TEST(Flow, NamesTheHop) {
  // By way of the location that the checks give.
  auto scene = site({"203.0.113.9"}).add(silent(to("203.0.113.9", 443)));
  auto findings = scene.judged_by(check_tcp);
  ASSERT_EQ(findings.size(), 1U);
  struct Row {
    Location location;
    const char* expected;
  };
  const Row rows[] = {
      {{Where::path, 2, ip("198.51.100.1"), Precision::after, ip("203.0.113.1")},
       "at hop 2 (198.51.100.1) or the device right behind it."},
      {{Where::path, 2, ip("198.51.100.1"), Precision::at, {}}, "at hop 2 (198.51.100.1)."},
      {{Where::path, 3, {}, Precision::after, {}}, "at hop 3 or the device right behind it."},
      {{Where::local, 0, {}, Precision::after, {}}, "at this machine."},
  };
  for (const auto& row : rows) {
    findings.front().location = row.location;
    const auto diagnosis = scene.diagnosis(findings);
    ASSERT_TRUE(diagnosis && diagnosis->flow);
    EXPECT_THAT(sentence(*diagnosis->flow), testing::EndsWith(row.expected));
  }
}

TEST(Flow, IsNotGivenForAWarning) {
  auto scene = site({"203.0.113.9"}).add(silent(to("203.0.113.9", 443)));
  auto findings = scene.judged_by(check_tcp);
  findings.front().status = Status::warn;
  EXPECT_FALSE(scene.diagnosis(findings)->flow);
}

TEST(Flow, CutsLongLists) {
  Flow flow;
  flow.port = 443;
  flow.device = "hop 1";
  for (unsigned i = 1; i <= 20; ++i)
    flow.destinations.emplace_back(asio::ip::make_address_v4(0xC6336400U + i), 32);
  EXPECT_THAT(sentence(flow), HasSubstr("198.51.100.8 and 12 more port 443"));
  EXPECT_THAT(sentence(flow), Not(HasSubstr("198.51.100.9")));
}

}  // namespace
}  // namespace fwprobe::checks
