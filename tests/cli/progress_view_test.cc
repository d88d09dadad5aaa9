#include "cli/progress_view.h"

#include <gmock/gmock.h>

namespace fwprobe::cli {
namespace {

using namespace std::chrono_literals;
using checks::Status;
using testing::ElementsAre;
using testing::SizeIs;

checks::Target target(const std::string& text) { return checks::parse_target(text).value(); }

const probe::Clock::time_point start{};

probe::Measurement connected(bool success) {
  probe::TcpConnect fact;
  if (!success) fact.result = std::unexpected{probe::ConnectFailure{}};
  return {probe::MeasurementId{1}, {}, fact, {}};
}

TEST(ProgressView, AFewTargetsHaveALineEachWithTheirLayers) {
  ProgressView view{2, start};
  const auto a = target("tcp://192.0.2.1:22");
  const auto b = target("tcp://192.0.2.2:22");
  view.asking(a, probe::TcpQuestion{.remote = {asio::ip::make_address("192.0.2.1"), 22}});
  EXPECT_THAT(view.lines({80, 24}, start), ElementsAre("tcp://192.0.2.1:22  … TCP  TCP 192.0.2.1:22"));
  view.asking(b, probe::TcpQuestion{.remote = {asio::ip::make_address("2001:db8::2"), 22}});
  view.answered(a, connected(true));
  view.answered(b, connected(false));
  EXPECT_THAT(view.lines({80, 24}, start), ElementsAre("tcp://192.0.2.1:22  ✓ TCP  TCP 192.0.2.1:22",
                                                       "tcp://192.0.2.2:22  ✗ TCP  TCP [2001:db8::2]:22"));
  view.finished(a, Status::pass);
  view.finished(b, Status::fail);
  EXPECT_THAT(view.lines({80, 24}, start),
              ElementsAre("tcp://192.0.2.1:22  ✓ TCP  ✓ passed", "tcp://192.0.2.2:22  ✗ TCP  ✗ failed"));
}

TEST(ProgressView, ManyTargetsHaveABarWithCountsAndTheTimeLeft) {
  ProgressView view{100, start};
  std::vector<checks::Target> targets(50, target("tcp://192.0.2.1:22"));
  for (const auto& one : targets)
    view.asking(one, probe::TcpQuestion{.remote = {asio::ip::make_address("192.0.2.1"), 22}});
  EXPECT_THAT(view.lines({80, 24}, start), SizeIs(2));
  EXPECT_EQ(view.lines({80, 24}, start)[0], "[..............................] 0 of 100 targets");
  for (std::size_t i = 0; i < 25; ++i) view.finished(targets[i], i == 0 ? Status::fail : Status::pass);
  EXPECT_EQ(view.lines({80, 24}, start + 10s)[0],
            "[#######.......................] 25 of 100 targets, 1 failed, about 30 s left");
  EXPECT_EQ(view.lines({80, 24}, start + 10s)[1], "tcp://192.0.2.1:22  … TCP  TCP 192.0.2.1:22");
}

TEST(ProgressView, StaysInsideTheScreen) {
  ProgressView view{8, start};
  const auto long_one = target("https://" + std::string(60, 'a') + ".example.com/");
  view.asking(long_one, probe::TcpQuestion{.remote = {asio::ip::make_address("192.0.2.1"), 443}});
  const auto lines = view.lines({40, 24}, start);
  ASSERT_THAT(lines, SizeIs(1));
  EXPECT_EQ(lines[0], "https://" + std::string(31, 'a') + "…");
  // Eight lines would be more than half of ten rows.
  EXPECT_EQ(view.lines({80, 10}, start)[0].front(), '[');
  EXPECT_THAT(view.lines({80, 3}, start), SizeIs(1));
}

}  // namespace
}  // namespace fwprobe::cli
