#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checks/checks.h"

namespace fwprobe::checks {
namespace {

using asio::ip::make_address;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using std::literals::operator""y;

probe::WallClock::time_point at(std::chrono::year_month_day day) { return std::chrono::sys_days{day}; }

/// A target whose name has the given addresses, measured on a day, and the lists to compare with.
struct Scene {
  Scene(std::string host, std::uint16_t port, const std::vector<const char*>& addresses) {
    target.scheme = Scheme::https;
    target.host.name = host;
    target.port = port;
    probe::DnsLookup lookup;
    lookup.question.name = host;
    lookup.status = probe::DnsStatus::answered;
    for (const auto* address : addresses) lookup.addresses.push_back({make_address(address), {}});
    settings.dns_servers = {lookup.question.resolver};
    add(probe::Environment{});
    add(lookup);
    auto v6 = lookup;
    v6.question.type = probe::DnsType::aaaa;
    v6.addresses.clear();
    add(v6);
  }
  Scene& add(probe::Fact fact) {
    const auto id = static_cast<std::uint32_t>(evidence.measurements().size() + 1);
    evidence.add({{id}, {at(2026y / 11 / 23), {}}, std::move(fact)});
    return *this;
  }
  Scene& list(std::string_view direction, std::string_view lines) {
    const auto text = fmt::format(
        "name: mine\ntitle: My list\nsource: https://list.test/\nretrieved: 2026-01-31\ndirection: "
        "{}\nentries:\n{}",
        direction, lines);
    auto parsed = allowlist::parse_yaml(text, "f");
    EXPECT_TRUE(parsed) << parsed.error().message;
    settings.allowlists.push_back(std::move(*parsed));
    return *this;
  }
  Scene& published(std::string_view name) {
    settings.allowlists.push_back(allowlist::load(name).value());
    return *this;
  }
  Scene& egress(const char* address) {
    settings.egress.push_back(make_address(address));
    return *this;
  }
  Findings judged() const { return check_allowlist({target, settings, evidence}); }
  Finding only() const {
    auto findings = judged();
    EXPECT_EQ(findings.size(), 1U);
    return findings.empty() ? Finding{} : findings.front();
  }

