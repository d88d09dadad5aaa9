#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/checks/measurements.h"

namespace fwprobe::checks {
namespace {

using namespace measured;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* v4 = "203.0.113.9";
constexpr const char* v6 = "2001:db8:9::9";
constexpr const char* router4 = "198.51.100.1";
constexpr const char* router6 = "2001:db8:5::1";

/// One address, one attempt: what is the cause, and where?
struct Row {
  const char* name;
  probe::TcpConnect attempt;
  const char* expected;
};

TEST(CheckTcp, OneAttempt) {
  const auto here = [](const char* address) { return to(address, 443); };
  const auto unreachable = system_error(EHOSTUNREACH);
  const auto no_net = system_error(ENETUNREACH);
  const auto refusal = system_error(ECONNREFUSED);
  const Row rows[] = {
      {"an accepted connection passes", connected(here(v4)), "pass"},
      {"a RST without an ICMP message is refused, and something nearer might have written it",
       refused(here(v4), refusal), "fail tcp.refused server medium"},
      {"over loopback nothing stands between", refused(here("127.0.0.1"), refusal),
       "fail tcp.refused server high"},
      {"one of our own addresses is no farther away", refused(here("10.1.2.3"), refusal),
       "fail tcp.refused server high"},
      {"silence with retransmissions is filtered, nobody says where", silent(here(v4)),
       "fail tcp.filtered path high"},
      {"a single SYN may have been lost", silent(here(v4), 0), "fail tcp.filtered path medium"},
      {"the kernel's own ETIMEDOUT is silence as well", refused(here(v4), system_error(ETIMEDOUT)),
       "fail tcp.filtered path medium"},

      {"admin-prohibited (13) is a firewall, and it says who",
       refused(here(v4), unreachable, icmp(3, 13, router4)), "fail tcp.rejected path 198.51.100.1 high"},
      {"network prohibited (9)", refused(here(v4), no_net, icmp(3, 9, router4)),
       "fail tcp.rejected path 198.51.100.1 high"},
      {"host prohibited (10)", refused(here(v4), unreachable, icmp(3, 10, router4)),
       "fail tcp.rejected path 198.51.100.1 high"},
      {"IPv6 prohibited (1) comes with EACCES", refused(here(v6), system_error(EACCES), icmp(1, 1, router6)),
       "fail tcp.rejected path 2001:db8:5::1 high"},
      {"IPv6 source policy (5)", refused(here(v6), system_error(EACCES), icmp(1, 5, router6)),
       "fail tcp.rejected path 2001:db8:5::1 high"},
      {"IPv6 reject route (6)", refused(here(v6), system_error(EACCES), icmp(1, 6, router6)),
       "fail tcp.rejected path 2001:db8:5::1 high"},
      {"host unreachable comes from the last router", refused(here(v4), unreachable, icmp(3, 1, router4)),
       "fail tcp.host_unreachable path 198.51.100.1 high"},
      {"IPv6 address unreachable", refused(here(v6), unreachable, icmp(1, 3, router6)),
       "fail tcp.host_unreachable path 2001:db8:5::1 high"},
      {"net unreachable comes from a router without the route",
       refused(here(v4), no_net, icmp(3, 0, router4)), "fail tcp.net_unreachable path 198.51.100.1 high"},
      {"IPv6 no route", refused(here(v6), no_net, icmp(1, 0, router6)),
       "fail tcp.net_unreachable path 2001:db8:5::1 high"},
      {"port unreachable for TCP is a firewall's default reject, not a closed port",
       refused(here(v4), refusal, icmp(3, 3, router4)), "fail tcp.port_unreachable path 198.51.100.1 high"},
      {"protocol unreachable as well", refused(here(v4), system_error(ENOPROTOOPT), icmp(3, 2, router4)),
       "fail tcp.port_unreachable path 198.51.100.1 high"},
      {"IPv6 port unreachable", refused(here(v6), refusal, icmp(1, 4, router6)),
       "fail tcp.port_unreachable path 2001:db8:5::1 high"},
      {"a full-TTL packet that expires goes round in a circle",
       refused(here(v4), unreachable, icmp(11, 0, router4)), "fail tcp.routing_loop path 198.51.100.1 high"},
      {"IPv6 hop limit exceeded", refused(here(v6), unreachable, icmp(3, 0, router6)),
       "fail tcp.routing_loop path 2001:db8:5::1 high"},
      {"the same numbers mean other things in ICMPv6", refused(here(v6), unreachable, icmp(3, 1, router6)),
       "fail tcp.routing_loop path 2001:db8:5::1 high"},
      {"an ICMP error that no RFC gives a meaning here is only that something is in the way",
       refused(here(v4), unreachable, icmp(3, 5, router4)), "fail tcp.filtered path 198.51.100.1 low"},
      {"the server's own firewall rejects", refused(here(v4), refusal, icmp(3, 3, v4)),
       "fail tcp.port_unreachable server high"},
      {"an ICMP error from one of our own addresses is our own firewall's",
       refused(here(v4), refusal, icmp(3, 3, "10.1.2.3")), "fail local.blocked local high"},
      {"and so it is for a target on this machine",
       refused(here("127.0.0.1"), refusal, icmp(3, 3, "127.0.0.1")), "fail local.blocked local high"},
      {"a neighbour that does not answer ARP is reported by ourselves, and is no firewall",
       refused(here(v4), unreachable, icmp(3, 1, "10.1.2.3")), "fail tcp.host_unreachable path high"},

      {"unreachable without its ICMP message: a router said so, which one is unknown",
       refused(here(v4), unreachable), "fail tcp.host_unreachable path low"},
      {"net unreachable without its message", refused(here(v4), no_net), "fail tcp.net_unreachable path low"},
      {"EACCES after sending is a router's prohibition", refused(here(v6), system_error(EACCES)),
       "fail tcp.rejected path low"},

      {"no route here", not_sent(here(v4), ENETUNREACH), "fail local.no_route local high"},
      {"an unreachable route here", not_sent(here(v4), EHOSTUNREACH), "fail local.no_route local high"},
      {"our firewall's EPERM", not_sent(here(v4), EPERM), "fail local.blocked local high"},
      {"our policy's EACCES", not_sent(here(v4), EACCES), "fail local.blocked local high"},
      {"no file descriptor left", not_sent(here(v4), EMFILE), "fail local.out_of_resources local high"},
      {"no file descriptor left in the system", not_sent(here(v4), ENFILE),
       "fail local.out_of_resources local high"},
      {"no memory left", not_sent(here(v4), ENOMEM), "fail local.out_of_resources local high"},
      {"no ephemeral port left", not_sent(here(v4), EADDRNOTAVAIL), "fail local.out_of_resources local high"},
      {"no such interface", not_sent(here(v4), ENODEV), "fail local.no_route local high"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    const auto address = row.attempt.question.remote.address().to_string();
    const auto url =
        address.find(':') == std::string::npos ? "https://" + address : "https://[" + address + "]";
    EXPECT_THAT(brief(Scene{url.c_str()}.add(row.attempt).judged_by(check_tcp)), ElementsAre(row.expected));
  }
}

TEST(CheckTcp, AnAddressThatIsNotOursCannotBeTheSource) {
  Scene scene{"https://203.0.113.9"};
  scene.settings.source.address = ip("192.0.2.99");
  const auto findings = scene.add(not_sent(to(v4, 443), EADDRNOTAVAIL)).judged_by(check_tcp);
  EXPECT_THAT(brief(findings), ElementsAre("fail local.no_route local high"));
  EXPECT_THAT(words(findings), HasSubstr("192.0.2.99 is not one of this machine's"));
  EXPECT_THAT(findings.front().remedy,
              ElementsAre(testing::StartsWith("Give 192.0.2.99 to this machine, or")));
}

TEST(CheckTcp, TheRemedyNamesAddressPortAndSender) {
  const auto findings = Scene{"https://203.0.113.9"}
                            .add(refused(to(v4, 443), system_error(EHOSTUNREACH), icmp(3, 13, router4)))
                            .judged_by(check_tcp);
  EXPECT_EQ(steps(findings),
            "Allow TCP from this machine to 203.0.113.9 port 443 on 198.51.100.1, which rejects it.\n");
}

Scene named(std::vector<const char*> addresses, const char* url = "https://azure.example.com") {
  Scene scene{url};
  ResolveOverride given{"azure.example.com", {}};
  for (const auto* address : addresses) given.addresses.push_back(ip(address));
  scene.settings.overrides = {given};
  scene.settings.attempts = 3;
  return scene;
}

struct Several {
  const char* name;
  Scene scene;
  std::vector<std::string> expected;
};

TEST(CheckTcp, SeveralAddressesAndAttempts) {
  constexpr const char* other = "203.0.113.10";
  const auto without_ipv6 = [](Scene& scene) { scene.machine.ipv6_route = false; };
  const Several rows[] = {
      {"two that accept",
       named({v4, other}).add(connected(to(v4, 443))).add(connected(to(other, 443))),
       {"pass", "pass"}},
      {"one of two is filtered: a rule is missing for it",
       named({v4, other}).add(connected(to(v4, 443))).add(silent(to(other, 443))),
       {"fail tcp.partial path high", "pass", "fail tcp.filtered path high"}},
      {"both are filtered: nothing is partial about it",
       named({v4, other}).add(silent(to(v4, 443))).add(silent(to(other, 443))),
       {"fail tcp.filtered path high", "fail tcp.filtered path high"}},
      {"an IPv6 address without an IPv6 route is a note",
       named({v4, v6}).with(without_ipv6).add(connected(to(v4, 443))).add(not_sent(to(v6, 443), ENETUNREACH)),
       {"pass", "skip"}},
      {"and is no partial failure when IPv4 fails",
       named({v4, v6}).with(without_ipv6).add(silent(to(v4, 443))).add(not_sent(to(v6, 443), ENETUNREACH)),
       {"fail tcp.filtered path high", "skip"}},
      {"an IPv6 address that a router rejects is a failure",
       named({v4, v6})
           .add(connected(to(v4, 443)))
           .add(refused(to(v6, 443), system_error(EACCES), icmp(1, 1, router6))),
       {"fail tcp.partial path 2001:db8:5::1 high", "pass", "fail tcp.rejected path 2001:db8:5::1 high"}},
      {"three attempts of three",
       named({v4})
           .add(connected(to(v4, 443, 1)))
           .add(connected(to(v4, 443, 2)))
           .add(connected(to(v4, 443, 3))),
       {"pass"}},
      {"two attempts of three",
       named({v4}).add(connected(to(v4, 443, 1))).add(silent(to(v4, 443, 2))).add(connected(to(v4, 443, 3))),
       {"fail tcp.intermittent path medium"}},
      {"an address that fails sometimes is intermittent, not partial",
       named({v4, other})
           .add(connected(to(v4, 443, 1)))
           .add(silent(to(v4, 443, 2)))
           .add(connected(to(other, 443))),
       {"fail tcp.intermittent path medium", "pass"}},
      {"accepted and closed in silence",
       named({v4}, "tcp://azure.example.com:5432").add(ended(listening(to(v4, 5432)), false)),
       {"fail tcp.closed_early server medium"}},
      {"accepted and reset in silence",
       named({v4}, "tcp://azure.example.com:5432").add(ended(listening(to(v4, 5432)), true)),
       {"fail tcp.closed_early server medium"}},
      {"a server that speaks and then closes has done its work",
       named({v4}, "tcp://azure.example.com:13").add(ended(listening(to(v4, 13)), false, "15 JUN 2026\r\n")),
       {"pass"}},
      {"a handshake failed, and the connection that only listened is closed, too: it ends on its own",
       named({v4}).add(connected(to(v4, 443))).add(ended(listening(to(v4, 443)), false)),
       {"fail tcp.closed_early server medium"}},
      {"the connection that only listened stays open",
       named({v4}).add(connected(to(v4, 443))).add(connected(listening(to(v4, 443)))),
       {"pass"}},
      {"there is nothing to connect to", named({}), {"skip"}},
      {"through a proxy nothing is connected to directly",
       named({v4}).with(
           [](Scene& scene) { scene.settings.proxies = *probe::ProxyRules::fixed("http://192.0.2.8:3128"); }),
       {}},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(brief(row.scene.judged_by(check_tcp)), row.expected);
  }
}

TEST(CheckTcp, ThePartialFindingNamesTheAddressesThatFailAndWhy) {
  const auto findings = named({v4, "203.0.113.10"})
                            .add(connected(to(v4, 443)))
                            .add(silent(to("203.0.113.10", 443)))
                            .judged_by(check_tcp);
  EXPECT_THAT(findings[0].summary, HasSubstr("1 of 2 addresses"));
  EXPECT_THAT(findings[0].summary, HasSubstr("203.0.113.10:443 (tcp.filtered)"));
}

TEST(CheckTcp, AConnectionForAComparisonThatFailsIsNoAttempt) {
  const auto findings = named({v4})
                            .with([](Scene& s) { s.settings.attempts = 1; })
                            .add(connected(to(v4, 443, 1)))
                            .add(silent(to(v4, 443, 2)))
                            .judged_by(check_tcp);
  EXPECT_THAT(brief(findings), testing::ElementsAre("pass"));
}

TEST(CheckTcp, AnIntermittentAddressIsCounted) {
  const auto findings = named({v4})
                            .add(connected(to(v4, 443, 1)))
                            .add(silent(to(v4, 443, 2)))
                            .add(silent(to(v4, 443, 3)))
                            .judged_by(check_tcp);
  EXPECT_THAT(findings[0].summary, HasSubstr("1 of 3 attempts"));
  EXPECT_THAT(findings[0].evidence, testing::SizeIs(3));
}

}  // namespace
}  // namespace fwprobe::checks
