#include "checks/expectation.h"

#include <gtest/gtest.h>

#include "checks/builders.h"
#include "checks/investigation.h"

namespace fwprobe::checks {
namespace {

/// As conclude() leaves it before it is held against anything.
Investigation measured(Status status, std::optional<Cause> cause) {
  Investigation investigation;
  investigation.target = *parse_target("tcp://db.example.com:1433");
  auto finding = pass(Check::tcp, "192.0.2.1:1433", "what was met", {probe::MeasurementId{2}});
  finding.status = status;
  finding.cause = cause;
  investigation.findings.push_back(finding);
  investigation.status = status;
  if (status == Status::fail || status == Status::error) {
    investigation.diagnosis.emplace();
    investigation.diagnosis->cause = cause;
    investigation.diagnosis->title = "title";
    investigation.diagnosis->evidence = finding.evidence;
  }
  return investigation;
}

struct Row {
  const char* what;
  Expectation expected;
  Status status;
  std::optional<Cause> cause;
  Status held;
  std::optional<Cause> root;
};

TEST(Expectations, DecideTheVerdictOfWhatShouldFail) {
  constexpr std::nullopt_t none = std::nullopt;
  const Row rows[] = {
      {"a failure with the cause",
       {Status::fail, Cause::tcp_rejected},
       Status::fail,
       Cause::tcp_rejected,
       Status::pass,
       none},
      {"a failure with any cause",
       {Status::fail, none},
       Status::fail,
       Cause::tcp_filtered,
       Status::pass,
       none},
      {"another cause",
       {Status::fail, Cause::tcp_rejected},
       Status::fail,
       Cause::tcp_filtered,
       Status::fail,
       Cause::expect_other_cause},
      {"no failure",
       {Status::fail, Cause::tcp_rejected},
       Status::pass,
       none,
       Status::fail,
       Cause::expect_open},
      {"a warning is no failure",
       {Status::fail, none},
       Status::warn,
       Cause::http_redirect_off_host,
       Status::fail,
       Cause::expect_open},
      {"not measured", {Status::fail, none}, Status::error, none, Status::error, none},
  };
  for (const auto& row : rows) {
    auto investigation = measured(row.status, row.cause);
    investigation.held = Held{row.expected, {}, {}};
    hold(investigation);
    EXPECT_EQ(investigation.status, row.held) << row.what;
    EXPECT_EQ(investigation.diagnosis ? investigation.diagnosis->cause : none, row.root) << row.what;
    EXPECT_EQ(investigation.held->measured, row.status) << row.what;
    EXPECT_EQ(investigation.findings.front().status, row.status) << row.what << ": findings stay as measured";
    EXPECT_EQ(investigation.findings.size(), 2U) << row.what;
    if (row.root) {
      EXPECT_FALSE(investigation.diagnosis->remedy.empty()) << row.what;
      EXPECT_FALSE(investigation.diagnosis->evidence.empty()) << row.what;
    }
  }
}

TEST(Expectations, AreWrittenAsSuitesHaveThem) {
  EXPECT_EQ(text(Expectation{}), "pass");
  EXPECT_EQ(text(Expectation{Status::fail, Cause::tcp_rejected}), "fail tcp.rejected");
}

}  // namespace
}  // namespace fwprobe::checks
