#include "reports/redact.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reports/formats.h"
#include "reports/read_report.h"
#include "reports/redact_text.h"
#include "sample_report.h"

namespace fwprobe::reports {
namespace {

using allowlist::Prefix;
using allowlist::scope;
using testing::HasSubstr;
using testing::Not;
using tests::make_address;

constexpr std::string_view key = "a key for tests";

TEST(Pseudonyms, KeepFamilyScopeAndEquality) {
  Pseudonyms pseudonyms{key, 0}, again{key, 0}, others{"another key", 0};
  std::set<asio::ip::address> made;
  const char* const addresses[] = {
      "10.1.2.3",    "10.1.2.4",     "172.16.0.9",   "172.31.255.1",  "192.168.7.8", "100.64.1.1",
      "169.254.1.1", "192.0.2.1",    "198.51.100.7", "203.0.113.9",   "fd00::2",     "fe80::1",
      "2001:db8::1", "2606:4700::1", "8.8.4.4",      "93.184.216.34", "64:ff9b:1::1"};
  for (const auto* text : addresses) {
    const auto address = make_address(text);
    const auto pseudonym = pseudonyms.address(address);
    EXPECT_EQ(pseudonym, again.address(address)) << text;
    EXPECT_EQ(pseudonym, pseudonyms.address(address)) << text;
    EXPECT_EQ(pseudonym.is_v4(), address.is_v4()) << text;
    made.insert(pseudonym);
    others.address(address);
    EXPECT_TRUE(!pseudonyms.fits() || scope(pseudonym) == scope(address)) << text << " " << pseudonym;
  }
  EXPECT_EQ(made.size(), std::size(addresses));
  EXPECT_NE(pseudonyms.address(make_address("8.8.4.4")), others.address(make_address("8.8.4.4")));
  for (const auto* own : {"127.0.0.1", "::1", "0.0.0.0", "224.0.0.251", "ff02::1"})
    EXPECT_EQ(pseudonyms.address(make_address(own)), make_address(own)) << own;
}

TEST(Pseudonyms, WhatIsInsideAPrefixStaysInside) {
  for (unsigned attempt = 0; attempt < 20; ++attempt) {
    Pseudonyms pseudonyms{key, attempt};
    const auto inside = pseudonyms.address(make_address("93.184.216.34"));
    const auto outside = pseudonyms.address(make_address("93.184.217.34"));
    const auto prefix = pseudonyms.prefix(Prefix{make_address("93.184.216.0"), 24});
    EXPECT_TRUE(prefix.contains(inside)) << attempt;
    EXPECT_FALSE(prefix.contains(outside)) << attempt;
    EXPECT_TRUE(pseudonyms.prefix(Prefix{make_address("93.184.216.0"), 23}).contains(outside)) << attempt;
  }
}

TEST(Pseudonyms, PublicKnowledgeStays) {
  Pseudonyms pseudonyms{key, 0};
  EXPECT_EQ(pseudonyms.host("dev.azure.com"), "dev.azure.com");
  EXPECT_EQ(pseudonyms.host("acme.visualstudio.com"), "n1.visualstudio.com");
  EXPECT_EQ(pseudonyms.address(make_address("13.107.6.183")), make_address("13.107.6.183"))
      << "of the published list azure-devops";
  EXPECT_THAT(pseudonyms.distinguished_name("CN=Zscaler Intermediate Root CA (acme),O=Zscaler Inc."),
              HasSubstr("CN=Zscaler name-1"));
}

TEST(Pseudonyms, NamesKeepWhatIsBelowWhat) {
  Pseudonyms pseudonyms{key, 0};
  EXPECT_EQ(pseudonyms.host("azure.acme.com"), "n1.n2.example");
  EXPECT_EQ(pseudonyms.host("*.acme.com"), "*.n2.example");
  EXPECT_EQ(pseudonyms.host("AZURE.acme.com"), "n1.n2.example");
  EXPECT_EQ(pseudonyms.host("azure"), "n1");
  EXPECT_EQ(pseudonyms.host("azure.acme.net"), "n1.n2.example2");
  EXPECT_EQ(pseudonyms.host("localhost"), "localhost");
  EXPECT_EQ(pseudonyms.distinguished_name("CN=azure.acme.com,O=Acme\\, Inc.,C=US"),
            "CN=n1.n2.example,O=name-1,C=US");
}

TEST(RedactedText, FindsWhatNamesSomebody) {
  Pseudonyms pseudonyms{key, 0};
  const auto v4 = pseudonyms.address(make_address("10.1.2.3")).to_string();
  const auto v6 = pseudonyms.address(make_address("2001:db8::3")).to_string();
  pseudonyms.word("text", "Secret Project");
  struct Row {
    const char* what;
    std::string text, redacted;
  };
  const Row rows[] = {
      {"an address with its port", "to 10.1.2.3:443.", "to " + v4 + ":443."},
      {"one of IPv6, in brackets", "[2001:db8::3]:22", "[" + v6 + "]:22"},
      {"at the end of a sentence", "from 2001:db8::3: no answer", "from " + v6 + ": no answer"},
      {"no address in a version", "nginx/1.18.0.1beta 12:30:45", "nginx/1.18.0.1beta 12:30:45"},
      {"a prefix", "10.1.2.3/32,x", v4 + "/32,x"},
      {"the names of an address", "3.2.1.10.in-addr.arpa", probe::reverse_name(make_address(v4))},
      {"a name in a sentence", "the host azure.acme.com.", "the host n1.n2.example."},
      {"no name in files and versions", "index.html OpenSSH_9.2p1 main.js",
       "index.html OpenSSH_9.2p1 main.js"},
      {"a mail address", "mail jane.doe@acme.com now", "mail user-1@n2.example now"},
      {"a URL with all its parts",
       "see https://bob:pw@azure.acme.com:8443/tfs/Secret%20Project/_git/x?a=b#frag",
       "see https://***@n1.n2.example:8443/tfs/text-1/_git/path-1?a=value-1"},
      {"a loopback URL", "http://127.0.0.1:8080/ http://localhost/",
       "http://127.0.0.1:8080/ http://localhost/"},
      {"a GUID", "id d3a60bac-ad52-5dcb-82bb-8d62170a760f", "id 00000000-0000-4000-8000-000000000001"},
      {"a token", "Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9x12", "Bearer token-1"},
      {"a word that was given a pseudonym", "of Secret Project, or Secret Projects",
       "of text-1, or Secret Projects"},
      {"bytes that are no text", "\xff 10.1.2.3 \xfe", "\xff " + v4 + " \xfe"},
      {"a reference", "", ""},
  };
  for (const auto& row : rows) EXPECT_EQ(redacted_text(pseudonyms, row.text), row.redacted) << row.what;
  EXPECT_EQ(redacted_reference(pseudonyms, "/Secret%20Project/login?next=home"),
            "/text-1/login?next=value-2");
  EXPECT_EQ(redacted_reference(pseudonyms, "//azure.acme.com/x"), "//n1.n2.example/path-1");
}

Report judged_sample() {
  auto report = tests::sample_report();
  for (auto& target : report.targets) checks::conclude(target, *target.settings);
  return report;
}

TEST(Redact, NoFormatNamesAnybody) {
  const auto redacted = redact(judged_sample(), key);
  ASSERT_TRUE(redacted) << redacted.error();
  for (const auto& format : formats()) {
    const auto text = format.render(*redacted, {{false, 100, true}, false});
    for (const auto* name :
         {"azure.example.com", "ok.example.com", "example.net", "build-7", "dmz", "10.1.2.", "10.0.0.7",
          "198.51.100.1 ", "203.0.113.77", "203.0.113.9", "203.0.113.10", "2001:db8::", "Example CA", "0a1b",
          "eth0", "/etc/ca.pem", "sekret", "mail.example"})
      EXPECT_THAT(text, Not(HasSubstr(name))) << format.name;
  }
}

TEST(Redact, IsJudgedAgainWithTheSameVerdict) {
  const auto report = judged_sample();
  const auto redacted = redact(report, key);
  ASSERT_TRUE(redacted) << redacted.error();
  auto again = read_report(render_json(*redacted), "redacted.json");
  ASSERT_TRUE(again) << again.error();
  for (auto& target : again->targets) checks::conclude(target, *target.settings);
  EXPECT_EQ(render_json(*again), render_json(*redacted));
  for (std::size_t i = 0; i < report.targets.size(); ++i) {
    EXPECT_EQ(report.targets[i].status, again->targets[i].status);
    ASSERT_EQ(report.targets[i].findings.size(), again->targets[i].findings.size());
    for (std::size_t k = 0; k < report.targets[i].findings.size(); ++k)
      EXPECT_EQ(report.targets[i].findings[k].cause, again->targets[i].findings[k].cause);
  }
  EXPECT_EQ(render_json(*redact(report, key)), render_json(*redacted)) << "the same key, the same pseudonyms";
  EXPECT_NE(render_json(*redact(report, "another")), render_json(*redacted));
}

/// A target of which nothing is known but this body.
Report with_body(const std::string& body) {
  auto report = tests::sample_report();
  report.targets.resize(1);
  report.targets[0].evidence = {};
  tests::measure(report.targets[0], {}, tests::exchange(1, body));
  for (auto& target : report.targets) checks::conclude(target, *target.settings);
  return report;
}

TEST(Redact, BodiesAreSearchedToTheirEnd) {
  const std::string filler(40'000, 'x');
  for (const auto& body :
       {filler + " http://intranet.acme.com/ 10.9.8.7", "\xff\xfe" + filler + " intranet.acme.com 10.9.8.7",
        R"({"name":"Secret","value":")" + filler + R"( intranet.acme.com 10.9.8.7"})"}) {
    const auto redacted = redact(with_body(body), key);
    ASSERT_TRUE(redacted) << redacted.error();
    const auto made = redacted->targets[0].evidence.all<probe::HttpExchange>().front()->result->body;
    EXPECT_GT(made.size(), filler.size());
    for (const auto* name : {"intranet", "acme", "10.9.8.7", "Secret"})
      EXPECT_THAT(made, Not(HasSubstr(name)));
  }
}

}  // namespace
}  // namespace fwprobe::reports
