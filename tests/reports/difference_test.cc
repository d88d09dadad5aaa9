#include "reports/difference.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sample_report.h"

namespace fwprobe::reports {
namespace {

using checks::Cause;
using checks::Check;
using checks::Investigation;
using checks::Status;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using tests::finding;
using namespace std::chrono_literals;

using Edit = std::function<void(Investigation&)>;

void keep(Investigation&) {}

void diagnosed(Investigation& target, Status status, Cause cause, Check check) {
  target.status = status;
  target.findings.push_back(finding(check, "x", status, "wrong", {}, cause));
  target.diagnosis.emplace().cause = cause;
}

/// Fails there, and nothing behind it was looked at.
Edit stopped(Check check, Cause cause) {
  return [=](Investigation& target) {
    std::erase_if(target.findings, [&](const auto& one) { return one.check >= check; });
    diagnosed(target, Status::fail, cause, check);
  };
}

Edit warned(Check check, Cause cause) {
  return [=](Investigation& target) { diagnosed(target, Status::warn, cause, check); };
}

Edit unmeasured() {
  return [](Investigation& target) { target.status = Status::error; };
}

/// The sample's healthy target: its name, its certificate's name and its request agree.
Report run(const Edit& edit) {
  auto report = tests::sample_report();
  auto target = tests::healthy_target();
  target.settings = report.targets[0].settings;
  edit(target);
  report.targets = {target};
  return report;
}

/// The healthy target with one of its measurements made anew.
template <typename Fact>
Edit measured(std::function<void(Fact&)> change, probe::Clock::duration elapsed = 1ms) {
  return [=](Investigation& target) {
    checks::Evidence evidence;
    for (auto one : target.evidence.measurements()) {
      if (auto* fact = std::get_if<Fact>(&one.fact)) {
        change(*fact);
        one.time.elapsed = elapsed;
      }
      evidence.add(std::move(one));
    }
    target.evidence = evidence;
  };
}

TEST(Difference, SaysWhatGotBetterWorseAndOther) {
  const auto own =
      measured<probe::TlsHandshake>([](auto& tls) { tls.question.verify.name = "ok.example.com"; }, 64ms);
  const auto renewed = measured<probe::TlsHandshake>(
      [](auto& tls) {
        tls.question.verify.name = "ok.example.com";
        tls.chain[0].sha256 = std::string(64, 'b');
      },
      64ms);
  const auto elsewhere = [](Investigation& target) {
    stopped(Check::tcp, Cause::tcp_filtered)(target);
    target.diagnosis->location = {checks::Where::path, 3, {}, checks::Precision::after, {}};
  };
  struct Row {
    const char* what;
    Edit before, after;
    Trend trend;
    std::vector<std::string> changes;
  };
  const Row rows[] = {
      {"nothing changed", keep, keep, Trend::same, {}},
      {"a target that fails is worse",
       keep,
       stopped(Check::tcp, Cause::tcp_filtered),
       Trend::worse,
       {"status worse", "cause worse"}},
      {"one that passes again is better",
       stopped(Check::tcp, Cause::tcp_filtered),
       keep,
       Trend::better,
       {"status better", "cause better"}},
      {"a fault further along is better",
       stopped(Check::tcp, Cause::tcp_filtered),
       stopped(Check::tls, Cause::tls_certificate_expired),
       Trend::better,
       {"cause better"}},
      {"a fault nearer is worse",
       stopped(Check::http, Cause::http_not_found),
       stopped(Check::dns, Cause::dns_nxdomain),
       Trend::worse,
       {"cause worse"}},
      {"another fault of the layer is another",
       stopped(Check::tcp, Cause::tcp_filtered),
       stopped(Check::tcp, Cause::tcp_rejected),
       Trend::moved,
       {"cause moved"}},
      {"a new warning is worse",
       keep,
       warned(Check::tls, Cause::tls_certificate_expires_soon),
       Trend::worse,
       {"status worse", "problem worse"}},
      {"one warning for another is worse",
       warned(Check::tls, Cause::tls_certificate_expires_soon),
       warned(Check::tls, Cause::tls_intercepted),
       Trend::worse,
       {"problem worse", "problem better"}},
      {"a warning in place of a failure is better",
       stopped(Check::tcp, Cause::tcp_filtered),
       warned(Check::tls, Cause::tls_certificate_expires_soon),
       Trend::better,
       {"status better", "cause better"}},
      {"a problem that could not be seen before is none the worse",
       stopped(Check::tcp, Cause::tcp_filtered),
       [](Investigation& target) {
         stopped(Check::http, Cause::http_not_found)(target);
         target.findings.push_back(
             finding(Check::tls, "x", Status::warn, "soon", {}, Cause::tls_certificate_expires_soon));
       },
       Trend::better,
       {"cause better", "problem moved"}},
      {"what cannot be measured any more is worse", keep, unmeasured(), Trend::worse, {"status worse"}},
      {"unless it failed before",
       stopped(Check::tcp, Cause::tcp_filtered),
       unmeasured(),
       Trend::moved,
       {"status moved", "cause moved"}},
      {"another hop", stopped(Check::tcp, Cause::tcp_filtered), elsewhere, Trend::moved, {"place moved"}},
      {"other addresses",
       keep,
       measured<probe::DnsLookup>(
           [](auto& dns) { dns.addresses[0].address = tests::make_address("203.0.113.11"); }),
       Trend::moved,
       {"addresses moved"}},
      {"another certificate", own, renewed, Trend::moved, {"certificate moved"}},
      {"slower by classes",
       keep,
       measured<probe::TcpConnect>([](auto&) {}, 400ms),
       Trend::moved,
       {"latency moved"}},
      {"within a class", keep, measured<probe::TcpConnect>([](auto&) {}, 12ms), Trend::same, {}},
      {"at the edge of a class",
       measured<probe::TcpConnect>([](auto&) {}, 45ms),
       measured<probe::TcpConnect>([](auto&) {}, 55ms),
       Trend::same,
       {}},
  };
  for (const auto& row : rows) {
    const auto result = difference(run(row.before), run(row.after));
    ASSERT_EQ(result.targets.size(), 1U);
    std::vector<std::string> changes;
    for (const auto& change : result.targets[0].changes)
      changes.push_back(std::string{change.what} + " " + std::string{name(change.trend)});
    EXPECT_EQ(changes, row.changes) << row.what;
    EXPECT_EQ(result.targets[0].trend(), row.trend) << row.what;
    EXPECT_EQ(result.got_worse(), row.trend == Trend::worse) << row.what;
  }
}

TEST(Difference, TargetsOnlyInOneAreNamedAndDecideNothing) {
  auto before = run(keep), after = run(keep);
  after.targets.push_back(tests::filtered_target());
  before.targets.push_back(tests::troubled_target());
  const auto result = difference(before, after);
  EXPECT_FALSE(result.got_worse());
  const auto text = render_difference_text(result, {});
  EXPECT_THAT(text, HasSubstr("ONE     https://azure.example.com/: fail, only in the second report\n"));
  EXPECT_THAT(text, HasSubstr("ONE     ssh://[2001:db8::5]:22: warn, only in the first report\n"));
  EXPECT_THAT(text, HasSubstr("1 same, 2 only in one; from build-7"));
}

TEST(Difference, ATargetThatStandsTwiceIsComparedInItsPlace) {
  auto before = run(keep), after = run(keep);
  before.targets.push_back(run(stopped(Check::tcp, Cause::tcp_filtered)).targets[0]);
  after.targets.push_back(run(keep).targets[0]);
  const auto result = difference(before, after);
  ASSERT_EQ(result.targets.size(), 2U);
  EXPECT_EQ(result.targets[0].trend(), Trend::better);
  EXPECT_EQ(result.targets[1].trend(), Trend::same);
}

TEST(Difference, SaysWhyTheRunsCanBeComparedOnlyInPart) {
  auto before = run(keep), after = run(keep);
  EXPECT_THAT(difference(before, after).notes, testing::IsEmpty());
  after.started -= 1h;
  after.vantage.host = "build-8";
  after.complete = false;
  EXPECT_THAT(difference(before, after).notes,
              ElementsAre("the second report is older than the first", HasSubstr("--control"),
                          "the second run was interrupted"));
}

TEST(Difference, SaysTheSameInEveryForm) {
  auto after = run(stopped(Check::tcp, Cause::tcp_filtered));
  after.vantage.site = "\x1b[2J@all|#1";
  const auto result = difference(run(keep), after);
  const auto text = render_difference_text(result, {});
  EXPECT_THAT(text, testing::StartsWith("WORSE   https://ok.example.com:8443/: pass → fail\n"
                                        "  ✗ status      pass → fail\n"
                                        "  ✗ cause       new: tcp.filtered\n"));
  EXPECT_THAT(text, HasSubstr("\\x1B[2J"));
  EXPECT_THAT(render_difference_text(result, {true, 80, false}), HasSubstr("\x1b[1;31mWORSE"));
  const auto json = nlohmann::json::parse(render_difference_json(result, {}));
  EXPECT_EQ(json["schema"], "fwprobe/diff/v1");
  EXPECT_EQ(json["worse"], true);
  EXPECT_EQ(json["targets"][0]["changes"][1],
            nlohmann::json(
                {{"what", "cause"}, {"trend", "worse"}, {"before", nullptr}, {"after", "tcp.filtered"}}));
  const auto markdown = render_difference_markdown(result, {});
  EXPECT_THAT(markdown, HasSubstr("| **worse** | `https://ok.example.com:8443/` | pass → fail | | |\n"));
  EXPECT_THAT(markdown, Not(HasSubstr("@all|")));
}

}  // namespace
}  // namespace fwprobe::reports
