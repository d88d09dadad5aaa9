#include "reports/hop_lines.h"

#include <gtest/gtest.h>

namespace fwprobe::reports {
namespace {

using asio::ip::make_address;
using probe::PathStep;
using probe::StepAnswer;
using namespace std::chrono_literals;

const probe::PathQuestion question{{make_address("192.0.2.80"), 443}, probe::PathFlow::syn, 30, {}};

PathStep expired(int lifetime, const char* sender) {
  return {lifetime, StepAnswer::expired, probe::IcmpError{{}, 11, 0, make_address(sender)}, {}, 2ms};
}
PathStep step(int lifetime, StepAnswer answer) { return {lifetime, answer, {}, {}, 2ms}; }
PathStep silent(int lifetime) { return {lifetime, StepAnswer::silence, {}, {}, {}}; }

TEST(HopLines, ComeOneByOneInTheirOrder) {
  HopLines lines{question};
  EXPECT_EQ(lines.take_ready({}), "\n192.0.2.80:443\n");
  lines.add(expired(2, "203.0.113.2"));
  EXPECT_EQ(lines.take_ready({}), "") << "the first may still answer";
  lines.add(expired(1, "198.51.100.1"));
  EXPECT_EQ(lines.take_ready({}), "     1  198.51.100.1 (2.0 ms)\n     2  203.0.113.2 (2.0 ms)\n");
  EXPECT_EQ(lines.take_ready({}), "");
  lines.add(step(4, StepAnswer::accepted));
  lines.add(step(3, StepAnswer::accepted));
  EXPECT_EQ(lines.take_ready({}), "     3  the service answered (2.0 ms)\n");
  EXPECT_TRUE(lines.done()) << "nothing is behind an answer that is no router's";
}

TEST(HopLines, WaitForANameThatIsAskedFor) {
  HopLines lines{question};
  lines.take_ready({});
  lines.add(expired(1, "198.51.100.1"));
  HopNames names{{"1.100.51.198.in-addr.arpa", std::nullopt}};
  EXPECT_EQ(lines.take_ready(names), "");
  names["1.100.51.198.in-addr.arpa"] = "r1.example\x1b[2J";
  EXPECT_EQ(lines.take_ready(names), "     1  198.51.100.1 r1.example\\x1B[2J (2.0 ms)\n");
  lines.add(expired(2, "203.0.113.2"));
  names["2.113.0.203.in-addr.arpa"] = "";
  EXPECT_EQ(lines.take_ready(names), "     2  203.0.113.2 (2.0 ms)\n") << "it has none";
}

TEST(HopLines, SayARunOfSilenceOnceWhenTheTraceHasEnded) {
  HopLines lines{question};
  lines.take_ready({});
  lines.add(expired(1, "198.51.100.1"));
  lines.add(expired(3, "203.0.113.6"));
  EXPECT_EQ(lines.take_ready({}), "     1  198.51.100.1 (2.0 ms)\n");
  EXPECT_FALSE(lines.done());
  lines.end({question,
             {expired(1, "198.51.100.1"), silent(2), silent(2), silent(3), expired(3, "203.0.113.6"),
              silent(4), silent(5), silent(6)}});
  EXPECT_EQ(lines.take_ready({}), "     2  no answer\n     3  203.0.113.6 (2.0 ms)\n   4-6  no answer\n");
  EXPECT_TRUE(lines.done());
}

TEST(HopLines, SayOnceThatNothingWasSent) {
  HopLines lines{question};
  lines.take_ready({});
  std::vector<PathStep> steps;
  for (int lifetime = 1; lifetime <= 3; ++lifetime)
    steps.push_back({lifetime,
                     StepAnswer::not_sent,
                     {},
                     probe::TransportFailure{{EPERM, std::system_category()}, {}},
                     {}});
  lines.end({question, steps});
  EXPECT_EQ(lines.take_ready({}), "   1-3  not sent: EPERM\n");
}

TEST(HopLines, ShowTheLabelsThatThePacketBore) {
  HopLines lines{question};
  lines.take_ready({});
  auto hop = expired(1, "198.51.100.1");
  hop.icmp->mpls = {{100, 0, false, 1}, {24001, 5, true, 255}};
  lines.add(hop);
  EXPECT_EQ(lines.take_ready({}),
            "     1  198.51.100.1 (2.0 ms), MPLS label 100 exp 0 ttl 1, MPLS label 24001 exp 5 ttl 255\n");
}

TEST(HopLines, OfATraceThatWasCutShortAreWhatIsKnown) {
  HopLines lines{question};
  lines.take_ready({});
  lines.add(expired(2, "203.0.113.2"));
  lines.cut_short();
  EXPECT_EQ(lines.take_ready({}), "     1  no answer\n     2  203.0.113.2 (2.0 ms)\n");
  EXPECT_TRUE(lines.done());
}

TEST(HopsText, HasThePathsOfTheTargetsOwnPortWithTheirNames) {
  checks::Investigation investigation;
  investigation.target = *checks::parse_target("tcp://192.0.2.80:443");
  auto& evidence = investigation.evidence;
  const auto control = probe::PathQuestion{{make_address("192.0.2.80"), 80}, probe::PathFlow::syn, 30, {}};
  evidence.add({{1}, {}, probe::PathTrace{question, {expired(1, "198.51.100.1")}}});
  evidence.add({{2}, {}, probe::PathTrace{control, {expired(1, "198.51.100.9")}}});
  probe::DnsLookup name;
  name.question = {"1.100.51.198.in-addr.arpa", probe::DnsType::ptr, {}, probe::DnsTransport::udp};
  name.names = {"r1.example"};
  evidence.add({{3}, {}, name});
  Report report;
  report.targets.push_back(std::move(investigation));
  EXPECT_EQ(hops_text(report), "\n192.0.2.80:443\n     1  198.51.100.1 r1.example (2.0 ms)\n\n");
}

}  // namespace
}  // namespace fwprobe::reports
