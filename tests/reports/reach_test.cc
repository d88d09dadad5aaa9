#include "reports/reach.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

namespace fwprobe::reports {
namespace {

using checks::EntryReach, checks::Reached, checks::WayReach;
using testing::HasSubstr;

/// A list of so many addresses that only what is remarkable is shown of it, all of which accept.
class LongList : public testing::Test {
 protected:
  LongList() {
    list_.name = "long";
    list_.entries.resize(50);
    report_.list = &list_;
    for (std::size_t i = 0; i < list_.entries.size(); ++i) {
      list_.entries[i].published = fmt::format("192.0.2.{}", i);
      WayReach way;
      way.reach = Reached::reachable;
      report_.survey.entries.push_back({&list_.entries[i], Reached::reachable, "accepted", {way}});
    }
  }
  std::string text() const { return render_text(report_, {}); }

  allowlist::Allowlist list_;
  ReachReport report_;
};

TEST_F(LongList, AnAnswerOfWhomeverIsShown) {
  report_.survey.entries[7].ways.front().confidence = checks::Confidence::low;
  EXPECT_THAT(text(), HasSubstr("✓ 192.0.2.7 "));
  EXPECT_THAT(text(), HasSubstr("49 reachable and 0 skipped entries are not shown"));
}

}  // namespace
}  // namespace fwprobe::reports