  Target target;
  Settings settings;
  Evidence evidence;
};

std::vector<Status> statuses(const Findings& findings) {
  std::vector<Status> all;
  for (const auto& finding : findings) all.push_back(finding.status);
  return all;
}

TEST(CheckAllowlist, SaysNothingWithoutALists) {
  EXPECT_THAT(Scene("a.test", 443, {"192.0.2.1"}).judged(), IsEmpty());
}

TEST(CheckAllowlist, AListThatIsOlderThanItsLimitIsStale) {
  struct Row {
    const char* name;
    std::optional<std::chrono::days> fresh_for;
    bool is_stale;
  };
  constexpr std::chrono::days age{296};  // from 2026-01-31 to the day of the measurements
  const Row rows[] = {{"without a limit it does not age", {}, false},
                      {"on the last day it is fresh", age, false},
                      {"a day later it is stale", age - std::chrono::days{1}, true}};
  for (const auto& row : rows) {
    Scene scene{"a.test", 443, {"192.0.2.1"}};
    scene.list("outbound", "  - prefix: 192.0.2.0/24\n");
    scene.settings.allowlists[0].fresh_for = row.fresh_for;
    const auto findings = scene.judged();
    ASSERT_EQ(findings.size(), row.is_stale ? 2U : 1U) << row.name;
    EXPECT_EQ(findings.back().status, Status::pass) << row.name;
    if (!row.is_stale) continue;
    EXPECT_EQ(findings[0].cause, Cause::allowlist_stale);
    EXPECT_EQ(findings[0].status, Status::warn);
    EXPECT_EQ(
        findings[0].summary,
        "My list is of 2026-01-31, 296 days old, and was to be renewed after 295: what its publisher has "
        "added since is missing here");
  }
}

TEST(CheckAllowlist, ComparesTheTargetWithDestinations) {
  struct Row {
    const char* name;
    const char* host;
    std::uint16_t port;
    const char* address;
    const char* entries;
    Status status;
    std::optional<Cause> cause;
    const char* summary;
  };
  const char* prefixes =
      "  - {prefix: 192.0.2.0/25, ports: [443]}\n  - {prefix: 192.0.2.0/25, ports: [22]}\n";
  const Row rows[] = {
      {"an address inside a prefix passes",
       "a.test",
       443,
       "192.0.2.1",
       prefixes,
       Status::pass,
       {},
       "192.0.2.1 port 443 is listed by My list: inside 192.0.2.0/25"},
      {"any entry for the port will do",
       "a.test",
       22,
       "192.0.2.1",
       prefixes,
       Status::pass,
       {},
       "192.0.2.1 port 22 is listed by My list: inside 192.0.2.0/25"},
      {"an entry without ports is for any port",
       "a.test",
       9418,
       "192.0.2.1",
       "  - {prefix: 192.0.2.1}\n",
       Status::pass,
       {},
       "192.0.2.1 port 9418 is listed by My list: inside 192.0.2.1"},
      {"the last address of a prefix is inside",
       "a.test",
       443,
       "192.0.2.127",
       prefixes,
       Status::pass,
       {},
       "192.0.2.127 port 443 is listed by My list: inside 192.0.2.0/25"},
      {"the first address behind a prefix is not", "a.test", 443, "192.0.2.128", prefixes, Status::fail,
       Cause::allowlist_address_not_listed,
       "192.0.2.128 is not listed by My list: the nearest is 192.0.2.0/25"},
      {"a listed address with another port", "a.test", 8443, "192.0.2.1", prefixes, Status::fail,
       Cause::allowlist_port_not_listed,
       "192.0.2.1 is listed by My list in 192.0.2.0/25 with TCP port 443, not with TCP port 8443"},
      {"UDP does not open TCP", "a.test", 443, "192.0.2.1",
       "  - {prefix: 192.0.2.1, protocol: udp, ports: [400-500]}\n", Status::fail,
       Cause::allowlist_port_not_listed,
       "192.0.2.1 is listed by My list in 192.0.2.1 with UDP port 400-500, not with TCP port 443"},
      {"a list without the address' family says so", "a.test", 443, "2001:db8::1", prefixes, Status::fail,
       Cause::allowlist_address_not_listed, "2001:db8::1 is not listed by My list: no IPv6 prefix is listed"},
      {"a name listed with this port does not stand for an address of a family that is not", "a.test", 443,
       "2001:db8::1", "  - {domain: a.test, ports: [443]}\n  - {prefix: 192.0.2.0/24, ports: [443]}\n",
       Status::fail, Cause::allowlist_address_not_listed,
       "2001:db8::1 is not listed by My list: no IPv6 prefix is listed"},
      {"a name suffices where a list has no prefixes",
       "a.test",
       443,
       "192.0.2.1",
       "  - {domain: '*.test', ports: [443]}\n",
       Status::pass,
       {},
       "a.test port 443 is listed by My list: its name is listed"},
      {"a name with another port", "a.test", 8443, "192.0.2.1", "  - {domain: a.test, ports: [443]}\n",
       Status::fail, Cause::allowlist_port_not_listed,
       "192.0.2.1 is listed by My list in a.test with TCP port 443, not with TCP port 8443"},
      {"a name that no entry holds", "b.test", 443, "192.0.2.1", "  - {domain: a.test}\n", Status::fail,
       Cause::allowlist_address_not_listed,
       "192.0.2.1 is not listed by My list: no IPv4 prefix is listed; the name b.test is not listed either"},
      {"neither the address nor the name", "b.test", 443, "198.51.100.1",
       "  - {domain: a.test}\n  - {prefix: 192.0.2.0/24}\n", Status::fail,
       Cause::allowlist_address_not_listed,
       "198.51.100.1 is not listed by My list: the nearest is 192.0.2.0/24; the name b.test is not listed "
       "either"},
      {"a name's addresses are to be in the list's prefixes", "a.test", 443, "198.51.100.1",
       "  - {domain: a.test}\n  - {prefix: 192.0.2.0/24}\n", Status::fail,
       Cause::allowlist_address_not_listed,
       "198.51.100.1 is not listed by My list: the nearest is 192.0.2.0/24"},
      {"a name whose addresses the publisher leaves open",
       "a.test",
       443,
       "198.51.100.1",
       "  - {domain: a.test, addresses: any}\n  - {prefix: 192.0.2.0/24}\n",
       Status::pass,
       {},
       "a.test port 443 is listed by My list: its name is listed"},
      {"a former entry is named", "a.test", 443, "198.51.100.1",
       "  - {prefix: 198.51.100.0/24, until: 2025-05-01}\n  - {prefix: 192.0.2.0/24}\n", Status::fail,
       Cause::allowlist_address_not_listed,
       "198.51.100.1 is not listed by My list: the nearest is 192.0.2.0/24; it was in 198.51.100.0/24 until "
       "2025-05-01"},
      {"an entry that begins later does not count yet", "a.test", 443, "192.0.2.1",
       "  - {prefix: 192.0.2.0/24, since: 2027-01-01}\n  - {prefix: 203.0.113.0/24}\n", Status::fail,
       Cause::allowlist_address_not_listed,
       "192.0.2.1 is not listed by My list: the nearest is 203.0.113.0/24"},
  };
  for (const auto& row : rows) {
    const auto finding = Scene(row.host, row.port, {row.address}).list("outbound", row.entries).only();
    EXPECT_EQ(finding.status, row.status) << row.name;
    EXPECT_EQ(finding.cause, row.cause) << row.name;
    EXPECT_EQ(finding.summary, row.summary) << row.name;
    EXPECT_EQ(finding.check, Check::allowlist) << row.name;
    EXPECT_EQ(finding.remedy.empty(), row.status == Status::pass) << row.name;
  }
}

TEST(CheckAllowlist, JudgesEachAddressWithItsEvidence) {
  auto scene = Scene("a.test", 443, {"192.0.2.1", "198.51.100.1"});
  scene.add(probe::TcpConnect{{{make_address("198.51.100.1"), 443}}, probe::TcpEstablished{}});
  scene.add(probe::TcpConnect{{{make_address("198.51.100.1"), 80}}, probe::TcpEstablished{}});
  const auto findings = scene.list("outbound", "  - prefix: 192.0.2.0/24\n").judged();
  ASSERT_THAT(statuses(findings), ElementsAre(Status::pass, Status::fail));
  EXPECT_EQ(findings[1].subject, "198.51.100.1");
  EXPECT_THAT(findings[1].evidence, ElementsAre(probe::MeasurementId{2}, probe::MeasurementId{4}));
}

TEST(CheckAllowlist, SkipsATargetWithoutAddresses) {
  const auto finding = Scene("a.test", 443, {}).list("outbound", "  - prefix: 192.0.2.0/24\n").only();
  EXPECT_EQ(finding.status, Status::skip);
  EXPECT_EQ(finding.summary, "My list: there is no address to compare");
}

TEST(CheckAllowlist, KnowsAzureDevOpsBySomeOfItsOwnAddresses) {
  const auto status = [](const char* host, std::uint16_t port, const char* address) {
    return Scene(host, port, {address}).published("azure-devops").only().status;
  };
  EXPECT_EQ(status("dev.azure.com", 443, "150.171.73.16"), Status::pass);
  EXPECT_EQ(status("dev.azure.com", 443, "2620:1ec:50::12"), Status::pass);
  EXPECT_EQ(status("dev.azure.com", 443, "10.0.0.9"), Status::fail);
  EXPECT_EQ(status("dev.azure.com", 22, "150.171.73.16"), Status::fail);
  EXPECT_EQ(status("ssh.dev.azure.com", 22, "20.42.134.1"), Status::pass);
  EXPECT_EQ(status("login.microsoftonline.com", 443, "20.190.151.9"), Status::pass);
}

TEST(CheckAllowlist, ComparesThisMachineWithSources) {
  const char* sources = "  - prefix: 192.0.2.0/24\n";
  const auto listed = Scene("a.test", 443, {"10.0.0.1"}).list("inbound", sources).egress("192.0.2.9").only();
  EXPECT_EQ(listed.status, Status::pass);
  EXPECT_EQ(listed.summary,
            "this machine measures from 192.0.2.9, a source that My list publishes (192.0.2.0/24)");

  const auto other = Scene("a.test", 443, {"10.0.0.1"}).list("inbound", sources).egress("192.0.3.9").only();
  EXPECT_EQ(other.status, Status::warn);
  EXPECT_EQ(other.cause, Cause::allowlist_vantage_not_listed);
  EXPECT_EQ(other.confidence, Confidence::high);
  EXPECT_THAT(other.summary, HasSubstr("the nearest is 192.0.2.0/24"));

  const auto port = Scene("a.test", 443, {"10.0.0.1"})
                        .list("inbound", "  - {prefix: 192.0.2.9, ports: [22]}\n")
                        .egress("192.0.2.9")
                        .only();
  EXPECT_EQ(port.status, Status::warn);
  EXPECT_THAT(port.summary, HasSubstr("publishes for other ports than 443 only (192.0.2.9)"));

  const auto family =
      Scene("a.test", 443, {"10.0.0.1"}).list("inbound", sources).egress("2001:db8::9").only();
  EXPECT_EQ(family.status, Status::skip);
  EXPECT_THAT(family.summary, HasSubstr("give --egress of the target's family"));
}

TEST(CheckAllowlist, TakesThisMachinesOwnAddressOnlyWhenItIsGlobal) {
  const auto with = [](const std::vector<const char*>& own, const char* source = nullptr) {
    Scene scene("a.test", 443, {"10.0.0.1"});
    if (source != nullptr) scene.settings.source.address = make_address(source);
    probe::Environment environment;
    for (const auto* address : own) environment.addresses.push_back(make_address(address));
    Evidence evidence;
    evidence.add({{1}, {at(2026y / 11 / 23), {}}, environment});
    for (const auto& m : scene.evidence.measurements().subspan(1)) evidence.add(m);
    scene.evidence = std::move(evidence);
    return scene.published("appcircle").judged().back();
  };
  for (const auto& own :
       {std::vector<const char*>{}, {"10.0.0.9"}, {"100.64.0.1", "fd00::1"}, {"2620:1ec::1"}}) {
    const auto finding = with(own);
    EXPECT_EQ(finding.status, Status::skip);
    EXPECT_THAT(finding.summary, HasSubstr("egress address unknown: give --egress"));
  }
  const auto global = with({"10.0.0.9", "8.8.8.8"});
  EXPECT_EQ(global.status, Status::warn);
  EXPECT_EQ(global.subject, "8.8.8.8");
  EXPECT_EQ(global.confidence, Confidence::medium);
  EXPECT_THAT(global.evidence, ElementsAre(probe::MeasurementId{1}));
  EXPECT_EQ(with({"77.92.124.30"}).status, Status::pass);
  EXPECT_EQ(with({"8.8.8.8", "77.92.124.30"}, "77.92.124.30").subject, "77.92.124.30");
  EXPECT_EQ(with({"77.92.124.30", "8.8.8.8"}, "8.8.8.8").subject, "8.8.8.8");
  EXPECT_EQ(with({"77.92.124.30", "10.0.0.9"}, "10.0.0.9").status, Status::skip);
}

TEST(CheckAllowlist, ThroughAProxyTheTargetSeesTheProxy) {
  const auto through = [](Scene scene) {
    scene.settings.proxies = probe::ProxyRules::fixed("http://proxy.test:3128").value();
    return scene.judged().back();
  };
  const auto outbound = through(Scene("a.test", 443, {}).list("outbound", "  - prefix: 192.0.2.1\n"));
  EXPECT_EQ(outbound.status, Status::skip);
  EXPECT_THAT(outbound.summary, HasSubstr("the proxy connects to the target"));
  const auto inbound = through(Scene("a.test", 443, {}).list("inbound", "  - prefix: 192.0.2.1\n"));
  EXPECT_EQ(inbound.status, Status::skip);
  EXPECT_THAT(inbound.summary, HasSubstr("the proxy's egress address"));
  const auto told =
      through(Scene("a.test", 443, {}).list("inbound", "  - prefix: 192.0.2.1\n").egress("192.0.2.1"));
  EXPECT_EQ(told.status, Status::pass);
}

TEST(CheckAllowlist, WarnsOnceForEachEntryWithHostBits) {
  const auto findings =
      Scene("a.test", 443, {"10.0.0.1"}).published("appcircle").egress("34.147.2.16").judged();
  ASSERT_THAT(statuses(findings), ElementsAre(Status::warn, Status::pass));
  EXPECT_EQ(findings[0].cause, Cause::allowlist_not_canonical);
  EXPECT_EQ(findings[0].subject, "77.92.124.2/27");
  EXPECT_EQ(findings[0].summary,
            "Appcircle cloud build agents publishes 77.92.124.2/27, which has host bits set; it was read as "
            "77.92.124.0/27 (77.92.124.0 to 77.92.124.31)");
}

}  // namespace
}  // namespace fwprobe::checks
