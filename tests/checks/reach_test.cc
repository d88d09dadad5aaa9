#include "checks/reach.h"

#include <array>
#include <cerrno>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "measurements.h"

namespace fwprobe::checks {
namespace {

using asio::ip::make_address;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::chrono::year_month_day today{std::chrono::year{2026}, std::chrono::month{1},
                                            std::chrono::day{31}};

allowlist::Allowlist list_of(std::string_view entries) {
  auto list = allowlist::parse_yaml(
      fmt::format("name: test\nretrieved: 2026-01-31\ndirection: outbound\nentries:\n{}\n", entries),
      "test.yaml");
  EXPECT_TRUE(list) << (list ? "" : list.error().message);
  return list ? *list : allowlist::Allowlist{};
}

allowlist::Prefix prefix(std::string_view text) { return allowlist::parse_prefix(text)->prefix; }

std::vector<std::string> sampled(std::string_view text, std::size_t count) {
  std::vector<std::string> texts;
  for (const auto& address : sample(prefix(text), count)) texts.push_back(address.to_string());
  return texts;
}

TEST(ReachPlan, ASampleHasTheEndsAndEqualDistances) {
  EXPECT_THAT(sampled("192.0.2.0/24", 3), ElementsAre("192.0.2.1", "192.0.2.127", "192.0.2.254"));
  EXPECT_THAT(sampled("192.0.2.0/30", 5), ElementsAre("192.0.2.1", "192.0.2.2"));
  EXPECT_THAT(sampled("192.0.2.0/31", 5), ElementsAre("192.0.2.0", "192.0.2.1"));
  EXPECT_THAT(sampled("192.0.2.7/32", 5), ElementsAre("192.0.2.7"));
  EXPECT_THAT(sampled("2001:db8::/32", 2),
              ElementsAre("2001:db8::1", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"));
}

TEST(ReachPlan, ASampleOfAWidePrefixHasNoAddressThatNobodyElseCanHave) {
  EXPECT_THAT(sampled("0.0.0.0/0", 3), ElementsAre("1.0.0.0", "111.255.127.255", "223.255.255.255"));
  EXPECT_THAT(sampled("0.0.0.0/0", 1), ElementsAre("1.0.0.0"));
  EXPECT_THAT(sampled("126.0.0.0/7", 2), ElementsAre("126.0.0.1", "126.255.255.255"));
  EXPECT_THAT(sampled("::/0", 2), ElementsAre("2000::", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"));
  EXPECT_THAT(sampled("127.0.0.0/8", 2), ElementsAre("127.0.0.1", "127.255.255.254")) << "there is no other";
  EXPECT_THAT(sampled("fd00::/8", 1), ElementsAre("fd00::1"));
}

TEST(ReachPlan, EntriesOfTodayOnly) {
  const auto list =
      list_of("  - {prefix: 192.0.2.1, until: 2026-01-31}\n  - {prefix: 192.0.2.2, since: 2026-01-31}\n");
  const auto plans = plan_reach(list, {5, 443, {}, today});
  ASSERT_TRUE(plans);
  ASSERT_THAT(*plans, SizeIs(1));
  EXPECT_EQ(plans->front().entry->published, "192.0.2.2");
}

TEST(ReachPlan, PortsAreListedOrTheEndsOfTheirRanges) {
  const auto list = list_of(
      "  - {prefix: 192.0.2.1, ports: [443, 22]}\n  - {prefix: 192.0.2.2, ports: [8000-8100]}\n  - {prefix: "
      "192.0.2.3}\n");
  const auto plans = plan_reach(list, {5, 8443, {}, today});
  ASSERT_TRUE(plans);
  EXPECT_THAT((*plans)[0].ports, ElementsAre(22, 443));
  EXPECT_THAT((*plans)[1].ports, ElementsAre(8000, 8100));
  EXPECT_THAT((*plans)[1].note, HasSubstr("2 of its 101 ports"));
  EXPECT_THAT((*plans)[2].ports, ElementsAre(8443));
  std::string ports;
  for (int port = 1; port <= 41; port += 2) ports += fmt::format("{}, ", port);
  const auto many = plan_reach(list_of(fmt::format("  - {{prefix: 192.0.2.1, ports: [{}443]}}\n", ports)),
                               {5, 8443, {}, today});
  ASSERT_TRUE(many);
  EXPECT_EQ((*many)[0].ports.size(), 22U) << "each is the end of a range";
  EXPECT_EQ((*many)[0].note, "");
  EXPECT_THAT((*plans)[2].note, HasSubstr("any port"));
}

TEST(ReachPlan, WhatCannotBeProbedIsSkippedWithItsReason) {
  const auto list = list_of(
      "  - {prefix: 192.0.2.1, protocol: udp, ports: [53]}\n  - {domain: '*.example.com'}\n  - {prefix: "
      "'2001:db8::1'}\n"
      "  - {domain: '*.example.org', examples: [www.example.org]}\n");
  const auto plans = plan_reach(list, {5, 443, Family::ipv4, today});
  ASSERT_TRUE(plans);
  EXPECT_THAT((*plans)[0].skipped, HasSubstr("UDP"));
  EXPECT_THAT((*plans)[1].skipped, HasSubstr("examples:"));
  EXPECT_THAT((*plans)[2].skipped, HasSubstr("only IPv4 is probed (-4"));
  EXPECT_THAT((*plans)[3].hosts, ElementsAre("www.example.org"));
}

TEST(ReachPlan, AllOfAWidePrefixIsRefused) {
  EXPECT_FALSE(plan_reach(list_of("  - {prefix: 10.0.0.0/15}\n"), {{}, 443, {}, today}));
  EXPECT_TRUE(plan_reach(list_of("  - {prefix: 10.0.0.0/16}\n"), {{}, 443, {}, today}));
}

// ---- verdicts

probe::SweepAttempt attempt(std::string_view address, std::optional<probe::ConnectFailure> failure) {
  probe::SweepAttempt made{
      0, {{{make_address(address), 443}}, probe::TcpEstablished{}}, std::chrono::seconds{2}};
  if (failure) made.fact.result = std::unexpected{*failure};
  return made;
}

using measured::system_error;

std::optional<probe::ConnectFailure> accepted() { return {}; }
std::optional<probe::ConnectFailure> silent() {
  return probe::ConnectFailure{{asio::error::timed_out, {}}, 1, false};
}
std::optional<probe::ConnectFailure> rst() {
  return probe::ConnectFailure{{system_error(ECONNREFUSED), {}}, 0, false};
}
std::optional<probe::ConnectFailure> icmp(std::uint8_t code) {
  const probe::IcmpError error{probe::IcmpError::Family::icmp, 3, code, make_address("198.51.100.1")};
  return probe::ConnectFailure{{system_error(EHOSTUNREACH), error}, 0, false};
}
std::optional<probe::ConnectFailure> here(int number) {
  return probe::ConnectFailure{{system_error(number), {}}, 0, true};
}

struct Case {
  const char* name;
  const char* entry;
  std::vector<std::optional<probe::ConnectFailure>> met;
  Reached reach;
  std::optional<Cause> cause;
};

const Case cases[] = {
    {"one host of a prefix is enough",
     "192.0.2.0/24",
     {silent(), accepted(), silent()},
     Reached::reachable,
     {}},
    {"one host is enough beside a RST of whomever",
     "192.0.2.0/24",
     {accepted(), rst()},
     Reached::reachable,
     {}},
    {"a RST alone shows no open way", "192.0.2.0/24", {silent(), rst()}, Reached::unknown, {}},
    {"whoever is on the way can refuse", "192.0.2.1", {rst()}, Reached::unknown, {}},
    {"some are rejected, and nobody knows who refuses the others",
     "192.0.2.0/24",
     {rst(), icmp(13)},
     Reached::partly,
     Cause::tcp_rejected},
    {"this machine's own RST", "127.0.0.1", {rst()}, Reached::reachable, {}},
    {"silence of a whole prefix may be emptiness",
     "192.0.2.0/24",
     {silent(), silent()},
     Reached::unknown,
     {}},
    {"silence of the published address is a failure",
     "192.0.2.1",
     {silent()},
     Reached::unreachable,
     Cause::tcp_filtered},
    {"all are rejected", "192.0.2.0/24", {icmp(13), icmp(13)}, Reached::unreachable, Cause::tcp_rejected},
    {"rejected and silent", "192.0.2.0/24", {icmp(13), silent()}, Reached::unreachable, Cause::tcp_rejected},
    {"some are rejected", "192.0.2.0/24", {accepted(), icmp(13)}, Reached::partly, Cause::tcp_rejected},
    {"nobody lives there", "192.0.2.0/24", {icmp(1), icmp(1)}, Reached::unknown, {}},
    {"the published host is not there",
     "192.0.2.1",
     {icmp(1)},
     Reached::unreachable,
     Cause::tcp_host_unreachable},
    {"no descriptor is left", "192.0.2.1", {here(EMFILE)}, Reached::unknown, Cause::local_out_of_resources},
    {"this machine's firewall", "192.0.2.1", {here(EPERM)}, Reached::unreachable, Cause::local_blocked},
    {"no route of the family", "192.0.2.1", {here(ENETUNREACH)}, Reached::skipped, Cause::local_no_route},
};

TEST(Reached, AnEntryByWhatItsConnectionsMet) {
  const Settings settings;
  const probe::Environment environment;  // it has no route, which counts only where the kernel says so
  for (const auto& row : cases) {
    const auto list = list_of(fmt::format("  - {{prefix: {}, ports: [443]}}", row.entry));
    const auto plans = plan_reach(list, {5, 443, {}, today});
    ASSERT_TRUE(plans);
    Way way;
    way.port = 443;
    way.whole = std::string_view{row.entry}.find('/') == std::string_view::npos;
    way.total = static_cast<std::uint32_t>(row.met.size());
    int last = 1;
    for (const auto& met : row.met)
      record(way, attempt(way.whole ? row.entry : fmt::format("192.0.2.{}", last++), met), environment, {});
    const auto judged = judge_way(way, plans->front(), nullptr, settings, environment);
    EXPECT_EQ(name(judged.reach), name(row.reach)) << row.name;
    EXPECT_EQ(judged.cause, row.cause) << row.name;
    EXPECT_THAT(judged.summary, Not(IsEmpty())) << row.name;
    EXPECT_EQ(judge_entry(plans->front(), {judged}).reach, row.reach) << row.name;
  }
}

TEST(Reached, AnEntryIsAsBadAsTheWorstOfItsPorts) {
  const auto list = list_of("  - {prefix: 192.0.2.1, ports: [22, 443]}\n");
  const auto plans = plan_reach(list, {5, 443, {}, today});
  ASSERT_TRUE(plans);
  const auto together = [&](Reached a, Reached b) {
    WayReach one, other;
    one.reach = a;
    other.reach = b;
    return judge_entry(plans->front(), {one, other}).reach;
  };
  EXPECT_EQ(together(Reached::reachable, Reached::reachable), Reached::reachable);
  EXPECT_EQ(together(Reached::reachable, Reached::unreachable), Reached::partly);
  EXPECT_EQ(together(Reached::unknown, Reached::reachable), Reached::unknown);
  EXPECT_EQ(together(Reached::unknown, Reached::unreachable), Reached::unreachable);
  EXPECT_EQ(together(Reached::skipped, Reached::reachable), Reached::reachable);
}

TEST(Reached, AnEntryThatPassesSaysEachWayThatDoes) {
  const auto list = list_of("  - {prefix: 192.0.2.1, ports: [22, 80, 443]}\n");
  const auto plans = plan_reach(list, {5, 443, {}, today});
  ASSERT_TRUE(plans);
  std::vector<WayReach> ways(4);
  for (std::size_t i = 0; i < ways.size(); ++i) {
    ways[i].port = std::array<std::uint16_t, 4>{7, 22, 80, 443}[i];
    ways[i].reach = i == 0 ? Reached::skipped : Reached::reachable;
    ways[i].summary = i == 0 ? "no route" : i == 2 ? "a RST" : "accepted";
  }
  EXPECT_EQ(judge_entry(plans->front(), ways).summary, "ports 22, 443: accepted; port 80: a RST");
}

TEST(Reached, AnUnfinishedWayIsNotJudged) {
  const auto list = list_of("  - {prefix: 192.0.2.1, ports: [443]}\n");
  const auto plans = plan_reach(list, {5, 443, {}, today});
  ASSERT_TRUE(plans);
  Way way;
  way.total = 1;
  EXPECT_EQ(judge_way(way, plans->front(), nullptr, Settings{}, {}).reach, Reached::unknown);
}

/// SYNs to `remote` that `hops` routers see, and a control that comes further.
Traced traced(std::string_view remote, Met met, std::optional<probe::ConnectFailure> failure,
              int control_hops) {
  const probe::TcpEndpoint endpoint{make_address(remote), 443};
  Traced made{met, {endpoint.address(), 16}, attempt(remote, std::move(failure)).fact, {}};
  std::uint32_t id = 0;
  const auto path = [&](std::uint16_t port, int hops) {
    probe::PathTrace trace{{{endpoint.address(), port}, probe::PathFlow::syn, 30, {}}, {}};
    for (int n = 1; n <= 5; ++n) {
      probe::PathStep step{n, probe::StepAnswer::silence, {}, {}, {}};
      if (n <= hops) {
        step.answer = probe::StepAnswer::expired;
        step.icmp = probe::IcmpError{probe::IcmpError::Family::icmp, 11, 0,
                                     make_address(fmt::format("198.51.100.{}", n))};
      }
      trace.steps.push_back(step);
    }
    made.evidence.add({probe::MeasurementId{++id}, {}, std::move(trace), {}});
  };
  path(443, 2);
  path(80, control_hops);
  return made;
}

/// SYNs to 192.0.2.2 meet a RST at a distance; datagrams meet the host at another.
Traced refused_at(int rst_distance, int host_distance) {
  const probe::TcpEndpoint endpoint{make_address("192.0.2.2"), 443};
  Traced made{Met::refused, {endpoint.address(), 24}, attempt("192.0.2.2", rst()).fact, {}};
  std::uint32_t id = 0;
  const auto path = [&](std::uint16_t port, probe::PathFlow flow, int distance, probe::StepAnswer answer) {
    probe::PathTrace trace{{{endpoint.address(), port}, flow, 30, {}}, {}};
    for (int n = 1; n <= distance; ++n) {
      probe::PathStep step{n, answer, {}, {}, {}};
      if (n < distance) {
        step.answer = probe::StepAnswer::expired;
        step.icmp = probe::IcmpError{probe::IcmpError::Family::icmp, 11, 0,
                                     make_address(fmt::format("198.51.100.{}", n))};
      } else if (answer == probe::StepAnswer::unreachable) {
        step.icmp = probe::IcmpError{probe::IcmpError::Family::icmp, 3, 3, endpoint.address()};
      }
      trace.steps.push_back(step);
    }
    made.evidence.add({probe::MeasurementId{++id}, {}, std::move(trace), {}});
  };
  path(443, probe::PathFlow::syn, rst_distance, probe::StepAnswer::reset);
  path(33434, probe::PathFlow::udp, host_distance, probe::StepAnswer::unreachable);
  return made;
}

WayReach judged(const Way& way, std::string_view entry, const Traced* trace) {
  const auto list = list_of(fmt::format("  - {{prefix: {}, ports: [443]}}", entry));
  const auto plans = plan_reach(list, {5, 443, {}, today});
  return judge_way(way, plans->front(), trace, Settings{}, {});
}

Way way_of(std::string_view entry, std::size_t total) {
  Way way;
  way.port = 443;
  way.whole = !entry.contains('/');
  way.total = static_cast<std::uint32_t>(total);
  return way;
}

WayReach judged_with(const Traced& trace, std::string_view entry, std::vector<std::string_view> silent_ones) {
  auto way = way_of(entry, silent_ones.size());
  for (const auto address : silent_ones) record(way, attempt(address, silent()), {}, {});
  return judged(way, entry, &trace);
}

/// 192.0.2.1 accepts, `refused` and 192.0.2.3 do not.
Way mixed(std::string_view refused) {
  auto way = way_of("192.0.2.0/24", 3);
  record(way, attempt("192.0.2.1", accepted()), {}, {});
  for (const auto address : {refused, std::string_view{"192.0.2.3"}})
    record(way, attempt(address, rst()), {}, {});
  return way;
}

TEST(Reached, ARstFromTheWayBesideAnAcceptanceStopsPartOfThePrefix) {
  const auto trace = refused_at(3, 5);
  const auto way = judged(mixed("192.0.2.2"), "192.0.2.0/24", &trace);
  EXPECT_EQ(way.reach, Reached::partly);
  EXPECT_EQ(way.cause, Cause::tcp_reset_in_path);
  ASSERT_TRUE(way.location);
  EXPECT_EQ(way.location->hop, 2);
  EXPECT_THAT(way.remedy.front(), HasSubstr("192.0.2.0/24 port 443 at hop 2 (198.51.100.2)"));
}

TEST(Reached, TheHostsOwnRstBesideAnAcceptanceIsNoFault) {
  const auto trace = refused_at(5, 5);
  const auto way = judged(mixed("192.0.2.2"), "192.0.2.0/24", &trace);
  EXPECT_EQ(way.reach, Reached::reachable);
  EXPECT_EQ(way.confidence, Confidence::medium);
  EXPECT_THAT(way.summary, HasSubstr("accepted; of 2 RSTs the one of 192.0.2.2:443 is its own"));
}

TEST(Reached, ARstOfWhomeverBesideAnAcceptanceIsSaid) {
  const auto way = judged(mixed("192.0.2.2"), "192.0.2.0/24", nullptr);
  EXPECT_EQ(way.reach, Reached::reachable);
  EXPECT_EQ(way.confidence, Confidence::low);
  EXPECT_THAT(way.summary,
              HasSubstr("accepted; 2 of 3 addresses answer with a RST, of the host, where nothing "
                        "listens, or of a device on the way: nothing shows which (3 of 3"));
}

TEST(Reached, ARstBesideAnAcceptanceIsNotJudgedByTheTraceOfAnother) {
  const auto trace = refused_at(3, 5);
  const auto way = judged(mixed("192.0.2.9"), "192.0.2.0/24", &trace);
  EXPECT_EQ(way.reach, Reached::unknown);
  EXPECT_THAT(way.summary, HasSubstr("the one of 192.0.2.2:443 came from a device on the way"));
}

TEST(Reached, TheHostsOwnRstSaysNothingOfAnotherHosts) {
  const auto trace = refused_at(5, 5);
  auto way = way_of("192.0.2.9", 1);
  record(way, attempt("192.0.2.9", rst()), {}, {});
  const auto other = judged(way, "192.0.2.9", &trace);
  EXPECT_EQ(other.reach, Reached::unknown);
  EXPECT_EQ(other.confidence, Confidence::low);
  EXPECT_THAT(other.summary, HasSubstr("nothing shows which; of its block only 192.0.2.2:443 was traced"));
  way.beyond = true;
  EXPECT_THAT(judged(way, "192.0.2.9", &trace).summary, HasSubstr("; not traced, as 16 others were"));
}

TEST(Reached, OneRstOfSeveralDoesNotSpeakForTheOthersForSure) {
  const auto trace = refused_at(5, 5);
  auto way = way_of("192.0.2.0/24", 2);
  record(way, attempt("192.0.2.2", rst()), {}, {});
  record(way, attempt("192.0.2.3", silent()), {}, {});
  const auto alone = judged(way, "192.0.2.0/24", &trace);
  EXPECT_EQ(alone.reach, Reached::reachable);
  EXPECT_EQ(alone.confidence, Confidence::high);
  way.total = 3;
  record(way, attempt("192.0.2.4", rst()), {}, {});
  const auto one = judged(way, "192.0.2.0/24", &trace);
  EXPECT_EQ(one.reach, Reached::reachable);
  EXPECT_EQ(one.confidence, Confidence::medium);
  EXPECT_THAT(one.summary, HasSubstr("of 2 RSTs the one of 192.0.2.2:443 is its own"));
}

TEST(Reached, WhatWouldHaveBeenTracedSaysThatItWasNot) {
  for (const auto entry : {"192.0.2.1", "192.0.2.0/24"})
    for (const auto& met : {silent(), icmp(13), icmp(1), rst()}) {
      auto way = way_of(entry, 1);
      record(way, attempt("192.0.2.1", met), {}, {});
      EXPECT_THAT(judged(way, entry, nullptr).summary, Not(HasSubstr("not traced")));
      way.beyond = true;
      EXPECT_THAT(judged(way, entry, nullptr).summary, HasSubstr("; not traced, as 16 others were")) << entry;
    }
}

TEST(Reached, OtherPacketsThatGetFurtherShowThatAPrefixIsStopped) {
  const auto way =
      judged_with(traced("192.0.2.1", Met::silent, silent(), 4), "192.0.2.0/24", {"192.0.2.1", "192.0.2.9"});
  EXPECT_EQ(way.reach, Reached::unreachable);
  EXPECT_EQ(way.cause, Cause::tcp_filtered);
  ASSERT_TRUE(way.location);
  EXPECT_EQ(way.location->hop, 2);
  EXPECT_THAT(way.remedy.front(), HasSubstr("192.0.2.0/24 port 443 at hop 2 (198.51.100.2)"));
}

TEST(Reached, PacketsThatAllEndThereOrOneRouterFurtherShowNothing) {
  // The third router may have said nothing of the SYN for having said too much before.
  for (const int control_hops : {2, 3}) {
    const auto way = judged_with(traced("192.0.2.1", Met::silent, silent(), control_hops), "192.0.2.0/24",
                                 {"192.0.2.1", "192.0.2.9"});
    EXPECT_EQ(way.reach, Reached::unknown) << control_hops;
    EXPECT_THAT(way.summary, HasSubstr("cannot tell"));
  }
}

TEST(Reached, APlaceThatAnotherWayHasIsSaidAsSuch) {
  const auto way = judged_with(traced("192.0.2.1", Met::silent, silent(), 3), "192.0.7.7", {"192.0.7.7"});
  EXPECT_EQ(way.reach, Reached::unreachable);
  ASSERT_TRUE(way.traced);
  EXPECT_EQ(way.traced->address().to_string(), "192.0.2.1");
  EXPECT_LT(way.confidence, Confidence::high);
  EXPECT_THAT(way.summary, HasSubstr("only 192.0.2.1:443 was traced"));
}

}  // namespace
}  // namespace fwprobe::checks
