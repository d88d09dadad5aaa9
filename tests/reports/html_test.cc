#include "reports/html.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "markup.h"
#include "reports/formats.h"
#include "sample_report.h"

namespace fwprobe::reports {
namespace {

using std::literals::operator""s;

using testing::HasSubstr;
using testing::IsSubsetOf;
using testing::Lt;
using testing::Not;

std::string rendered(const Report& report) { return find_format("html")->render(report, {}); }

tests::Markup read(const std::string& page) {
  auto markup = tests::MarkupReader{page}.read();
  if (!markup) throw std::runtime_error{markup.error()};
  return std::move(*markup);
}

TEST(Html, EscapesTextsAndValues) {
  EXPECT_EQ(element("p", {{"title", "\"><b>'"}}, text("a < b & \"c\"")).markup(),
            "<p title=\"&quot;&gt;&lt;b&gt;&#39;\">a &lt; b &amp; &quot;c&quot;</p>");
  EXPECT_EQ(element("p", {{"class", ""}}, "x").markup(), "<p>x</p>");
  EXPECT_EQ(empty_element("meta", {{"charset", "utf-8"}}).markup(), "<meta charset=\"utf-8\"/>");
}

TEST(MarkupReader, RefusesWhatIsNotWellFormed) {
  for (const auto* broken :
       {"<p>", "<p></b>", "<p a=x></p>", "<p a=\"<\"></p>", "<p>&nbsp;</p>", "<p>&</p>", "</p>",
        "<p a=\"1\" a=\"2\"></p>", "<p>\x01</p>", "<p>\xff</p>", "<br>", "<!-- x -->"})
    EXPECT_FALSE(tests::MarkupReader{"<!DOCTYPE html>\n"s + broken}.read()) << broken;
  EXPECT_TRUE(tests::MarkupReader{"<!DOCTYPE html>\n<p a=\"&lt;\">&amp;<br/></p>\n"}.read());
}

/// The report of one target.
Report only(checks::Investigation target) {
  auto report = tests::sample_report();
  report.targets = {std::move(target)};
  return report;
}

TEST(HtmlReport, BeginsWithTheVerdictAndWhatToDo) {
  const auto page = read(rendered(only(tests::filtered_target()))).text;
  const std::string_view in_order[] = {"FAIL",       "A device on the path rejects the connection",
                                       "Where",      "at hop 2 (198.51.100.1)",
                                       "What to do", "On 198.51.100.1, allow TCP",
                                       "The path",   "Timings",
                                       "Findings",   "asked of 10.1.2.1:53"};
  std::size_t at = page.find("Measured from");
  for (const auto part : in_order) {
    const auto next = page.find(part, at);
    ASSERT_NE(next, std::string::npos) << part;
    at = next;
  }
}

TEST(HtmlReport, ShowsEachPartThatThereIsSomethingFor) {
  const auto all = rendered(tests::sample_report());
  for (const auto* part : {"3 targets: 1 failed, 1 warned, 1 passed", "<svg class=\"path wide\"",
                           "<svg class=\"path narrow\"", "class=\"waterfall\"", "class=\"chain\"",
                           "class=\"allowlist\"", "As rules to paste", "href=\"#t1-title\""})
    EXPECT_THAT(all, HasSubstr(part));
  Report empty;
  empty.targets.push_back(tests::target(checks::Scheme::tcp, "a.test", 1));
  const auto page = rendered(empty);
  for (const auto* part : {"waterfall\"", "class=\"chain\"", "class=\"allowlist\"", "What to do"})
    EXPECT_THAT(page, Not(HasSubstr(part)));
  EXPECT_THAT(page, HasSubstr("It could not be measured"));
}

TEST(HtmlReport, NamesTheOtherVantage) {
  auto target = tests::filtered_target();
  target.comparison = checks::Comparison{checks::Fault::here,
                                         checks::Confidence::high,
                                         "It works from there.",
                                         {"Another address."},
                                         {},
                                         "build-9 (dmz)",
                                         checks::Status::pass,
                                         {}};
  const auto page = read(rendered(only(target))).text;
  EXPECT_THAT(page, HasSubstr("Compared with build-9 (dmz)"));
  EXPECT_THAT(page, HasSubstr("here: at this vantage or on its way"));
}

/// `text` wherever something came from the network or a file.
Report with_text(const std::string& text) {
  auto report = tests::sample_report();
  report.run_id = report.vantage.host = text;
  report.vantage.site = text;
  auto settings = tests::settings();
  settings.allowlists[0].title = settings.allowlists[0].source = text;
  const auto shared = std::make_shared<const checks::Settings>(settings);
  for (auto& target : report.targets) {
    target.settings = shared;
    target.target.host.name = text;
    for (auto& finding : target.findings) {
      finding.summary = finding.subject = text;
      finding.remedy = {text};
    }
    if (target.diagnosis) {
      target.diagnosis->title = target.diagnosis->explanation = text;
      target.diagnosis->remedy = {text};
    }
    auto tls = tests::refused_handshake(0);
    tls.question.server_name = tls.chain[0].subject = tls.chain[0].issuer = tls.chain[0].sha256 = text;
    tls.chain[0].key_type = tls.chain[0].signature = tls.trusted_roots = text;
    tls.chain[0].dns_names = tls.verified_path = {text};
    tls.verify_errors[0].text = tls.result.error().reason = tls.result.error().first_bytes = text;
    tests::measure(target, {}, tls, text);
    tests::measure(target, {}, tests::lookup(text, {"192.0.2.1"}));
    tests::measure(target, {}, tests::hop_name("198.51.100.1", text));
    auto http = tests::exchange(0, text);
    http.question.request.url.path = http.result->reason = text;
    tests::measure(target, {}, http);
    auto machine = tests::environment();
    machine.host = text;
    tests::measure(target, {}, machine);
  }
  return report;
}

TEST(HtmlReport, HasNoMarkupFromTheNetwork) {
  const auto harmless = read(rendered(with_text("harmless")));
  const std::string hostile[] = {
      "<script>alert(1)</script>",
      "\"><img src=x onerror=alert(1)>",
      "' onload='alert(1)",
      "</title></style></svg><svg onload=alert(1)>",
      "]]><![CDATA[<!-- --> <?xml?> <!DOCTYPE x [<!ENTITY y \"z\">]> &y; &#x1; &lt;",
      "javascript:alert(1) url(https://evil.example/) @import",
      "a\0b\x01\x1b[31m\x7f\xc2\x9b"s,
      "\xff\xfe\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80 a\xe2\x82",
      "\u202Egnp.exe\u2066\u200B\uFEFF\u2028\uFFFE\uFFFF\U000E0041",
      "\n\r\t",
      "漢字 z\u0301\u0301\u0301\u0301\u0301\u0301\u0301 😀",
      "",
  };
  for (const auto& text : hostile) {
    const auto page = read(rendered(with_text(text)));
    const std::set<std::string> names{page.elements.begin(), page.elements.end()};
    EXPECT_THAT(names, IsSubsetOf(harmless.elements)) << text;
    EXPECT_THAT(page.attributes, IsSubsetOf(harmless.attributes)) << text;
    EXPECT_EQ(page.elements.count("script") + page.elements.count("img"), 0U) << text;
  }
}

TEST(HtmlReport, CutsLongTextsAndSaysSo) {
  const auto page = rendered(with_text(std::string(100'000, 'x')));
  EXPECT_THAT(page.size(), Lt(400'000U));
  EXPECT_THAT(page, HasSubstr("x… (+99000 bytes)"));
  EXPECT_NO_THROW(read(page));
}

TEST(HtmlReport, OfThousandsOfTargetsIsOfBoundedSize) {
  auto report = tests::sample_report();
  const auto failed = tests::filtered_target(), passed = tests::healthy_target();
  report.targets.assign(6000, passed);
  report.targets.push_back(failed);
  const auto page = rendered(report);
  EXPECT_THAT(page.size(), Lt(9'000'000U));
  EXPECT_THAT(page, HasSubstr("6001 targets: 1 failed, 6000 passed"));
  EXPECT_THAT(page, HasSubstr("id=\"t6001-title\""));
  EXPECT_THAT(page, HasSubstr("more targets are left out"));
  EXPECT_NO_THROW(read(page));
}

}  // namespace
}  // namespace fwprobe::reports
