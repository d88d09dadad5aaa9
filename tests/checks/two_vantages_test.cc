#include "checks/two_vantages.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>

#include "measurements.h"

namespace fwprobe::checks {
namespace {

using namespace measured;
using testing::HasSubstr;

constexpr auto site = "https://azure.example.com/";
constexpr auto server = "203.0.113.9";
constexpr auto other_server = "203.0.113.10";
using Change = std::function<void(Scene&)>;

/// What one vantage measured, judged.
Investigation run(const char* host, const Change& measured, const Change& also = {}, bool complete = true,
                  probe::WallClock::duration later = {}) {
  Scene scene{site};
  scene.machine.host = host;
  measured(scene);
  if (also) also(scene);
  Investigation investigation;
  investigation.target = scene.target;
  investigation.complete = complete;
  investigation.settings = std::make_shared<const Settings>(scene.settings);
  const auto evidence = scene.evidence();
  for (auto measurement : evidence.measurements()) {
    measurement.time.started += later;
    investigation.evidence.add(std::move(measurement));
  }
  conclude(investigation, *investigation.settings);
  return investigation;
}

void resolves(Scene& scene, const char* address = server) {
  scene.add(answer("azure.example.com", {address}))
      .add(lookup("azure.example.com", probe::DnsType::aaaa, probe::DnsStatus::nodata));
}

probe::Certificate public_leaf() {
  auto leaf = certificate("CN=azure.example.com", "CN=Public CA");
  leaf.sha256 = std::string(64, 'a');
  leaf.public_log = true;
  return leaf;
}

/// A certificate at an address, and what the library says about it.
void shakes(Scene& scene, const probe::Certificate& leaf, std::vector<probe::VerifyError> errors = {}) {
  scene.add(connected(to(server, 443)));
  scene.add(shaken(hello(scene.last().number, scene.target), {leaf}, std::move(errors)));
}

void answers(Scene& scene, std::uint16_t status, const char* address = server) {
  resolves(scene, address);
  scene.add(connected(to(address, 443)));
  scene.add(shaken(hello(scene.last().number, scene.target), {public_leaf()}));
  scene.add(answered(scene.last().number, site, status));
}

const Change healthy = [](Scene& s) { answers(s, 200); };
const Change healthy_elsewhere = [](Scene& s) { answers(s, 200, other_server); };
const Change unavailable = [](Scene& s) { answers(s, 503); };
const Change forbidden = [](Scene& s) { answers(s, 403); };
const Change silence = [](Scene& s) {
  resolves(s);
  s.add(silent(to(server, 443)));
};
const Change silence_elsewhere = [](Scene& s) {
  resolves(s, other_server);
  s.add(silent(to(other_server, 443)));
};
const Change closed_port = [](Scene& s) {
  resolves(s);
  s.add(refused(to(server, 443), system_error(ECONNREFUSED)));
};
Change rejected_by(const char* device) {
  return [device](Scene& s) {
    resolves(s);
    s.add(refused(to(server, 443), system_error(EHOSTUNREACH), icmp(3, 13, device)));
  };
}
const Change rejected_elsewhere = [](Scene& s) {
  resolves(s, other_server);
  s.add(refused(to(other_server, 443), system_error(EHOSTUNREACH), icmp(3, 13, "198.51.100.1")));
};
const Change no_such_name = [](Scene& s) {
  for (const auto type : {probe::DnsType::a, probe::DnsType::aaaa})
    s.add(lookup("azure.example.com", type, probe::DnsStatus::nxdomain));
};
const Change no_such_name_elsewhere = [](Scene& s) {
  s.machine.resolver.servers = {resolver_b};
  for (const auto type : {probe::DnsType::a, probe::DnsType::aaaa})
    s.add(lookup("azure.example.com", type, probe::DnsStatus::nxdomain, resolver_b));
};
const Change no_route = [](Scene& s) {
  resolves(s);
  s.add(not_sent(to(server, 443), ENETUNREACH));
};
Change shows(const char* issuer, char digest, const std::vector<probe::VerifyError>& errors,
             bool logged = false) {
  return [=](Scene& s) {
    resolves(s);
    auto leaf = public_leaf();
    leaf.issuer = issuer;
    leaf.sha256 = std::string(64, digest);
    leaf.public_log = logged;
    if (!errors.empty() && errors.front().code == X509_V_ERR_CERT_HAS_EXPIRED) leaf.not_after = noon() - 24h;
    shakes(s, leaf, errors);
    if (errors.empty()) s.add(answered(s.last().number, site, 200));
  };
}
const std::vector<probe::VerifyError> untrusted{
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, "no issuer", 0}};
const std::vector<probe::VerifyError> expired{{X509_V_ERR_CERT_HAS_EXPIRED, "expired", 0}};

struct Row {
  const char* name;
  Change here;
  Change there;
  const char* verdict;  ///< "here high path", "unknown low"
  const char* said = "";
};

std::string brief(const Comparison& comparison) {
  auto text = fmt::format("{} {}", name(comparison.fault), name(comparison.confidence));
  if (comparison.location) text += fmt::format(" {}", name(comparison.location->where));
  return text;
}

std::string words(const Comparison& comparison) {
  auto text = comparison.summary;
  for (const auto& note : comparison.notes) text += "\n" + note;
  return text;
}

TEST(TwoVantages, SayWhoseFaultItIs) {
  const Row rows[] = {
      {"it works from both", healthy, healthy, "none high"},
      {"silence where the other connects is here", silence, healthy, "here high path",
       "gets through at 203.0.113.9"},
      {"and the other way round is there", healthy, silence, "there high path", "the control's vantage"},
      {"a refusal where the other connects is not the server's", closed_port, healthy, "here high"},
      {"a rejection where the other connects", rejected_by("198.51.100.1"), healthy, "here high path"},
      {"silence at another address than the one that works proves nothing", silence, healthy_elsewhere,
       "unknown low", "--resolve azure.example.com=203.0.113.9"},
      {"a refusal at another address likewise", closed_port, healthy_elsewhere, "unknown low",
       "split horizon, or"},
      {"a device on the way that says so itself is on the way", rejected_elsewhere, healthy,
       "here medium path", "198.51.100.1"},
      {"a name that exists elsewhere is hidden by this resolver", no_such_name, healthy,
       "here high resolver"},
      {"no route is this machine's", no_route, healthy, "here high local"},
      {"an answer may have come by chance", unavailable, healthy, "here low server", "Repeat both"},
      {"what is forbidden may depend on credentials", forbidden, healthy, "unknown low", "credentials"},

      {"both refused at one address is the server", closed_port, closed_port, "server high server",
       "at 203.0.113.9"},
      {"both unavailable", unavailable, unavailable, "server high server"},
      {"both silent at one address is at the server or close to it", silence, silence,
       "server medium server"},
      {"both silent at two addresses is hardly anything", silence, silence_elsewhere, "server low server"},
      {"both rejected by one device", rejected_by("198.51.100.1"), rejected_by("198.51.100.1"),
       "server high path", "198.51.100.1"},
      {"each rejected by a device of its own", rejected_by("198.51.100.1"), rejected_by("192.0.2.99"),
       "unknown low", "a device of its own"},
      {"no such name at two resolvers is the zone", no_such_name, no_such_name_elsewhere,
       "server high resolver", "at different resolvers"},
      {"no such name at one resolver may be the resolver", no_such_name, no_such_name,
       "server medium resolver"},
      {"no route at both says nothing about the server", no_route, no_route, "unknown low",
       "side of each vantage"},
      {"two faults are no controls for each other", closed_port, no_such_name, "unknown low",
       "tcp.refused here and dns.nxdomain there"},

      {"the same certificate trusted there", shows("CN=Corp", 'b', untrusted), shows("CN=Corp", 'b', {}),
       "here high local", "does not know its issuer"},
      {"another issuer at the same address is inspection", shows("CN=Corp", 'b', untrusted), healthy,
       "here high path", "inspects TLS"},
      {"without a public log it is less sure", shows("CN=Corp", 'b', untrusted), shows("CN=Other", 'c', {}),
       "here medium path", "203.0.113.9 shows certificate bbbbbbbbbbbbbbbb"},
      {"another certificate of the same issuer is a renewal, or two servers",
       shows("CN=Public CA", 'b', expired), healthy, "unknown low", "renewed"},
      {"the same certificate expired here alone is a clock", shows("CN=Public CA", 'a', expired, true),
       healthy, "here medium local", "clocks"},
      {"both expired", shows("CN=Public CA", 'a', expired), shows("CN=Public CA", 'a', expired),
       "server high server"},
      {"both untrusted with different issuers", shows("CN=Corp", 'b', untrusted),
       shows("CN=Other", 'c', untrusted), "unknown low", "inspects TLS on at least one"},
  };
  for (const auto& row : rows) {
    const auto here = run("here", row.here), there = run("there", row.there);
    const auto comparison = compare_vantages(here, &there);
    EXPECT_EQ(brief(comparison), row.verdict) << row.name << "\n" << words(comparison);
    EXPECT_THAT(words(comparison), HasSubstr(row.said)) << row.name;
    EXPECT_EQ(comparison.control_status, there.status);
  }
}

TEST(TwoVantages, AreSymmetric) {
  const Change all[] = {healthy, silence, closed_port, no_such_name, unavailable, rejected_by("198.51.100.1"),
                        no_route};
  const auto mirrored = [](Fault fault) {
    return fault == Fault::here ? Fault::there : fault == Fault::there ? Fault::here : fault;
  };
  for (const auto& a : all)
    for (const auto& b : all) {
      const auto one = run("one", a), two = run("two", b);
      const auto forth = compare_vantages(one, &two), back = compare_vantages(two, &one);
      EXPECT_EQ(back.fault, mirrored(forth.fault)) << words(forth) << "\n" << words(back);
      EXPECT_EQ(back.confidence, forth.confidence) << words(forth) << "\n" << words(back);
    }
}

TEST(TwoVantages, ThatAreNotComparableSayWhy) {
  const auto expect = [](const Investigation& here, const Investigation& there, const char* said) {
    const auto comparison = compare_vantages(here, &there);
    EXPECT_EQ(comparison.fault, Fault::unknown) << said;
    EXPECT_FALSE(comparison.location) << said;
    EXPECT_THAT(comparison.summary, HasSubstr(said));
  };
  expect(run("here", silence), run("here", healthy), "from the same machine, here");
  expect(run("here", silence), run("there", healthy, {}, false), "The control was not measured to its end");
  expect(run("here", silence, {}, false), run("there", healthy), "This vantage was not measured to its end");
  expect(run("here", healthy), run("there", [](Scene&) {}), "The control was not measured to its end");
  const std::pair<const char*, Change> options[] = {
      {"--profile", [](Scene& s) { s.settings.profile = Profile::tls; }},
      {"--sni", [](Scene& s) { s.settings.server_name = "azure.example.com"; }},
      {"-4 or -6", [](Scene& s) { s.settings.family = Family::ipv4; }},
      {"--expect-status", [](Scene& s) { s.settings.expected_status = {{200, 200}}; }},
      {"--header", [](Scene& s) { s.settings.headers = {{"X", "y"}}; }},
      {"the token", [](Scene& s) { s.settings.token.emplace("t"); }},
  };
  for (const auto& [option, change] : options)
    expect(run("here", silence), run("there", healthy, change), option);

  const auto lacking = compare_vantages(run("here", silence), nullptr);
  EXPECT_EQ(lacking.fault, Fault::unknown);
  EXPECT_EQ(lacking.control_status, std::nullopt);
  EXPECT_THAT(lacking.summary, HasSubstr("does not hold this target"));
}

TEST(TwoVantages, OfTheSameNameAreToldApartByTheirSite) {
  const auto elsewhere = [](Scene& s) { s.settings.site = "dmz"; };
  const auto here = run("runner", silence), there = run("runner", healthy, elsewhere);
  EXPECT_EQ(compare_vantages(here, &there).fault, Fault::here);
}

TEST(TwoVantages, FarApartInTimeAreLessSure) {
  struct Gap {
    probe::WallClock::duration later;
    const char* verdict;
    const char* said;
  };
  const Gap gaps[] = {{59min, "here high path", ""},
                      {90min, "here medium path", "the control was measured 1 h later"},
                      {-7h, "here medium path", "7 h earlier"},
                      {25h, "here low path", "25 h later"},
                      {96h, "here low path", "4 days later"}};
  for (const auto& gap : gaps) {
    const auto here = run("here", silence), there = run("there", healthy, {}, true, gap.later);
    const auto comparison = compare_vantages(here, &there);
    EXPECT_EQ(brief(comparison), gap.verdict);
    EXPECT_THAT(words(comparison), HasSubstr(gap.said));
  }
}

TEST(TwoVantages, SaySplitHorizon) {
  const auto inside = [](Scene& s) { answers(s, 200, "10.0.0.9"); };
  const auto here = run("here", inside), there = run("there", healthy);
  const auto comparison = compare_vantages(here, &there);
  EXPECT_EQ(comparison.fault, Fault::none);
  EXPECT_THAT(words(comparison),
              HasSubstr("azure.example.com is 10.0.0.9 here and 203.0.113.9 there (split horizon: "
                        "inside and outside have different answers)"));
}

TEST(TwoVantages, KnowThatSomeAddressesAreNotTheSamePlaceForBoth) {
  const auto closed_at = [](const char* address) {
    return [address](Scene& s) {
      resolves(s, address);
      s.add(refused(to(address, 443), system_error(ECONNREFUSED)));
    };
  };
  const auto healthy_at = [](const char* address) {
    return [address](Scene& s) { answers(s, 200, address); };
  };
  struct Place {
    const char* address;
    const char* verdict;
    const char* said;
  };
  const Place places[] = {
      {"203.0.113.9", "here high", ""},
      {"10.0.0.5", "here medium", "10.0.0.5 is private"},
      {"127.0.0.1", "here high resolver", "127.0.0.1 is another place for each of the two"},
      {"169.254.0.5", "unknown low", "another place"}};
  for (const auto& place : places) {
    const auto here = run("here", closed_at(place.address)), there = run("there", healthy_at(place.address));
    const auto comparison = compare_vantages(here, &there);
    EXPECT_EQ(brief(comparison), place.verdict) << place.address;
    EXPECT_THAT(words(comparison), HasSubstr(place.said));
  }
}

TEST(TwoVantages, OneBehindAProxyShowsNoAddress) {
  const auto proxied = [](Scene& s) {
    s.settings.proxies = *probe::ProxyRules::fixed("http://192.0.2.80:3128");
    s.add(connected(to("192.0.2.80", 3128)));
    s.add(probe::ProxyTunnel{{s.last(), probe::ProxyKind::http, s.target.host, 443, "https"},
                             probe::TunnelOpen{200}});
    s.add(shaken(hello(s.last().number, s.target), {public_leaf()}));
    s.add(answered(s.last().number, site, 200));
  };
  const auto here = run("here", silence), there = run("there", proxied);
  ASSERT_EQ(there.status, Status::pass);
  const auto comparison = compare_vantages(here, &there);
  EXPECT_EQ(comparison.fault, Fault::unknown);
  EXPECT_THAT(words(comparison), HasSubstr("directly here and through the proxy 192.0.2.80:3128 there"));
}

}  // namespace
}  // namespace fwprobe::checks
