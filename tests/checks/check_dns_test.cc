#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/checks/measurements.h"

namespace fwprobe::checks {
namespace {

using namespace measured;
using probe::DnsStatus;
using probe::DnsType;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* host = "azure.example.com";

Scene https() { return Scene{"https://azure.example.com"}; }

/// Both families with the same status.
Scene says(DnsStatus status, probe::UdpEndpoint resolver = resolver_a) {
  return https()
      .add(lookup(host, DnsType::a, status, resolver))
      .add(lookup(host, DnsType::aaaa, status, resolver));
}
Scene resolves(const char* address) {
  const bool v6 = ip(address).is_v6();
  return https()
      .add(answer(host, {address}))
      .add(lookup(host, v6 ? DnsType::a : DnsType::aaaa, DnsStatus::nodata));
}

auto two_resolvers = [](Scene& scene) { scene.settings.dns_servers = {resolver_a, resolver_b}; };
auto expect_public = [](Scene& scene) { scene.settings.name_scope = NameScope::expect_public; };
auto expect_private = [](Scene& scene) { scene.settings.name_scope = NameScope::expect_private; };
auto expect_prefix(const char* network, int length) {
  return [=](Scene& scene) { scene.settings.expected_addresses = {allowlist::Prefix{ip(network), length}}; };
}

struct Row {
  const char* name;
  Scene scene;
  std::vector<std::string> expected;
};

void check_rows(std::span<const Row> rows) {
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(brief(row.scene.judged_by(check_dns)), row.expected);
  }
}

TEST(CheckDns, OneResolver) {
  const auto mixed = [](DnsStatus a, DnsStatus aaaa) {
    return https().add(lookup(host, DnsType::a, a)).add(lookup(host, DnsType::aaaa, aaaa));
  };
  const Row rows[] = {
      {"an IPv4 address and no IPv6 address is a good answer", resolves("203.0.113.9"), {"pass"}},
      {"an IPv6 address alone is a good answer", resolves("2001:db8::9"), {"pass"}},
      {"the name does not exist", says(DnsStatus::nxdomain), {"fail dns.nxdomain resolver high"}},
      {"the name has no address", says(DnsStatus::nodata), {"fail dns.nodata resolver high"}},
      {"the resolver failed", says(DnsStatus::servfail), {"fail dns.servfail resolver high"}},
      {"the resolver refuses", says(DnsStatus::refused), {"fail dns.refused resolver high"}},
      {"the resolver does not understand", says(DnsStatus::formerr), {"fail dns.servfail resolver high"}},
      {"the resolver does not implement it", says(DnsStatus::notimp), {"fail dns.servfail resolver high"}},
      {"another error code", says(DnsStatus::other_rcode), {"fail dns.servfail resolver high"}},
      {"no resolver answered", says(DnsStatus::timeout), {"fail dns.timeout resolver high"}},
      {"the resolver is unreachable", says(DnsStatus::unreachable), {"fail dns.unreachable resolver high"}},
      {"the answer is nonsense", says(DnsStatus::malformed), {"fail dns.malformed resolver high"}},
      {"the aliases go round in a circle",
       says(DnsStatus::alias_loop),
       {"fail dns.cname_loop resolver high"}},
      {"a failure says more than the other family's NODATA",
       mixed(DnsStatus::nodata, DnsStatus::servfail),
       {"fail dns.servfail resolver high"}},
      {"silence for one family says more than NODATA for the other",
       mixed(DnsStatus::nodata, DnsStatus::timeout),
       {"fail dns.timeout resolver high"}},
      {"an answer for one family, silence for the other: clients wait",
       https().add(answer(host, {"203.0.113.9"})).add(lookup(host, DnsType::aaaa, DnsStatus::timeout)),
       {"pass", "warn dns.timeout high"}},
  };
  check_rows(rows);
}

TEST(CheckDns, SeveralResolvers) {
  const auto and_b = [](Scene scene, DnsStatus status) {
    return scene.with(two_resolvers)
        .add(lookup(host, DnsType::a, status, resolver_b))
        .add(lookup(host, DnsType::aaaa, status, resolver_b));
  };
  const auto b_says = [](Scene scene, std::vector<const char*> addresses) {
    return scene.with(two_resolvers)
        .add(answer(host, std::move(addresses), resolver_b))
        .add(lookup(host, DnsType::aaaa, DnsStatus::nodata, resolver_b));
  };
  const Row rows[] = {
      {"they agree", b_says(resolves("203.0.113.9"), {"203.0.113.9"}), {"pass", "pass"}},
      {"answers that share an address are the usual rotation",
       b_says(resolves("203.0.113.9"), {"203.0.113.10", "203.0.113.9"}),
       {"pass", "pass"}},
      {"answers without a common address may be balancing by place: look",
       b_says(resolves("203.0.113.9"), {"198.51.100.9"}),
       {"pass", "pass", "warn dns.disagreement resolver high"}},
      {"one knows the name and the other says that it does not exist",
       and_b(resolves("203.0.113.9"), DnsStatus::nxdomain),
       {"pass", "warn dns.nxdomain resolver high", "fail dns.disagreement resolver high"}},
      {"one answers and the other is silent: only slower",
       and_b(resolves("203.0.113.9"), DnsStatus::timeout),
       {"pass", "warn dns.timeout resolver high"}},
      {"one answers and the other fails",
       and_b(resolves("203.0.113.9"), DnsStatus::servfail),
       {"pass", "warn dns.servfail resolver high"}},
      {"the first fails and the second answers",
       b_says(says(DnsStatus::servfail), {"203.0.113.9"}),
       {"warn dns.servfail resolver high", "pass"}},
      {"both are silent",
       and_b(says(DnsStatus::timeout), DnsStatus::timeout),
       {"fail dns.timeout resolver high", "fail dns.timeout resolver high"}},
      {"both say that there is no such name: they agree",
       and_b(says(DnsStatus::nxdomain), DnsStatus::nxdomain),
       {"fail dns.nxdomain resolver high", "fail dns.nxdomain resolver high"}},
  };
  check_rows(rows);
}

TEST(CheckDns, AddressesThatCannotBeRight) {
  const auto localhost = [] {
    return Scene{"https://app.localhost"}
        .add(answer("app.localhost", {"127.0.0.1"}))
        .add(lookup("app.localhost", DnsType::aaaa, DnsStatus::nodata));
  };
  const auto sinkhole = "fail dns.sinkhole resolver high";
  const Row rows[] = {
      {"0.0.0.0 is how filters say no", resolves("0.0.0.0"), {"pass", sinkhole}},
      {"so is anything in 0.0.0.0/8", resolves("0.0.0.1"), {"pass", sinkhole}},
      {"so is ::", resolves("::"), {"pass", sinkhole}},
      {"so is loopback, where nothing answers",
       resolves("127.0.0.1").add(refused(to("127.0.0.1", 443), system_error(ECONNREFUSED))),
       {"pass", sinkhole}},
      {"and the IPv6 loopback", resolves("::1"), {"pass", sinkhole}},
      {"loopback where the service answers is this machine's own name",
       resolves("127.0.0.1").add(connected(to("127.0.0.1", 443))),
       {"pass"}},
      {"an answer on another port is no service",
       resolves("127.0.0.1").add(connected(to("127.0.0.1", 80))),
       {"pass", sinkhole}},
      {"localhost is loopback", localhost(), {"pass"}},
      {"one blocking address beside a good one is only suspicious",
       https()
           .add(answer(host, {"203.0.113.9", "0.0.0.0"}))
           .add(lookup(host, DnsType::aaaa, DnsStatus::nodata)),
       {"pass", "warn dns.sinkhole resolver high"}},
      {"the user's own address is the user's word", Scene{"https://0.0.0.0"}, {"skip"}},
      {"a private address is right for many services", resolves("10.0.0.5"), {"pass"}},
      {"not for one that must be public",
       resolves("10.0.0.5").with(expect_public),
       {"pass", "fail dns.private_address resolver high"}},
      {"nor is link-local",
       resolves("169.254.1.1").with(expect_public),
       {"pass", "fail dns.private_address resolver high"}},
      {"nor carrier-grade NAT",
       resolves("100.64.0.1").with(expect_public),
       {"pass", "fail dns.private_address resolver high"}},
      {"nor a unique local address",
       resolves("fd00::1").with(expect_public),
       {"pass", "fail dns.private_address resolver high"}},
      {"a public one that must be public", resolves("8.8.8.8").with(expect_public), {"pass"}},
      {"a public one that must be private: the private zone is not in effect",
       resolves("8.8.8.8").with(expect_private),
       {"pass", "fail dns.public_address resolver high"}},
      {"a private one that must be private", resolves("10.0.0.5").with(expect_private), {"pass"}},
      {"inside of what is expected", resolves("10.0.0.5").with(expect_prefix("10.0.0.0", 24)), {"pass"}},
      {"outside of what is expected",
       resolves("10.0.1.5").with(expect_prefix("10.0.0.0", 24)),
       {"pass", "fail dns.public_address resolver high"}},
      {"a blocking address is a blocking address, whatever is expected",
       resolves("0.0.0.0").with(expect_public),
       {"pass", sinkhole}},
  };
  check_rows(rows);
}

TEST(CheckDns, SeveralAnswersToOneQuery) {
  using probe::DnsOther;
  const auto gathered = [](std::vector<const char*> first, std::vector<DnsOther> others,
                           std::uint32_t strangers = 0) {
    auto made =
        first.empty() ? lookup(host, DnsType::a, DnsStatus::nxdomain) : answer(host, std::move(first));
    made.question.listen = probe::DnsListen::all;
    made.others = std::move(others);
    made.strangers = strangers;
    return made;
  };
  const auto other_of = [](std::vector<const char*> addresses) {
    DnsOther other;
    for (const auto* address : addresses) other.addresses.push_back(ip(address));
    return other;
  };
  // What made the answer doubtful: its address is silent.
  const auto doubtful = [](probe::DnsLookup gathered_lookup) {
    return resolves("8.8.8.8").add(silent(to("8.8.8.8", 443))).add(std::move(gathered_lookup));
  };
  const DnsOther nxdomain{DnsStatus::nxdomain, {}}, nodata{DnsStatus::nodata, {}},
      servfail{DnsStatus::servfail, {}};
  const auto high = "fail dns.forged_answer path high", medium = "fail dns.forged_answer path medium";
  const Row rows[] = {
      {"one answer", doubtful(gathered({"8.8.8.8"}, {})), {"pass"}},
      {"then that there is no such name", doubtful(gathered({"8.8.8.8"}, {nxdomain})), {"pass", high}},
      {"or the other way round", doubtful(gathered({}, {other_of({"8.8.8.8"})})), {"pass", high}},
      {"then that it has no address", doubtful(gathered({"8.8.8.8"}, {nodata})), {"pass", high}},
      {"then a private address", doubtful(gathered({"8.8.8.8"}, {other_of({"10.0.0.1"})})), {"pass", high}},
      {"then another public one", doubtful(gathered({"8.8.8.8"}, {other_of({"9.9.9.9"})})), {"pass", medium}},
      {"the surest of several",
       doubtful(gathered({"8.8.8.8"}, {other_of({"9.9.9.9"}), other_of({"0.0.0.0"})})),
       {"pass", high}},
      {"answers that share an address are a rotation",
       doubtful(gathered({"8.8.8.8", "8.8.4.4"}, {other_of({"8.8.4.4", "9.9.9.9"})})),
       {"pass"}},
      {"no such name and no such address agree", doubtful(gathered({}, {nodata})), {"pass"}},
      {"a failure behind an answer says nothing", doubtful(gathered({"8.8.8.8"}, {servfail})), {"pass"}},
      {"datagrams with another ID are only noted", doubtful(gathered({"8.8.8.8"}, {}, 3)), {"pass", "pass"}},
      {"a first answer that blocks is the forgery's",
       resolves("0.0.0.0").add(gathered({"0.0.0.0"}, {other_of({"8.8.8.8"})})),
       {"pass", high, "fail dns.sinkhole resolver high"}},
      {"where the target works it is a warning",
       resolves("8.8.8.8")
           .with(two_resolvers)
           .add(answer(host, {"9.9.9.9"}, resolver_b))
           .add(lookup(host, DnsType::aaaa, DnsStatus::nodata, resolver_b))
           .add(connected(to("8.8.8.8", 443)))
           .add(gathered({"8.8.8.8"}, {nxdomain})),
       {"pass", "pass", "warn dns.forged_answer path high", "warn dns.disagreement resolver high"}},
  };
  check_rows(rows);
  EXPECT_THAT(words(rows[1].scene.judged_by(check_dns)),
              HasSubstr("one query to 192.0.2.53:53 was answered twice: with 8.8.8.8, and with that the name "
                        "does not exist (NXDOMAIN)"));
}

TEST(CheckDns, WhatIsKnownWithoutAsking) {
  const auto in_hosts_file = [](const char* address) {
    auto scene = https();
    scene.machine.hosts = {{host, {ip(address)}, 7}};
    return scene;
  };
  const Row rows[] = {
      {"an address has no name to resolve", Scene{"https://203.0.113.9"}, {"skip"}},
      {"--resolve stands in for DNS",
       https().with([](Scene& s) { s.settings.overrides = {{host, {ip("203.0.113.9")}}}; }),
       {"pass"}},
      {"the hosts file comes before DNS", in_hosts_file("203.0.113.9"), {"pass"}},
      {"loopback in the hosts file is meant so", in_hosts_file("127.0.0.1"), {"pass"}},
      {"0.0.0.0 in the hosts file is a block list on this machine",
       in_hosts_file("0.0.0.0"),
       {"pass", "fail dns.sinkhole local high"}},
      {"the proxy resolves the name",
       https().with(
           [](Scene& s) { s.settings.proxies = *probe::ProxyRules::fixed("http://192.0.2.8:3128"); }),
       {"skip"}},
  };
  check_rows(rows);
  EXPECT_THAT(words(in_hosts_file("203.0.113.9").judged_by(check_dns)), HasSubstr("hosts file"));
  EXPECT_THAT(words(rows[1].scene.judged_by(check_dns)), HasSubstr("--resolve"));
}

TEST(CheckDns, TheAliasChainIsShown) {
  auto with_alias = answer(host, {"203.0.113.9"});
  with_alias.aliases = {{host, "lb.example.net", 60s}, {"lb.example.net", "eu.lb.example.net", 60s}};
  const auto findings =
      https().add(with_alias).add(lookup(host, DnsType::aaaa, DnsStatus::nodata)).judged_by(check_dns);
  EXPECT_THAT(words(findings), HasSubstr("azure.example.com → lb.example.net → eu.lb.example.net"));
}

TEST(CheckDns, ANameOfTheSearchListIsSaid) {
  Scene scene{"https://azure"};
  scene.machine.resolver.search = {"corp.example"};
  scene.add(answer("azure.corp.example", {"10.0.0.5"}))
      .add(lookup("azure.corp.example", DnsType::aaaa, DnsStatus::nodata));
  scene.add(lookup("azure", DnsType::a, DnsStatus::nxdomain))
      .add(lookup("azure", DnsType::aaaa, DnsStatus::nxdomain));
  const auto findings = scene.judged_by(check_dns);
  EXPECT_THAT(brief(findings), testing::ElementsAre("pass"));
  EXPECT_THAT(words(findings), HasSubstr("azure.corp.example by the search list"));
}

TEST(CheckDns, AResolverThatAnswersOverTcpOnlyShowsThatUdpIsBlocked) {
  auto scene = says(DnsStatus::timeout);
  auto over_tcp = answer(host, {"203.0.113.9"});
  over_tcp.question.transport = probe::DnsTransport::tcp;
  const auto findings = scene.add(over_tcp).judged_by(check_dns);
  EXPECT_THAT(brief(findings), testing::ElementsAre("fail dns.timeout resolver high"));
  EXPECT_THAT(words(findings), HasSubstr("over TCP it does"));
  EXPECT_THAT(findings[0].evidence, testing::Contains(scene.last()));
}

TEST(CheckDns, AResolverThatAnswersOverUdpOnlyShowsThatTcpIsBlocked) {
  for (const auto status : {DnsStatus::timeout, DnsStatus::unreachable}) {
    auto cut_short = lookup(host, DnsType::a, status);
    cut_short.truncated_udp = true;
    const auto findings = https().add(cut_short).judged_by(check_dns);
    EXPECT_THAT(words(findings), HasSubstr(" over TCP, where its truncated answer over UDP sends us"));
  }
}

TEST(CheckDns, WhoSaidThatTheResolverIsUnreachable) {
  auto no_port = lookup(host, DnsType::a, DnsStatus::unreachable);
  no_port.failure = probe::TransportFailure{system_error(ECONNREFUSED), icmp(3, 3, "192.0.2.53")};
  const auto findings =
      https().add(no_port).add(lookup(host, DnsType::aaaa, DnsStatus::unreachable)).judged_by(check_dns);
  EXPECT_THAT(words(findings), HasSubstr("said by 192.0.2.53"));
  EXPECT_THAT(steps(findings), HasSubstr("Check that a DNS server listens on 192.0.2.53:53"));
}

/// A query that ended so, in a scene whose own address is 192.0.2.10.
Scene query_fails(int error, std::optional<probe::IcmpError> icmp = {}) {
  auto scene = https();
  scene.machine.addresses = {ip("192.0.2.10")};
  auto failed = lookup(host, DnsType::a, DnsStatus::unreachable);
  failed.failure = probe::TransportFailure{system_error(error), std::move(icmp)};
  return scene.add(failed);
}

TEST(CheckDns, WhatNeverLeftThisMachineIsNoFaultOfTheResolver) {
  const Row rows[] = {
      {"no route to the resolver", query_fails(ENETUNREACH), {"fail local.no_route local high"}},
      {"an unreachable route", query_fails(EHOSTUNREACH), {"fail local.no_route local high"}},
      {"a blackhole route", query_fails(EINVAL), {"fail local.no_route local high"}},
      {"this machine's firewall drops it", query_fails(EPERM), {"fail local.blocked local high"}},
      {"a prohibit route", query_fails(EACCES), {"fail local.blocked local high"}},
      {"this machine's firewall rejects it",
       query_fails(EPERM, icmp(3, 3, "192.0.2.10")),
       {"fail local.blocked local high"}},
      {"no file descriptor is left", query_fails(EMFILE), {"fail local.out_of_resources local high"}},
      {"a router says that there is no route",
       query_fails(ENETUNREACH, icmp(3, 0, "192.0.2.1")),
       {"fail dns.unreachable resolver high"}},
      {"nobody on the local network has the resolver's address",
       query_fails(EHOSTUNREACH, icmp(3, 1, "192.0.2.10")),
       {"fail dns.unreachable resolver high"}},
      {"the resolver's host says that nothing listens",
       query_fails(ECONNREFUSED, icmp(3, 3, "192.0.2.53")),
       {"fail dns.unreachable resolver high"}},
  };
  check_rows(rows);
  EXPECT_THAT(steps(query_fails(ENETUNREACH).judged_by(check_dns)), HasSubstr("Add a route to 192.0.2.53"));
  EXPECT_THAT(steps(query_fails(EPERM).judged_by(check_dns)), HasSubstr("192.0.2.53 port 53"));
}

TEST(CheckDns, AResolverOnThisMachineThatIsNotThereIsUnreachable) {
  auto failed = lookup(host, DnsType::a, DnsStatus::unreachable, {ip("127.0.0.53"), 53});
  failed.failure = probe::TransportFailure{system_error(ECONNREFUSED), icmp(3, 3, "127.0.0.53")};
  auto scene = https().with([](Scene& s) { s.settings.dns_servers = {{ip("127.0.0.53"), 53}}; });
  EXPECT_THAT(brief(scene.add(failed).judged_by(check_dns)),
              testing::ElementsAre("fail dns.unreachable resolver high"));
}

TEST(CheckDns, OnlyTheWantedFamilyCounts) {
  auto scene = https().with([](Scene& s) { s.settings.family = Family::ipv6; });
  EXPECT_THAT(brief(scene.add(lookup(host, DnsType::aaaa, DnsStatus::nodata)).judged_by(check_dns)),
              testing::ElementsAre("fail dns.nodata resolver high"));
}

TEST(CheckDns, NothingIsSaidOfWhatWasNotAnswered) { EXPECT_THAT(https().judged_by(check_dns), IsEmpty()); }

}  // namespace
}  // namespace fwprobe::checks
