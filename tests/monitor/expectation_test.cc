#include <gtest/gtest.h>

#include "monitor/outcome.h"

namespace fwprobe::monitor {
namespace {

using checks::Cause;
using checks::Status;

struct Row {
  const char* name;
  Expectation expect;
  Status status;
  std::optional<Cause> cause;
  bool met;
};

const Row rows[] = {
    {"what must be open is open", {}, Status::pass, {}, true},
    {"what must be open works, with a warning", {}, Status::warn, Cause::tls_certificate_expires_soon, true},
    {"what must be open is closed", {}, Status::fail, Cause::tcp_filtered, false},
    {"what must be open could not be measured", {}, Status::error, {}, false},
    {"what must be closed is closed", {Status::fail, {}}, Status::fail, Cause::tcp_rejected, true},
    {"what must be closed is open", {Status::fail, {}}, Status::pass, {}, false},
    {"not measured is not closed", {Status::fail, {}}, Status::error, Cause::tcp_filtered, false},
    {"closed for the reason", {Status::fail, Cause::tcp_rejected}, Status::fail, Cause::tcp_rejected, true},
    {"closed for another", {Status::fail, Cause::tcp_rejected}, Status::fail, Cause::tcp_filtered, false},
    {"closed for a reason not known", {Status::fail, Cause::tcp_rejected}, Status::fail, {}, false},
};

TEST(Expectation, SaysWhetherARunIsAsItShouldBe) {
  for (const auto& row : rows) {
    checks::Investigation investigation;
    investigation.status = row.status;
    if (row.status != Status::pass) investigation.diagnosis.emplace().cause = row.cause;
    EXPECT_EQ(meets(row.expect, investigation), row.met) << row.name;
  }
}

}  // namespace
}  // namespace fwprobe::monitor
