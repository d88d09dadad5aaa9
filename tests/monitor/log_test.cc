#include "monitor/log.h"

#include <algorithm>
#include <array>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

namespace fwprobe::monitor {
namespace {

const probe::WallClock::time_point time_of_test{std::chrono::seconds{1'769'851'800}};

TEST(Log, WritesLogfmtThatNoTextBreaks) {
  EXPECT_EQ(
      log_line(LogFormat::logfmt, time_of_test, LogLevel::warn, "change",
               {{"target", "web-1"}, {"summary", "said \"no\"\nlevel=info"}, {"cause", ""}, {"lost", 3}}),
      "time=2026-01-31T09:30:00.000Z level=warn event=change target=web-1"
      " summary=\"said \\\"no\\\"\\\\nlevel=info\" cause=\"\" lost=3\n");
}

TEST(Log, WritesJson) {
  EXPECT_EQ(log_line(LogFormat::json, time_of_test, LogLevel::error, "reload refused",
                     {{"reason", "a.yaml:3:1: \xff\"x\""}, {"targets", 7}}),
            "{\"time\":\"2026-01-31T09:30:00.000Z\",\"level\":\"error\",\"event\":\"reload refused\","
            "\"reason\":\"a.yaml:3:1: \\\\xFF\\\"x\\\"\",\"targets\":7}\n");
}

struct Pipe {
  Pipe() {
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) throw std::runtime_error{"pipe2"};
  }
  ~Pipe() {
    for (const int end : ends) ::close(end);
  }
  std::string read() const {
    std::string text(1 << 20U, '\0');
    const auto count = ::read(ends[0], text.data(), text.size());
    text.resize(count < 0 ? 0 : static_cast<std::size_t>(count));
    return text;
  }
  std::array<int, 2> ends{};
};

TEST(Log, IsBoundedAndSaysHowMuchWasLeftOut) {
  const Pipe pipe;
  Log log{LogFormat::logfmt, pipe.ends[1]};
  for (int i = 0; i < 5000; ++i) log.write(LogLevel::info, "x");
  const auto text = pipe.read();
  const auto lines = std::ranges::count(text, '\n');
  EXPECT_GE(lines, 200);
  EXPECT_LT(lines, 1000);
}

TEST(Log, DoesNotWaitForAReader) {
  const Pipe pipe;
  while (::write(pipe.ends[1], "....", 4) > 0) continue;
  Log log{LogFormat::logfmt, pipe.ends[1]};
  log.write(LogLevel::info, "lost");
  pipe.read();
  log.write(LogLevel::info, "kept");
  const auto text = pipe.read();
  EXPECT_NE(text.find("left_out=1"), std::string::npos) << text;
  EXPECT_NE(text.find("event=kept"), std::string::npos);
}

}  // namespace
}  // namespace fwprobe::monitor
