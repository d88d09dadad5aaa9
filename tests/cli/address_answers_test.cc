#include "cli/address_answers.h"

#include <gtest/gtest.h>

namespace fwprobe::cli {
namespace {

std::string repeated(std::string_view line, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += line;
  return text;
}

TEST(PartsOfLines, AreWholeLinesInTheirOrder) {
  struct Case {
    const char* name;
    std::string text;
    std::size_t most;
    std::size_t parts;
  };
  const Case cases[] = {
      {"nothing", "", 4, 1},
      {"few lines stay together", repeated("192.0.2.1\n", 100), 4, 1},
      {"one core", repeated("192.0.2.1\n", 30'000), 1, 1},
      {"many lines", repeated("192.0.2.1\n", 30'000), 4, 4},
      {"not worth the fourth", repeated("2001:db8::1\r\n", 8'000), 4, 3},
      {"one long line", std::string(200'000, '#') + '\n', 4, 4},
  };
  for (const auto& [name, text, most, count] : cases) {
    const auto parts = parts_of_lines(text, most);
    EXPECT_EQ(parts.size(), count) << name;
    std::string together;
    for (const auto part : parts) {
      EXPECT_TRUE(part.empty() || part.ends_with('\n')) << name;
      together += part;
    }
    EXPECT_EQ(together, text) << name;
  }
}

TEST(PartsOfLines, AreAboutEqual) {
  for (const auto part : parts_of_lines(repeated("192.0.2.1\n", 30'000), 4)) {
    EXPECT_GT(part.size(), 74'000U);
    EXPECT_LT(part.size(), 76'000U);
  }
}

class AnswersTest : public testing::Test {
 protected:
  AnswersTest() {
    for (const auto* text : {"192.0.2.0/24", "2001:db8::/32"}) {
      auto& entry = list_.entries.emplace_back();
      entry.what = allowlist::parse_prefix(text)->prefix;
      entry.published = text;
    }
    list_.entries.front().purpose = "office";
    list_.entries.front().ports = {{443, 443}};
  }

  allowlist::Allowlist list_;
};

TEST_F(AnswersTest, AreALineEach) {
  const allowlist::EntryIndex index{list_, std::chrono::year{2026} / 11 / 25};
  Answers answers{list_, index};
  const auto read = answers.add_lines(
      "192.0.2.1\n# office\n\n192.0.3.1\r\n 192.0.2.1:443\n192.0.2.1:80 # "
      "proxy\n2001:db8::1\n[2001:db9::1]:22\n"
      "::ffff:192.0.2.1\n");
  EXPECT_EQ(read.lines, 9);
  EXPECT_EQ(read.wrong, "");
  EXPECT_EQ(answers.text(),
            "yes\t192.0.2.1\t192.0.2.0/24\toffice\n"
            "no\t192.0.3.1\tnearest 192.0.2.0/24\toffice\n"
            "yes\t192.0.2.1:443\t192.0.2.0/24\toffice\n"
            "no\t192.0.2.1:80\twith other ports in 192.0.2.0/24\toffice\n"
            "yes\t2001:db8::1\t2001:db8::/32\n"
            "no\t[2001:db9::1]:22\tnearest 2001:db8::/32\n"
            "yes\t::ffff:192.0.2.1\t192.0.2.0/24\toffice\n");
  EXPECT_FALSE(answers.all());
}

TEST_F(AnswersTest, EndAtTheFirstWrongLine) {
  const allowlist::EntryIndex index{list_, std::chrono::year{2026} / 11 / 25};
  Answers answers{list_, index};
  const auto read = answers.add_lines("192.0.2.1\n\nhello\nworld\n");
  EXPECT_EQ(read.lines, 3);
  EXPECT_TRUE(read.wrong.starts_with("'hello' is not an address")) << read.wrong;
  EXPECT_TRUE(answers.all());
}

}  // namespace
}  // namespace fwprobe::cli
