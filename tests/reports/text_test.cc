#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "golden.h"
#include "reports/escape.h"
#include "reports/text_layout.h"
#include "sample_report.h"

namespace fwprobe::reports {
namespace {

using std::literals::operator""s;

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream{text};
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(Text, IsTheGoldenReport) {
  const auto report = tests::sample_report();
  for (const int width : {40, 80, 120})
    tests::expect_golden(fmt::format("report-{}.txt", width), render_text(report, {false, width, false}));
  tests::expect_golden("report-verbose.txt", render_text(report, {false, 100, true}));
  tests::expect_golden("report-color.txt", render_text(report, {true, 80, false}));
}

/// All but the rules, which stand as they are pasted.
std::vector<std::string> wrapped_lines(const std::string& text) {
  std::vector<std::string> lines;
  bool in_rules = false;
  for (auto& line : lines_of(text)) {
    in_rules = line == "Rules" || (in_rules && !line.empty());
    if (!in_rules) lines.push_back(std::move(line));
  }
  return lines;
}

TEST(Text, KeepsToTheWidth) {
  for (const int width : {40, 80, 120})
    for (const bool verbose : {false, true})
      for (const auto& line : wrapped_lines(render_text(tests::sample_report(), {false, width, verbose}))) {
        const auto word = line.find_last_of(' ');
        const bool one_word = line.find_first_not_of(' ') > word || word == std::string::npos;
        EXPECT_TRUE(columns(line) <= static_cast<std::size_t>(width) || one_word) << width << ": " << line;
      }
}

TEST(Text, HasRulesAsTheyArePasted) {
  for (const int width : {40, 120})
    EXPECT_THAT(
        lines_of(render_text(tests::sample_report(), {false, width, true})),
        testing::Contains("    iptables -I FORWARD -s 10.1.2.3 -d 203.0.113.9 -p tcp --dport 443 -j ACCEPT"));
}

TEST(Text, SaysTheVerdictFirst) {
  auto report = tests::sample_report();
  report.targets.resize(1);
  const auto text = render_text(report, {});
  EXPECT_THAT(text,
              StartsWith("FAIL  https://azure.example.com/: A device on the path rejects the connection\n"));
  EXPECT_THAT(text, Not(HasSubstr("Summary")));
  report.targets = {tests::healthy_target()};
  EXPECT_THAT(render_text(report, {}), StartsWith("PASS  https://ok.example.com:8443/\n"));
}

TEST(Text, HasColoursOnlyWhenAskedFor) {
  EXPECT_THAT(render_text(tests::sample_report(), {false, 80, true}), Not(HasSubstr("\x1b")));
  EXPECT_THAT(render_text(tests::sample_report(), {true, 80, false}), StartsWith("\x1b[1;31mFAIL"));
}

TEST(Text, SaysThatItWasInterrupted) {
  auto report = tests::sample_report();
  report.complete = false;
  EXPECT_THAT(render_text(report, {}), HasSubstr("interrupted"));
}

TEST(Text, OfATargetWithoutAnyMeasurement) {
  Report report;
  report.targets.push_back(tests::target(checks::Scheme::tcp, "a.test", 1));
  report.targets[0].status = checks::Status::error;
  EXPECT_THAT(render_text(report, {}), StartsWith("ERROR tcp://a.test:1\n"));
}

struct Hostile {
  const char* name;
  std::string text;
  const char* shown;
};

const Hostile hostile[] = {
    {"letters of any script stay", "çok güzel 漢字 😀", "çok güzel 漢字 😀"},
    {"an escape sequence", "\x1b[31mred", "\\x1B[31mred"},
    {"a title change", "\x1b]0;owned\x07", "\\x1B]0;owned\\x07"},
    {"a carriage return that would overwrite", "FAIL\rPASS", "FAIL\\rPASS"},
    {"a line of its own", "x\nPASS https://a.test/", "x\\nPASS https://a.test/"},
    {"a tab", "a\tb", "a\\tb"},
    {"a NUL", "a\0b"s, "a\\x00b"},
    {"backspaces", "secret\x08\x08", "secret\\x08\\x08"},
    {"DEL", "\x7f", "\\x7F"},
    {"a C1 control in UTF-8",
     "\xc2\x9b"
     "31m",
     "\\u{009B}31m"},
    {"a C1 control as a byte",
     "\x9b"
     "31m",
     "\\x9B31m"},
    {"text from right to left", "\u202Egnp.exe", "\\u{202E}gnp.exe"},
    {"isolates", "\u2066a\u2069", "\\u{2066}a\\u{2069}"},
    {"an invisible space", "a\u200Bb", "a\\u{200B}b"},
    {"a byte order mark", "\uFEFFa", "\\u{FEFF}a"},
    {"a line separator", "a\u2028b", "a\\u{2028}b"},
    {"tag characters", "a\U000E0041", "a\\u{E0041}"},
    {"overlong UTF-8", "\xc0\xaf", "\\xC0\\xAF"},
    {"a surrogate in UTF-8", "\xed\xa0\x80", "\\xED\\xA0\\x80"},
    {"UTF-8 that is cut short", "a\xe2\x82", "a\\xE2\\x82"},
    {"behind Unicode", "\xf4\x90\x80\x80", "\\xF4\\x90\\x80\\x80"},
    {"one letter with many marks", "z\u0301\u0301\u0301\u0301\u0301\u0301",
     "z\u0301\u0301\u0301\u0301\\u{0301}\\u{0301}"},
};

TEST(Printable, HostileTexts) {
  for (const auto& row : hostile) EXPECT_EQ(printable(row.text), row.shown) << row.name;
}

TEST(Printable, LongTextsAreCutAndSaySo) {
  EXPECT_EQ(printable(std::string(300, 'x')), std::string(300, 'x'));
  EXPECT_EQ(printable(std::string(1'000'000, 'x'), 5), "xxxxx… (+999995 bytes)");
  EXPECT_EQ(printable("漢字漢字", 5), "漢字… (+6 bytes)");
  EXPECT_LT(printable(std::string(1'000'000, '\x1b')).size(), 400U);
}

TEST(Printable, ColumnsOfATerminal) {
  EXPECT_EQ(columns(""), 0U);
  EXPECT_EQ(columns("abc"), 3U);
  EXPECT_EQ(columns("çé─✓"), 4U);
  EXPECT_EQ(columns("漢字"), 4U);
  EXPECT_EQ(columns("e\u0301"), 1U);
}

TEST(Text, EscapesWhateverComesFromTheNetwork) {
  for (const auto& row : hostile) {
    auto report = tests::sample_report();
    for (auto& target : report.targets) {
      target.target.host.name = row.text;
      for (auto& finding : target.findings) {
        finding.summary = finding.subject = row.text;
        finding.remedy = {row.text};
      }
      if (target.diagnosis) {
        target.diagnosis->title = target.diagnosis->explanation = row.text;
        target.diagnosis->remedy = {row.text};
      }
      const auto t = row.text;
      auto http = tests::exchange(0, t);
      http.question.request.url.path = t;
      http.result->reason = t;
      http.result->headers = {{t, t}};
      tests::measure(target, {}, http);
      auto cut = tests::cut_exchange(0);
      cut.result.error().detail = cut.result.error().first_bytes = t;
      tests::measure(target, {}, cut);
      auto tls = tests::refused_handshake(0);
      tls.question.server_name = tls.chain[0].subject = tls.chain[0].issuer = tls.ocsp_detail = t;
      tls.chain[0].dns_names = {t};
      tls.verify_errors[0].text = tls.result.error().reason = tls.result.error().first_bytes = t;
      tests::measure(target, {}, tls);
      auto ssh = tests::no_host_key(0);
      ssh.question.host_key_type = t;
      ssh.result = probe::SshIdentification{t, t, t};
      ssh.offer->key_exchange = ssh.offer->host_key = ssh.offer->ciphers_to_client = {t};
      ssh.offer->macs_to_client = ssh.key_failure->ours->key_exchange = {t};
      ssh.host_key = probe::SshHostKey{t, 0, t};
      tests::measure(target, {}, ssh);
      ssh.key_failure->transport.reset();
      ssh.key_failure->reason = t;
      tests::measure(target, {}, ssh);
      auto lookup = tests::lookup(t, {"192.0.2.1"});
      lookup.aliases[0].to = lookup.detail = t;
      tests::measure(target, {}, lookup);
      auto tunnel = tests::refused_tunnel(0);
      tunnel.result.error().auth_schemes = {t};
      tunnel.result.error().detail = t;
      tests::measure(target, {}, tunnel);
      auto connect = tests::connected("192.0.2.1", 1);
      connect.result->greeting = t;
      tests::measure(target, {}, connect, t);
    }
    report.vantage.host = row.text;
    report.vantage.site = row.text;
    const auto text = render_text(report, {false, 80, true});
    for (std::string_view rest = text; !rest.empty();) {
      const auto shown = rest.substr(0, rest.find('\n'));
      EXPECT_EQ(printable(shown, 100'000), shown) << row.name;
      rest.remove_prefix(std::min(rest.size(), shown.size() + 1));
    }
  }
}

TEST(Wrap, BreaksAtSpaces) {
  EXPECT_THAT(wrap("one two three", 7, 7), ElementsAre("one two", "three"));
  EXPECT_THAT(wrap("one two three", 3, 9), ElementsAre("one", "two three"));
  EXPECT_THAT(wrap("a unbreakable-token b", 5, 5), ElementsAre("a", "unbreakable-token", "b"));
  EXPECT_THAT(wrap("  two   spaces ", 20, 20), ElementsAre("two spaces"));
  EXPECT_THAT(wrap("漢字 漢字", 6, 6), ElementsAre("漢字", "漢字"));
  EXPECT_THAT(wrap("", 5, 5), ElementsAre(""));
}

}  // namespace
}  // namespace fwprobe::reports
