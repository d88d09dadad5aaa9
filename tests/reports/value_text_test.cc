#include "reports/value_text.h"

#include <gtest/gtest.h>

#include "checks/cause.h"
#include "checks/finding.h"
#include "checks/reach.h"
#include "checks/two_vantages.h"

namespace fwprobe {
namespace {

// The last value that an enumeration of one byte can hold; a report or a database of another version may have
// it.
template <typename Enum>
constexpr auto beyond = static_cast<Enum>(255);

TEST(ValueText, AValueThatIsNoEnumeratorHasNoName) {
  EXPECT_EQ(name(beyond<checks::Status>), "");
  EXPECT_EQ(name(beyond<checks::Check>), "");
  EXPECT_EQ(name(beyond<checks::Confidence>), "");
  EXPECT_EQ(name(beyond<checks::Where>), "");
  EXPECT_EQ(name(beyond<checks::Precision>), "");
  EXPECT_EQ(name(beyond<checks::Responsible>), "");
  EXPECT_EQ(name(beyond<checks::Reached>), "");
  EXPECT_EQ(name(beyond<checks::Fault>), "");
  EXPECT_EQ(reports::name(beyond<probe::StepAnswer>), "");
}

TEST(ValueText, OnlyTheNameOfAnEnumeratorIsRead) {
  EXPECT_EQ(reports::from_name<checks::Status>("fail"), checks::Status::fail);
  EXPECT_EQ(reports::from_name<checks::Status>("failed"), std::nullopt);
  EXPECT_EQ(reports::from_name<checks::Status>(""), std::nullopt);
  EXPECT_EQ(reports::enumerators<checks::Status>().size(), 5U);
}

}  // namespace
}  // namespace fwprobe
