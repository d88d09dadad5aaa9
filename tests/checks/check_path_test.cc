#include <gtest/gtest.h>

#include "checks/checks.h"
#include "checks/hop_names.h"
#include "tests/checks/measurements.h"

namespace fwprobe::checks {
namespace {

using namespace measured;
using probe::StepAnswer;

const auto syn = to("192.0.2.80", 443);

/// By lifetime: an address for a router, "yes" for the server's SYN-ACK, "" for silence.
probe::PathTrace trace(const std::vector<std::string>& answers, int hops = 30) {
  probe::PathTrace made{{{ip("192.0.2.80"), 443}, probe::PathFlow::syn, hops, {}}, {}};
  for (const auto& answer : answers) {
    probe::PathStep step{static_cast<int>(made.steps.size()) + 1, StepAnswer::silence, {}, {}, 1ms};
    if (answer == "yes") {
      step.answer = StepAnswer::accepted;
    } else if (!answer.empty()) {
      step.answer = StepAnswer::expired;
      step.icmp = icmp(11, 0, answer.c_str());
    }
    made.steps.push_back(step);
  }
  return made;
}

struct Row {
  const char* name;
  std::vector<std::string> answers;
  const char* said;
};

const Row rows[] = {
    {"behind two routers",
     {"198.51.100.1", "203.0.113.2", "yes"},
     "pass high: accepted from a distance of 3, behind hop 2 (203.0.113.2)"},
    {"behind a silent router",
     {"198.51.100.1", "", "yes"},
     "pass medium: accepted from a distance of 3; hop 2 does not answer"},
    {"on the same network, or something in front of it",
     {"yes"},
     "pass medium: accepted from a distance of 1: no router lies between, or one accepts in the server's "
     "name"},
    {"a router further away than the answer",
     {"198.51.100.1", "yes", "203.0.113.6"},
     "pass low: a SYN is accepted from a distance of 2, and yet hop 3 (203.0.113.6) was met further away"},
    {"one device in the place of many hops",
     {"198.51.100.1", "10.0.0.1", "10.0.0.1", "10.0.0.1", "yes"},
     "pass low: accepted from a distance of 5, behind hop 4 (10.0.0.1)"},
    {"the same private address twice is no reason for doubt",
     {"10.0.0.1", "10.0.0.1", "yes"},
     "pass high: accepted from a distance of 3, behind hop 2 (10.0.0.1)"},
    {"the lifetimes do not get there",
     {"198.51.100.1", "203.0.113.2"},
     "skip high: traced as far as hop 2 (203.0.113.2); the server, which accepts the connection, is further "
     "away"},
    {"nobody says anything", {"", ""}, "skip high: no router on the way answers, so its distance is unknown"},
};

TEST(CheckPath, SaysHowFarAnAddressIs) {
  for (const auto& row : rows) {
    Scene scene{"tcp://192.0.2.80:443"};
    scene.add(connected(syn)).add(trace(row.answers));
    const auto evidence = scene.evidence();
    const auto findings = check_path({scene.target, scene.settings, evidence});
    ASSERT_EQ(findings.size(), 1U) << row.name;
    EXPECT_EQ(
        fmt::format("{} {}: {}", name(findings[0].status), name(findings[0].confidence), findings[0].summary),
        row.said)
        << row.name;
  }
}

TEST(CheckPath, SaysNothingOfAnAddressThatWasNotTracedOrDoesNotAccept) {
  Scene untraced{"tcp://192.0.2.80:443"};
  untraced.add(connected(syn));
  const auto without = untraced.evidence();
  EXPECT_TRUE(check_path({untraced.target, untraced.settings, without}).empty());
  Scene failing{"tcp://192.0.2.80:443"};
  failing.add(silent(syn)).add(trace({"198.51.100.1", ""}));
  const auto silence = failing.evidence();
  EXPECT_TRUE(check_path({failing.target, failing.settings, silence}).empty());
}

TEST(HopNames, AreAskedOfTheFirstResolverForWhoeverAnswers) {
  Scene scene{"tcp://192.0.2.80:443"};
  scene.settings.dns_servers = {{ip("192.0.2.53"), 53}, {ip("192.0.2.54"), 53}};
  const auto evidence = scene.evidence();
  const auto steps = trace({"198.51.100.1", ""}).steps;
  const auto questions = name_questions({scene.target, scene.settings, evidence}, steps[0]);
  ASSERT_EQ(questions.size(), 1U);
  const auto& question = std::get<probe::DnsQuestion>(questions[0].question);
  EXPECT_EQ(question.name, "1.100.51.198.in-addr.arpa");
  EXPECT_EQ(question.type, probe::DnsType::ptr);
  EXPECT_EQ(question.resolver.address(), ip("192.0.2.53"));
  EXPECT_TRUE(is_optional(question)) << "no run goes on for a name";
  EXPECT_TRUE(name_questions({scene.target, scene.settings, evidence}, steps[1]).empty()) << "silence";
  scene.settings.hop_names = false;
  EXPECT_TRUE(name_questions({scene.target, scene.settings, evidence}, steps[0]).empty()) << "--no-names";
}

}  // namespace
}  // namespace fwprobe::checks
