#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checks/explain.h"

namespace fwprobe::checks {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr const char* page = SOURCE_DIR "/docs/causes.md";

std::string read(const char* file) {
  std::ifstream stream{file};
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

/// What stands between the heading and the mark.
std::string by_hand(const std::string& text) {
  constexpr std::string_view heading = "# Causes\n\n";
  const auto end = text.find(generated_mark);
  if (!text.starts_with(heading) || end == std::string::npos) return {};
  return text.substr(heading.size(), end - heading.size());
}

TEST(CausesPage, SaysWhatTheTableSays) {
  const auto written = read(page);
  const auto current = causes_markdown(by_hand(written));
  if (std::getenv("FWPROBE_UPDATE_GOLDEN") != nullptr) std::ofstream{page} << current;
  EXPECT_EQ(read(page), current) << "docs/causes.md is stale: run this test with FWPROBE_UPDATE_GOLDEN=1";
}

TEST(CausesPage, HasTheRulesOfTheDiagnosisInIt) {
  EXPECT_THAT(by_hand(read(page)), HasSubstr("Which cause wins"));
}

TEST(CauseTable, HasACodeOfItsOwnForEveryCause) {
  std::set<std::string_view> codes;
  for (const auto& row : causes()) {
    EXPECT_TRUE(codes.insert(row.code).second) << row.code;
    EXPECT_EQ(cause_from(row.code), row.cause);
    EXPECT_EQ(checks::row(row.cause).code, row.code);
  }
  EXPECT_FALSE(cause_from("tcp.no_such_cause"));
  EXPECT_FALSE(cause_from(""));
}

TEST(CauseTable, ExplainsEveryCause) {
  for (const auto& row : causes()) {
    SCOPED_TRACE(row.code);
    EXPECT_FALSE(row.title.empty());
    EXPECT_TRUE(row.meaning.ends_with('.'));
    EXPECT_TRUE(row.told_apart.ends_with('.'));
    EXPECT_FALSE(row.remedy.empty());
    EXPECT_THAT(std::string{row.meaning} + std::string{row.told_apart}, Not(HasSubstr("{")))
        << "only the remedy is filled in by a report";
  }
}

TEST(CauseTable, ARemedyNamesTheConcreteAddress) {
  EXPECT_THAT(
      remedy(Cause::tcp_rejected, {{"address", "203.0.113.9"}, {"port", "443"}, {"sender", "192.0.2.1"}}),
      testing::ElementsAre(
          "Allow TCP from this machine to 203.0.113.9 port 443 on 192.0.2.1, which rejects it."));
}

TEST(CauseTable, ARemedyLineWithAnUnknownFactIsLeftOut) {
  EXPECT_THAT(remedy(Cause::tcp_rejected, {{"address", "203.0.113.9"}}), testing::IsEmpty());
  EXPECT_THAT(remedy(Cause::tcp_filtered, {{"address", "203.0.113.9"}}), testing::SizeIs(1));
}

TEST(Explain, PrintsThePageOfACause) {
  const auto text = explain_text(row(Cause::tcp_filtered));
  EXPECT_THAT(text, HasSubstr("tcp.filtered\n"));
  EXPECT_THAT(text, HasSubstr("What to do\n"));
  EXPECT_THAT(text, HasSubstr("[address]")) << "a placeholder stands for what a report fills in";
  std::istringstream lines{text};
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80U) << line;
}

TEST(Explain, ListsEveryCause) {
  const auto text = explain_all();
  for (const auto& row : causes()) EXPECT_THAT(text, HasSubstr(row.code));
}

}  // namespace
}  // namespace fwprobe::checks
