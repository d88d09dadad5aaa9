#include "reports/path_picture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reports/picture_text.h"
#include "sample_report.h"

namespace fwprobe::reports {
namespace {

using namespace std::chrono_literals;
using probe::PathStep;
using probe::StepAnswer;
using testing::ElementsAre;
using tests::make_address;

PathStep expired(int lifetime, const std::string& router) {
  return {lifetime,
          StepAnswer::expired,
          probe::IcmpError{probe::IcmpError::Family::icmp, 11, 0, make_address(router), {}},
          {},
          1ms};
}
PathStep silent(int lifetime) { return {lifetime, StepAnswer::silence, {}, {}, {}}; }
PathStep answered(int lifetime) { return {lifetime, StepAnswer::accepted, {}, {}, 1ms}; }

probe::PathTrace trace(std::uint16_t port, std::vector<PathStep> steps) {
  return {{{make_address("203.0.113.9"), port}, probe::PathFlow::syn, 30, {}}, std::move(steps)};
}

/// SYNs to 203.0.113.9 port 443 are not answered; `steps` are theirs, `control` those to port 80.
checks::Investigation silent_target(std::vector<PathStep> steps, std::vector<PathStep> control,
                                    const checks::Location& location) {
  auto target = tests::target(checks::Scheme::https, "a.test", 443);
  tests::measure(target, 1ms, tests::environment());
  tests::measure(target, 2ms, tests::lookup("a.test", {"203.0.113.9"}));
  tests::measure(target, 31ms, tests::rejected("203.0.113.9", 443));
  tests::measure(target, 31ms, trace(443, std::move(steps)));
  tests::measure(target, 31ms, trace(80, std::move(control)));
  target.findings = {tests::finding(tests::Check::dns, "a.test", tests::Status::pass, "", {2}),
                     tests::finding(tests::Check::tcp, "203.0.113.9:443", tests::Status::fail, "", {3},
                                    tests::Cause::tcp_filtered),
                     tests::finding(tests::Check::tls, "a.test", tests::Status::skip, "")};
  target.status = tests::Status::fail;
  target.diagnosis.emplace();
  target.diagnosis->cause = tests::Cause::tcp_filtered;
  target.diagnosis->location = location;
  target.diagnosis->evidence = tests::ids({3, 4, 5});
  return target;
}

checks::Location behind(int hop, const char* router) {
  return {checks::Where::path, hop, make_address(router), checks::Precision::after, {}};
}

std::vector<std::string> titles(const PathPicture& picture) {
  std::vector<std::string> all;
  for (const auto& place : picture.places) all.push_back(place.title);
  return all;
}

TEST(PathPicture, BreaksTheLineBehindTheLastHopThatSawIt) {
  const auto picture = path_picture(
      silent_target({expired(1, "10.0.0.1"), expired(2, "10.0.0.2"), silent(3), silent(4)},
                    {expired(1, "10.0.0.1"), expired(2, "10.0.0.2"), expired(3, "10.0.0.3"), answered(4)},
                    behind(2, "10.0.0.2")));
  EXPECT_THAT(titles(picture), ElementsAre("Resolver", "This machine", "Hop 1", "Hop 2", "Hop 3", "Server"));
  EXPECT_EQ(picture.trouble, (Point{3, true}));
  EXPECT_TRUE(picture.places[4].of_controls);
  EXPECT_FALSE(picture.places[3].of_controls);
  ASSERT_EQ(picture.lanes.size(), 3U);
  EXPECT_EQ(picture.lanes[0].to, 0U);
  EXPECT_EQ(picture.lanes[0].mark, std::nullopt);
  EXPECT_EQ(picture.lanes[1].mark, (Point{3, true}));
  EXPECT_EQ(picture.lanes[2].status, tests::Status::skip);
  EXPECT_EQ(in_words(picture),
            "From one place to the next: Resolver (10.1.2.1); This machine (build-7, 10.1.2.3); Hop 1 "
            "(10.0.0.1); Hop 2 "
            "(10.0.0.2); Hop 3 (10.0.0.3); Server (a.test, 203.0.113.9:443). DNS: pass, 2.0 ms. TCP: fail, "
            "31 ms, behind Hop "
            "2. TLS: not reached.");
}

TEST(PathPicture, SaysWhereTheWayIsNotKnown) {
  const auto picture = path_picture(
      silent_target({expired(1, "10.0.0.1"), silent(2), silent(3), expired(4, "10.0.0.4"), silent(5)}, {},
                    behind(4, "10.0.0.4")));
  EXPECT_THAT(titles(picture),
              ElementsAre("Resolver", "This machine", "Hop 1", "Hops 2–3", "Hop 4", "Not known", "Server"));
  EXPECT_EQ(picture.places[3].kind, PlaceKind::silence);
  EXPECT_EQ(picture.trouble, (Point{4, true}));
}

TEST(PathPicture, KeepsTheHopsNearTheTroubleOfALongWay) {
  std::vector<PathStep> steps;
  for (int hop = 1; hop <= 20; ++hop) steps.push_back(expired(hop, "10.0.0." + std::to_string(hop)));
  steps.push_back(answered(21));
  const auto picture = path_picture(silent_target(steps, {}, behind(10, "10.0.0.10")));
  EXPECT_THAT(titles(picture), ElementsAre("Resolver", "This machine", "Hop 1", "Hops 2–8", "Hop 9", "Hop 10",
                                           "Hop 11", "Hops 12–19", "Hop 20", "Server"));
  EXPECT_EQ(picture.trouble, (Point{5, true}));
}

TEST(PathPicture, OfADeviceThatAnswersForEveryHopShowsItOnce) {
  std::vector<PathStep> steps;
  for (int hop = 1; hop <= 30; ++hop) steps.push_back(expired(hop, "10.0.0.1"));
  const auto picture = path_picture(silent_target(steps, {}, {checks::Where::path, {}, {}, {}, {}}));
  EXPECT_THAT(titles(picture), ElementsAre("Resolver", "This machine", "Hops 1–30", "Not known", "Server"));
  EXPECT_EQ(picture.trouble, (Point{3, false}));
}

struct Row {
  const char* name;
  checks::Location location;
  Point at;
};

TEST(PathPicture, MarksThePlaceOfTheDiagnosis) {
  using checks::Where;
  const Row rows[] = {
      {"at this machine", {Where::local, {}, {}, {}, {}}, {1, false}},
      {"at the resolver", {Where::resolver, {}, {}, {}, {}}, {0, false}},
      {"at the server", {Where::server, {}, {}, {}, {}}, {3, false}},
      {"before the first router", {Where::path, 0, {}, checks::Precision::after, {}}, {1, true}},
      {"at a hop that said so",
       {Where::path, 1, make_address("10.0.0.1"), checks::Precision::at, {}},
       {2, false}},
  };
  for (const auto& row : rows) {
    const auto picture = path_picture(silent_target({expired(1, "10.0.0.1"), answered(2)}, {}, row.location));
    EXPECT_EQ(picture.trouble, row.at) << row.name;
  }
}

TEST(PathPicture, GoesThroughTheProxy) {
  auto target = tests::healthy_target();
  target.settings = std::make_shared<const checks::Settings>(tests::settings());
  const auto picture = path_picture(target);
  EXPECT_THAT(titles(picture), ElementsAre("Resolver", "This machine", "Network", "Proxy", "Server"));
  EXPECT_THAT(picture.places[3].lines, ElementsAre("proxy.example.com:3128", "203.0.113.10"));
  EXPECT_EQ(picture.lanes[1].label, "TCP");
  EXPECT_EQ(picture.lanes[1].to, 3U);
  EXPECT_EQ(picture.lanes[3].to, 4U);
  EXPECT_EQ(picture.trouble, std::nullopt);
}

TEST(PathPicture, ShowsWhatWasSkippedOnlyBehindTheBreak) {
  auto target = silent_target({expired(1, "10.0.0.1")}, {}, behind(1, "10.0.0.1"));
  EXPECT_EQ(path_picture(target).lanes.size(), 3U);
  for (auto& finding : target.findings)
    if (finding.check != tests::Check::tls) finding.status = tests::Status::skip;
  EXPECT_TRUE(path_picture(target).lanes.empty());
}

TEST(PathPicture, OfNothingMeasured) {
  const auto picture = path_picture(tests::target(checks::Scheme::tcp, "a.test", 1));
  EXPECT_THAT(titles(picture), ElementsAre("This machine", "Network", "Server"));
  EXPECT_TRUE(picture.lanes.empty());
}

TEST(PathPicture, LeavesAListsVerdictOutOfTheWay) {
  auto target =
      silent_target({expired(1, "10.0.0.1"), answered(2)}, {}, {checks::Where::server, {}, {}, {}, {}});
  target.findings = {tests::finding(tests::Check::allowlist, "203.0.113.9", tests::Status::fail, "", {},
                                    tests::Cause::allowlist_address_not_listed)};
  target.diagnosis->cause = tests::Cause::allowlist_address_not_listed;
  EXPECT_EQ(path_picture(target).trouble, std::nullopt);
}

TEST(LabelLines, BreakBehindPunctuationAndSayWhatIsCut) {
  EXPECT_THAT(label_lines("192.0.2.1", 15, 2), ElementsAre("192.0.2.1"));
  EXPECT_THAT(label_lines("azure-devops.internal.example.com", 16, 3),
              ElementsAre("azure-devops.", "internal.", "example.com"));
  EXPECT_THAT(label_lines("2001:db8:1111:2222:3333:4444:5555:6666", 20, 2),
              ElementsAre("2001:db8:1111:2222:", "3333:4444:5555:6666"));
  EXPECT_THAT(label_lines(std::string(100, 'a'), 5, 2), ElementsAre("aaaaa", "aaaa…"));
  EXPECT_THAT(label_lines("漢字漢字", 4, 2), ElementsAre("漢字", "漢字"));
  EXPECT_THAT(label_lines("\x1b[2J", 20, 1), ElementsAre("\\x1B[2J"));
  EXPECT_THAT(label_lines("", 5, 2), ElementsAre());
}

}  // namespace
}  // namespace fwprobe::reports
