#include "checks/location.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/checks/measurements.h"

namespace fwprobe::checks {
namespace {

using namespace measured;
using probe::PathFlow;
using probe::StepAnswer;

constexpr const char* server = "192.0.2.80";
constexpr const char* r1 = "198.51.100.1";
constexpr const char* r2 = "203.0.113.2";
constexpr const char* r3 = "203.0.113.6";

/// The answers by lifetime, from 1 on: an address for a router that let the packet expire, "RST", "FIN",
/// "yes" for the service's answer, "!ADDRESS" for an ICMP error from there, "" for silence, "unsent" for a
/// packet for which there was no socket.
probe::PathTrace trace(std::vector<std::string> answers, PathFlow flow = PathFlow::syn,
                       std::uint16_t port = 443) {
  probe::PathTrace made{{{ip(server), port}, flow, 30, {}}, {}};
  int lifetime = 0;
  for (const auto& answer : answers) {
    probe::PathStep step{++lifetime, StepAnswer::silence, {}, {}, 1ms};
    if (answer == "RST")
      step.answer = StepAnswer::reset;
    else if (answer == "FIN")
      step.answer = StepAnswer::closed;
    else if (answer == "unsent") {
      step.answer = StepAnswer::not_sent;
      step.failure = probe::TransportFailure{system_error(EMFILE), {}};
    } else if (answer == "yes")
      step.answer = StepAnswer::accepted;
    else if (answer == "expired")  // on an established connection nobody knows where
      step.answer = StepAnswer::expired;
    else if (answer.starts_with('!')) {
      step.answer = StepAnswer::unreachable;
      step.icmp = icmp(3, 13, answer.c_str() + 1);
    } else if (!answer.empty()) {
      step.answer = StepAnswer::expired;
      step.icmp = icmp(11, 0, answer.c_str());
    }
    made.steps.push_back(step);
  }
  return made;
}
probe::PathTrace control(std::vector<std::string> answers) {
  return trace(std::move(answers), PathFlow::syn, 80);
}
probe::PathTrace datagrams(std::vector<std::string> answers) {
  return trace(std::move(answers), PathFlow::udp, 33434);
}

/// "path 2 203.0.113.2 after 203.0.113.6"
std::string brief(const Location& location) {
  std::string text{name(location.where)};
  if (location.hop) text += fmt::format(" {}", *location.hop);
  if (location.address) text += " " + location.address->to_string();
  if (location.precision) text += fmt::format(" {}", name(*location.precision));
  if (location.next) text += " " + location.next->to_string();
  return text;
}

struct Row {
  const char* name;
  probe::TcpConnect attempt;
  std::vector<probe::PathTrace> traces;
  const char* verdict;
};

const auto syn = to(server, 443);

const Row rows[] = {
    {"a drop in the middle, and a control that passes",
     silent(syn),
     {trace({r1, r2, "", "", ""}), control({r1, r2, r3, "yes"})},
     "tcp.filtered high path 2 203.0.113.2 after 203.0.113.6"},
    {"the next hop is silent for the control as well",
     silent(syn),
     {trace({r1, r2, "", "", ""}), control({r1, r2, "", "yes"})},
     "tcp.filtered medium path 2 203.0.113.2 after"},
    {"every kind of packet ends there: it may be the last router",
     silent(syn),
     {trace({r1, r2, "", ""}), control({r1, r2, "", ""}), datagrams({r1, r2, "", ""})},
     "tcp.filtered medium path 2 203.0.113.2 after"},
    {"the server drops, and answers datagrams",
     silent(syn),
     {trace({r1, r2, r3, "", ""}), datagrams({r1, r2, r3, "!192.0.2.80"})},
     "tcp.filtered high server"},
    {"this machine drops: another flow is seen by the first router",
     silent(syn),
     {trace({"", "", ""}), control({r1, r2, r3, "yes"})},
     "tcp.filtered high local 0 after 198.51.100.1"},
    {"no router says anything",
     silent(syn),
     {trace({"", "", ""}), control({"", "", ""})},
     "tcp.filtered high path"},
    {"a control that went another way shows no next hop",
     silent(syn),
     {trace({r1, r2, "", ""}), control({r1, "203.0.113.99", r3, "yes"})},
     "tcp.filtered medium path 2 203.0.113.2 after"},
    {"one silent router in the middle is no block",
     silent(syn),
     {trace({r1, "", r3, "", ""}), control({r1, "", r3, "203.0.113.10", "yes"})},
     "tcp.filtered high path 3 203.0.113.6 after 203.0.113.10"},
    {"a later SYN was answered, so a trace cannot tell",
     silent(syn),
     {trace({r1, r2, r3, "yes"})},
     "tcp.filtered high path"},
    {"the server's own RST",
     refused(syn, system_error(ECONNREFUSED)),
     {trace({r1, r2, r3, "RST"}), datagrams({r1, r2, r3, "!192.0.2.80"})},
     "tcp.refused high server"},
    {"a RST from a distance at which there is a router",
     refused(syn, system_error(ECONNREFUSED)),
     {trace({r1, r2, "RST"}), datagrams({r1, r2, r3, "!192.0.2.80"})},
     "tcp.reset_in_path high path 2 203.0.113.2 after 203.0.113.6"},
    {"a RST nearer than the server, whose last routers are silent",
     refused(syn, system_error(ECONNREFUSED)),
     {trace({r1, r2, "RST"}), control({r1, r2, "", "", "yes"})},
     "tcp.reset_in_path high path 2 203.0.113.2 after"},
    {"the hop before the RST is silent",
     refused(syn, system_error(ECONNREFUSED)),
     {trace({r1, "", "RST"}), control({r1, "", r3, "yes"})},
     "tcp.reset_in_path medium path 2 after 203.0.113.6"},
    {"a RST in answer to a lifetime of 1",
     refused(syn, system_error(ECONNREFUSED)),
     {trace({"RST"}), control({r1, r2, "yes"})},
     "tcp.reset_in_path medium local 0 after 198.51.100.1"},
    {"a RST for every port says nothing of its sender",
     refused(syn, system_error(ECONNREFUSED)),
     {trace({r1, r2, "RST"}), control({r1, r2, "RST"})},
     "tcp.refused medium server"},
    {"who prohibits is a hop of the trace",
     refused(syn, system_error(EHOSTUNREACH), icmp(3, 13, r2)),
     {trace({r1, r2, "!203.0.113.2"})},
     "tcp.rejected high path 2 203.0.113.2 at"},
    {"who has no route says so before the packet expires",
     refused(syn, system_error(ENETUNREACH), icmp(3, 0, r2)),
     {trace({r1, "!203.0.113.2"})},
     "tcp.net_unreachable high path 2 203.0.113.2 at"},
    {"an address that no trace shows has no hop",
     refused(syn, system_error(EHOSTUNREACH), icmp(3, 13, "203.0.113.77")),
     {trace({r1, r2, r3})},
     "tcp.rejected high path 203.0.113.77 at"},
    {"one device answers every lifetime",
     silent(syn),
     {trace({r1, r2, "10.0.0.9", "10.0.0.9", "10.0.0.9", "10.0.0.9"})},
     "tcp.filtered low path 2 203.0.113.2 after"},
    {"the first device answers every lifetime",
     silent(syn),
     {trace({"10.0.0.9", "10.0.0.9", "10.0.0.9", "10.0.0.9"})},
     "tcp.filtered low path"},
    {"two routers with the same private address are two hops",
     silent(syn),
     {trace({r1, "10.0.0.9", "10.0.0.9", "", ""}), control({r1, "10.0.0.9", "10.0.0.9", "10.0.0.7", "yes"})},
     "tcp.filtered high path 3 10.0.0.9 after 10.0.0.7"},
    {"time exceeded by a device that says so of every lifetime is no circle for sure",
     refused(syn, system_error(EHOSTUNREACH), icmp(11, 0, "10.0.0.9")),
     {trace({r1, "10.0.0.9", "10.0.0.9", "10.0.0.9", "10.0.0.9"})},
     "tcp.routing_loop low path 2 10.0.0.9 at"},
    {"a silent hop before the circle may be in it",
     refused(syn, system_error(EHOSTUNREACH), icmp(11, 0, r2)),
     {trace({r1, "", r3, r2, r3, r2})},
     "tcp.routing_loop high path 203.0.113.2 at"},
    {"an error in the server's name from a distance at which there is a router",
     refused(syn, system_error(EHOSTUNREACH), icmp(3, 13, server)),
     {trace({r1, r2, "!192.0.2.80"}), control({r1, r2, r3, "yes"})},
     "tcp.rejected high path 2 203.0.113.2 after 203.0.113.6"},
    {"the server's own error",
     refused(syn, system_error(EHOSTUNREACH), icmp(3, 13, server)),
     {trace({r1, r2, r3, "!192.0.2.80"}), control({r1, r2, r3, "yes"})},
     "tcp.rejected high server"},
    {"a trace of which nothing was sent is no silence",
     silent(syn),
     {trace({"unsent", "unsent"}), control({r1, r2, r3, "yes"})},
     "tcp.filtered high path"},
    {"a hop that was not asked may be where it ends",
     silent(syn),
     {trace({r1, "unsent", "", ""}), control({r1, r2, r3, "yes"})},
     "tcp.filtered high path"},
    {"what is not sent behind a silent hop is not missed",
     silent(syn),
     {trace({r1, r2, "", "", "unsent", "unsent"}), control({r1, r2, r3, "yes"})},
     "tcp.filtered high path 2 203.0.113.2 after 203.0.113.6"},
    {"a server that may be nearer than its control shows",
     refused(syn, system_error(ECONNREFUSED)),
     {trace({r1, r2, r3, "RST"}), datagrams({r1, r2, r3, "unsent", "!192.0.2.80"})},
     "tcp.refused medium server"},
    {"without a trace everything stays as it was", silent(syn), {}, "tcp.filtered high path"},
};

TEST(Located, NamesTheHop) {
  for (const auto& row : rows) {
    Scene scene{"https://192.0.2.80"};
    scene.add(row.attempt);
    for (const auto& trace : row.traces) scene.add(trace);
    const auto evidence = scene.evidence();
    const auto verdict = located({scene.target, scene.settings, evidence}, row.attempt,
                                 judge_connect(row.attempt, 5s, scene.machine, {}));
    EXPECT_EQ(fmt::format("{} {} {}", checks::row(verdict.cause).code, name(verdict.confidence),
                          brief(verdict.location)),
              row.verdict)
        << row.name << ": " << verdict.words;
    EXPECT_EQ(verdict.evidence.size(), row.traces.size()) << row.name;
  }
}

ConnectVerdict silence_with(const probe::PathTrace& trace) {
  Scene scene{"https://192.0.2.80"};
  scene.add(silent(syn)).add(trace);
  const auto evidence = scene.evidence();
  return located({scene.target, scene.settings, evidence}, silent(syn),
                 judge_connect(silent(syn), 5s, scene.machine, {}));
}

TEST(Located, AServerThatAnswersOtherPacketsMayHaveAnsweredTheseAsWell) {
  Scene scene{"https://192.0.2.80"};
  scene.add(silent(syn)).add(trace({r1, r2, r3, "", ""})).add(datagrams({r1, r2, r3, "!192.0.2.80"}));
  const auto evidence = scene.evidence();
  EXPECT_THAT(located({scene.target, scene.settings, evidence}, silent(syn),
                      judge_connect(silent(syn), 5s, scene.machine, {}))
                  .words,
              testing::EndsWith("dropped there, or their answers on the way back"));
}

TEST(Located, ATraceThatCouldNotBeMadeSaysWhy) {
  const auto verdict = silence_with(trace({"unsent", "unsent"}));
  EXPECT_THAT(verdict.words, testing::EndsWith("; the way could not be traced (Too many open files)"));
  EXPECT_THAT(
      silence_with(trace({r1, r2, "unsent"})).words,
      testing::EndsWith("; SYNs get as far as hop 2 (203.0.113.2), behind which the trace could not go "
                        "on (Too many open files)"));
}

TEST(Located, PacketsOfOtherKindsThatWereNotSentDoNotEndThere) {
  Scene scene{"https://192.0.2.80"};
  scene.add(silent(syn)).add(trace({r1, r2, "", ""})).add(control({r1, "unsent"}));
  const auto evidence = scene.evidence();
  const auto verdict = located({scene.target, scene.settings, evidence}, silent(syn),
                               judge_connect(silent(syn), 5s, scene.machine, {}));
  EXPECT_EQ(verdict.confidence, Confidence::medium);
  EXPECT_THAT(verdict.words, testing::EndsWith("; SYNs vanish behind hop 2 (203.0.113.2)"));
}

TEST(Located, ACircleOfRoutersIsALoop) {
  std::vector<std::string> circle{r1};
  while (circle.size() < 30) circle.insert(circle.end(), {r2, r3});
  circle.resize(30);
  const auto verdict = silence_with(trace(circle));
  EXPECT_EQ(verdict.cause, Cause::tcp_routing_loop);
  EXPECT_EQ(brief(verdict.location), "path 2 203.0.113.2 at");

  circle[1] = "";
  const auto unplaced = silence_with(trace(circle));
  EXPECT_EQ(unplaced.cause, Cause::tcp_routing_loop);
  EXPECT_EQ(brief(unplaced.location).find(" 3"), std::string::npos) << brief(unplaced.location);
}

TEST(Located, ATraceThatIsTooShortShowsNoEnd) {
  auto few_hops = trace({r1, r2});
  few_hops.question.hops = 2;
  const auto verdict = silence_with(few_hops);
  EXPECT_EQ(brief(verdict.location), "path");
  EXPECT_EQ(verdict.confidence, Confidence::medium);
}

struct HelloRow {
  const char* name;
  std::vector<std::string> sweep;
  std::vector<std::string> syns;
  bool ended_by_peer;
  const char* location;
};
const HelloRow hello_rows[] = {
    {"dropped behind r2",
     {"expired", "expired", "", ""},
     {r1, r2, r3, "yes"},
     false,
     "high path 2 203.0.113.2 after 203.0.113.6"},
    {"reset behind r2",
     {"expired", "expired", "RST", "RST"},
     {r1, r2, r3, "yes"},
     true,
     "high path 2 203.0.113.2 after 203.0.113.6"},
    {"closed by the server",
     {"expired", "expired", "expired", "FIN"},
     {r1, r2, r3, "yes"},
     true,
     "medium server"},
    {"dropped by the server",
     {"expired", "expired", "expired", ""},
     {r1, r2, r3, "yes"},
     false,
     "medium server"},
    {"the hop before the RST is silent", {"expired", "", "RST"}, {r1, r2, r3, "yes"}, true, "medium path"},
    {"answered after all",
     {"expired", "expired", "expired", "yes"},
     {r1, r2, r3, "yes"},
     false,
     "medium path"},
    {"nothing is seen anywhere", {"", ""}, {"", "", "yes"}, false, "medium path"},
};

TEST(LocateHello, NamesTheHop) {
  for (const auto& row : hello_rows) {
    Scene scene{"https://192.0.2.80"};
    scene.add(trace(row.syns)).add(trace(row.sweep, PathFlow::client_hello));
    const auto evidence = scene.evidence();
    const auto end =
        locate_hello({scene.target, scene.settings, evidence}, {ip(server), 443}, row.ended_by_peer);
    EXPECT_EQ(fmt::format("{} {}", name(end.confidence), brief(end.location)), row.location) << row.name;
  }
}

struct StandInRow {
  const char* name;
  std::vector<probe::PathTrace> traces;
  const char* place;
};
const StandInRow stand_in_rows[] = {
    {"accepted where a router stands, nearer than the server",
     {trace({r1, "yes"}), control({r1, r2, r3, "yes"}), datagrams({r1, r2, r3, "!192.0.2.80"})},
     "high path 1 198.51.100.1 after 203.0.113.2"},
    {"nearer than the server, and the router there is silent",
     {trace({r1, "yes"}), control({r1, "", "", "yes"})},
     "high path 1 198.51.100.1 after"},
    {"the hop before it is silent",
     {trace({"", "yes"}), control({"", "", "", "yes"})},
     "medium path 1 after"},
    {"other ports are accepted there as well: it may do so for every connection, and pass it on",
     {trace({r1, "yes"}), control({r1, "yes"}), datagrams({r1, r2, r3, "!192.0.2.80"})},
     "medium path 1 198.51.100.1 after 203.0.113.2"},
    {"accepted from the server's own distance: a reverse proxy, or a device that takes over later",
     {trace({r1, r2, r3, "yes"}), control({r1, r2, r3, "yes"}), datagrams({r1, r2, r3, "!192.0.2.80"})},
     "high path"},
    {"a load balancer that answers nothing else",
     {trace({r1, r2, "yes"}), control({r1, r2, ""})},
     "high path"},
    {"a RST to the control proves nothing", {trace({r1, r2, "yes"}), control({r1, r2, "RST"})}, "high path"},
    {"this machine, or the first router", {trace({"yes"}), control({r1, r2, "yes"})}, "high path"},
    {"a hop was met further away: ways of different lengths",
     {trace({r1, "yes", r3}), control({r1, r2, r3, "yes"})},
     "high path"},
    {"the control went another way",
     {trace({r1, r2, "yes"}), control({r1, "203.0.113.99", r3, "yes"})},
     "high path"},
    {"one device plays every hop",
     {trace({"10.0.0.9", "10.0.0.9", "10.0.0.9", "yes"}), control({r1, r2, r3, "203.0.113.7", "yes"})},
     "high path"},
    {"the trace does not get there", {trace({r1, r2}), control({r1, r2, r3, "yes"})}, "high path"},
    {"without a control", {trace({r1, r2, "yes"})}, "high path"},
    {"without a trace", {}, "high path"},
};

TEST(LocateStandIn, NamesTheHopOnlyWhereAControlShowsIt) {
  for (const auto& row : stand_in_rows) {
    Scene scene{"https://192.0.2.80"};
    scene.add(connected(syn));
    const auto connection = scene.last();
    for (const auto& trace : row.traces) scene.add(trace);
    const auto evidence = scene.evidence();
    const auto end = locate_stand_in({scene.target, scene.settings, evidence}, connection);
    EXPECT_EQ(fmt::format("{} {}", name(end.confidence), brief(end.location)), row.place)
        << row.name << end.words;
  }
}

TEST(LocateStandIn, AProxysTunnelLeadsElsewhere) {
  Scene scene{"https://azure.example.com"};
  scene.add(connected(syn)).add(probe::ProxyTunnel{{scene.last(), {}, {}, 443, {}}, {}});
  const auto tunnel = scene.last();
  scene.add(trace({r1, "yes"})).add(control({r1, r2, r3, "yes"}));
  const auto evidence = scene.evidence();
  EXPECT_EQ(brief(locate_stand_in({scene.target, scene.settings, evidence}, tunnel).location), "path");
}

}  // namespace
}  // namespace fwprobe::checks
