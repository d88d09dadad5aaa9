#include "reports/formats.h"

#include <algorithm>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "golden.h"
#include "reports/escape.h"
#include "sample_report.h"
#include "version.h"

namespace fwprobe::reports {
namespace {

using std::literals::operator""s;

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string rendered(std::string_view format, const Report& report, const RenderOptions& options = {}) {
  return find_format(format)->render(report, options);
}

std::string without_version(std::string text) {
  const std::string version = FWPROBE_VERSION;
  for (auto at = text.find(version); at != std::string::npos; at = text.find(version, at))
    text.replace(at, version.size(), "0.0.0");
  return text;
}

TEST(Formats, AreTheGoldenOnes) {
  const std::pair<const char*, const char*> files[] = {
      {"markdown", "report.md"}, {"junit", "report.junit.xml"}, {"tap", "report.tap"},
      {"csv", "report.csv"},     {"prometheus", "report.prom"}, {"nagios", "report.nagios"}};
  for (const auto& [format, file] : files)
    tests::expect_golden(file, without_version(rendered(format, tests::sample_report())));
}

TEST(Formats, AreNamedInOneTable) {
  EXPECT_THAT(format_names(), StartsWith("text, json, "));
  EXPECT_THAT(format_names(), EndsWith(" and nagios"));
  EXPECT_EQ(find_format("yaml"), nullptr);
  EXPECT_EQ(find_format("nagios")->exit_codes, ExitCodes::monitoring_plugin);
  EXPECT_EQ(std::ranges::count(formats(), ExitCodes::monitoring_plugin, &Format::exit_codes), 1);
}

Report only(checks::Investigation target) {
  auto report = tests::sample_report();
  report.targets = {std::move(target)};
  return report;
}

TEST(Formats, SayUnderStrictThatAWarningFails) {
  const auto report = only(tests::troubled_target());
  const RenderOptions strict{{}, true};
  const struct {
    const char *format, *mild, *strict;
  } rows[] = {
      {"junit", "failures=\"0\" errors=\"0\" skipped=\"0\"", "failures=\"2\" errors=\"0\" skipped=\"0\""},
      {"tap", "\nok 1 - ssh", "\nnot ok 1 - ssh"},
      {"prometheus", "fwprobe_target_success{target=\"ssh://[2001:db8::5]:22\",site=\"dmz\"} 1",
       "fwprobe_target_success{target=\"ssh://[2001:db8::5]:22\",site=\"dmz\"} 0"},
      {"nagios", "FWPROBE WARNING - ", "FWPROBE CRITICAL - "},
  };
  for (const auto& row : rows) {
    EXPECT_THAT(rendered(row.format, report), HasSubstr(row.mild)) << row.format;
    EXPECT_THAT(rendered(row.format, report, strict), HasSubstr(row.strict)) << row.format;
  }
}

TEST(Formats, DoNotPassATargetOfWhichNothingIsKnown) {
  auto nothing = tests::target(checks::Scheme::https, "a.test", 443);
  nothing.complete = false;
  nothing.status = checks::Status::error;
  auto report = only(std::move(nothing));
  report.complete = false;
  EXPECT_THAT(rendered("junit", report), HasSubstr("tests=\"1\" failures=\"0\" errors=\"1\""));
  EXPECT_THAT(rendered("tap", report), HasSubstr("\nnot ok 1 - https://a.test/"));
  EXPECT_THAT(rendered("tap", report),
              EndsWith("Bail out! interrupted: this is what was measured until then\n"));
  EXPECT_THAT(rendered("csv", report), HasSubstr("\"error\",\"\",\"nothing was measured\""));
  EXPECT_THAT(rendered("nagios", report), StartsWith("FWPROBE UNKNOWN - https://a.test/\n"));
  EXPECT_THAT(rendered("prometheus", report), HasSubstr("fwprobe_run_complete{site=\"dmz\"} 0"));
  EXPECT_THAT(rendered("markdown", report), HasSubstr("interrupted: this is what was measured until then"));
}

/// A report of many targets, each with a diagnosis of its own.
Report many(std::size_t count) {
  auto report = only(tests::filtered_target());
  for (std::size_t i = 1; i < count; ++i) {
    report.targets.push_back(report.targets.front());
    report.targets.back().target.host.name = report.targets.back().target.url.host.name =
        fmt::format("host-{}.example.com", i);
  }
  return report;
}

TEST(Formats, KeepToTheLengthThatTheirReadersTake) {
  for (const std::size_t count : {1U, 30U, 3000U}) {
    const auto report = many(count);
    const auto markdown = rendered("markdown", report);
    EXPECT_LT(markdown.size(), 65536U) << count;
    EXPECT_THAT(markdown, HasSubstr("### ❌ fail `https://azure.example.com/`"));
    const auto nagios = rendered("nagios", report);
    EXPECT_LT(nagios.size(), 8192U) << count;
    EXPECT_LT(nagios.find('\n'), 4096U) << count;
  }
  EXPECT_THAT(rendered("markdown", many(3000)), HasSubstr("more targets did not fit here"));
  EXPECT_THAT(rendered("nagios", many(3000)), EndsWith("… the rest is cut; --format text has it\n"));
}

TEST(Formats, PrometheusHasEachSeriesOnce) {
  auto report = only(tests::healthy_target());
  report.targets.push_back(tests::healthy_target());
  report.targets.back().status = checks::Status::fail;
  const auto text = rendered("prometheus", report);
  EXPECT_THAT(text,
              HasSubstr("fwprobe_target_success{target=\"https://ok.example.com:8443/\",site=\"dmz\"} 0"));
  EXPECT_THAT(
      text, Not(HasSubstr("fwprobe_target_success{target=\"https://ok.example.com:8443/\",site=\"dmz\"} 1")));
}

TEST(Formats, TheCertificateIsTheTargetsOwnAndTheFirstToEnd) {
  auto target = tests::healthy_target();
  target.settings = tests::sample_report().targets[0].settings;
  target.target.host.name = "azure.example.com";
  auto other = tests::handshake(3);
  other.question.policy = probe::TlsPolicy::comparison;
  other.chain[0].not_after = tests::day;
  tests::measure(target, {}, other);
  auto sooner = tests::handshake(3);
  sooner.chain[0].not_after = tests::day + std::chrono::days{7};
  tests::measure(target, {}, sooner);
  EXPECT_THAT(rendered("nagios", only(target)), HasSubstr(" 'certificate_days'=7;30:;0:"));
  EXPECT_THAT(
      rendered("prometheus", only(target)),
      HasSubstr("fwprobe_certificate_expiry_timestamp_seconds{target=\"https://ok.example.com:8443/\","
                "site=\"dmz\"} 1770456600.123000\n"));
}

TEST(EscapeForFormats, HostileTextsBecomeHarmless) {
  struct Row {
    const char* what;
    std::string got, wanted;
  };
  const Row rows[] = {
      {"XML has no tag of it", xml_text("</failure><x a='1'>&\""),
       "&lt;/failure&gt;&lt;x a=&#39;1&#39;&gt;&amp;&quot;"},
      {"XML has no character that is none", xml_text("\0\x1b\xff\xef\xbf\xbe"s), "\\x00\\x1B\\xFF\\u{FFFE}"},
      {"a formula is text", csv_field("=cmd|' /C calc'!A0"), "\"'=cmd|' /C calc'!A0\""},
      {"so it is behind spaces", csv_field("  +1"), "\"'  +1\""},
      {"and in full width", csv_field("＝1"), "\"'＝1\""},
      {"a quote in a field is doubled", csv_field("a\",\"=1"), "\"a\"\",\"\"=1\""},
      {"a line end stays in the field", csv_field("\r\n@x"), "\"\\r\\n@x\""},
      {"a mention is none", markdown_text("@octocat"), "@<!-- -->octocat"},
      {"a reference is none", markdown_text("#1 GH-2 !3"), "\\#<!-- -->1 GH<!-- -->-2 !<!-- -->3"},
      {"an address is no picture", markdown_text("2001:100::1"), "2001:<!-- -->100:<!-- -->:1"},
      {"a link is none", markdown_text("[x](http://e) www.e"), "\\[x\\](http:<!-- -->//e) www<!-- -->.e"},
      {"HTML is text", markdown_text("<img src=x>&lt;"), "&lt;img src=x&gt;&amp;lt;"},
      {"a number is no list", markdown_text("1. x"), "1\\. x"},
      {"a code span holds backticks", markdown_code("a``b`"), "``` a``b` ```"},
      {"and bars in tables", markdown_code("a|b"), "`a\\|b`"},
      {"a label keeps its quotes", prometheus_label("a\"b\\c\n"), "\"a\\\"b\\\\c\\\\n\""},
      {"a directive is none", tap_text("x # SKIP \\"), "x \\# SKIP \\\\"},
      {"YAML has no line end", yaml_text("a\n...\n\"#"), "\"a\\\\n...\\\\n\\\"#\""},
      {"no performance data", plugin_text("a|b<b>"), "a\\x7Cb\\x3Cb\\x3E"},
  };
  for (const auto& row : rows) EXPECT_EQ(row.got, row.wanted) << row.what;
  for (const auto& cut : {xml_text(std::string(500, '&'), 10), markdown_text(std::string(500, '<'), 10)})
    EXPECT_THAT(cut, HasSubstr("490 bytes"));
}

}  // namespace
}  // namespace fwprobe::reports
