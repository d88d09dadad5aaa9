#include "monitor/outcome.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/checks/measurements.h"

namespace fwprobe::monitor {
namespace {

using namespace checks::measured;
using checks::Cause;
using checks::Status;

checks::Investigation investigation(const Scene& scene) {
  checks::Investigation made;
  made.target = scene.target;
  made.settings = std::make_shared<const checks::Settings>(scene.settings);
  made.evidence = scene.evidence();
  checks::conclude(made, *made.settings);
  return made;
}

Outcome outcome(const Scene& scene, const Expectation& expect = {}) {
  return outcome_of(investigation(scene), expect, noon(), 90ms);
}

probe::HttpExchange timed(probe::HttpExchange exchange, probe::Clock::duration first_byte) {
  exchange.first_byte = first_byte;
  return exchange;
}

TEST(Outcome, FollowsTheRequestThroughItsRedirect) {
  Scene scene{"https://azure.example.com/"};
  auto intermediate = certificate("CN=Intermediate", "CN=Root");
  intermediate.not_after = noon() + 24h * 20;
  scene.add(answer("azure.example.com", {"203.0.113.9"}), 10ms)
      .add(lookup("azure.example.com", probe::DnsType::aaaa, probe::DnsStatus::nodata), 15ms)
      .add(connected(to("203.0.113.9", 443)), 20ms)
      .add(shaken(hello(4, scene.target),
                  {certificate("CN=azure.example.com", "CN=Intermediate"), intermediate}),
           30ms)
      .add(timed(answered(5, "https://azure.example.com/", 301, {{"Location", "/next"}}), 5ms), 6ms)
      .add(timed(answered(6, "https://azure.example.com/next", 200), 40ms), 50ms);
  const auto is = outcome(scene);
  EXPECT_TRUE(is.as_expected);
  EXPECT_EQ(is.began, noon());
  EXPECT_EQ(is.took, 90ms);
  EXPECT_EQ(is.phases.dns, 15ms);
  EXPECT_EQ(is.phases.tcp, 20ms);
  EXPECT_EQ(is.phases.tls, 30ms);
  EXPECT_EQ(is.phases.http_first_byte, 40ms);
  EXPECT_EQ(is.phases.http_transfer, 10ms);
  EXPECT_EQ(is.http_status, 200);
  EXPECT_EQ(is.redirects, 1);
  EXPECT_EQ(is.tls_version, "TLSv1.3");
  EXPECT_EQ(is.leaf_expiry, noon() + 24h * 60);
  EXPECT_EQ(is.chain_expiry, noon() + 24h * 20);
  EXPECT_FALSE(is.ipv6);
  EXPECT_FALSE(is.cause);
  EXPECT_FALSE(is.listed);
  EXPECT_FALSE(is.summary.empty());
}

TEST(Outcome, NamesWhatStopsTheTarget) {
  Scene scene{"tcp://[2001:db8::9]:1433"};
  scene.add(refused(to("2001:db8::9", 1433), system_error(ECONNREFUSED)), 3ms);
  const auto is = outcome(scene);
  EXPECT_EQ(is.status, Status::fail);
  EXPECT_FALSE(is.as_expected);
  EXPECT_EQ(is.cause, Cause::tcp_refused);
  EXPECT_TRUE(is.location);
  EXPECT_TRUE(is.confidence);
  EXPECT_TRUE(is.responsible);
  EXPECT_THAT(is.summary, testing::HasSubstr("refused"));
  EXPECT_EQ(is.phases.tcp, 3ms);
  EXPECT_FALSE(is.phases.dns);
  EXPECT_FALSE(is.phases.tls);
  EXPECT_TRUE(is.ipv6);
  EXPECT_TRUE(outcome(scene, {Status::fail, Cause::tcp_refused}).as_expected);
}

TEST(Outcome, WhatOnlyComparesIsNotTheWay) {
  Scene scene{"tcp://203.0.113.9:1433"};
  scene.add(connected(to("203.0.113.9", 1433, 1, probe::TcpPurpose::compare)), 1ms)
      .add(connected(to("203.0.113.9", 1433)), 20ms);
  EXPECT_EQ(outcome(scene).phases.tcp, 20ms);
}

TEST(Outcome, OfNothingMeasuredSaysNothing) {
  checks::Investigation empty;
  empty.target = *checks::parse_target("https://azure.example.com/");
  const auto is = outcome_of(empty, {}, noon(), 0ms);
  EXPECT_EQ(is.status, Status::error);
  EXPECT_FALSE(is.phases.tcp);
  EXPECT_FALSE(is.http_status);
}

TEST(Outcome, CutsTextsBetweenCharactersAndMendsThem) {
  checks::Investigation one;
  one.target = *checks::parse_target("tcp://203.0.113.9:1433");
  one.status = Status::fail;
  one.diagnosis.emplace().title = "\xff" + std::string(296, 'x') + "\xe2\x82\xac\xe2\x82\xac";
  const auto is = outcome_of(one, {}, noon(), 0ms);
  EXPECT_EQ(is.summary, "\xef\xbf\xbd" + std::string(296, 'x'));
}

TEST(Outcome, SaysWhetherTheListsHoldTheTarget) {
  allowlist::Allowlist list;
  list.name = list.title = "list";
  list.direction = allowlist::Direction::outbound;
  list.retrieved = std::chrono::year{2026} / 6 / 1;
  list.fresh_for = std::chrono::days{30};
  list.entries.emplace_back().what = allowlist::parse_prefix("203.0.113.0/24")->prefix;
  const auto listed = [&](const char* target, const char* address) {
    Scene scene{target};
    scene.settings.allowlists = {list};
    scene.add(connected(to(address, 1433)));
    return outcome(scene);
  };
  EXPECT_EQ(listed("tcp://203.0.113.9:1433", "203.0.113.9").listed, true);
  EXPECT_EQ(listed("tcp://198.51.100.9:1433", "198.51.100.9").listed, false);
  EXPECT_EQ(listed("tcp://203.0.113.9:1433", "203.0.113.9").list_stale_at,
            std::chrono::sys_days{std::chrono::year{2026} / 7 / 2});
}

}  // namespace
}  // namespace fwprobe::monitor
