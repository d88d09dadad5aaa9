#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "monitor/web/allowed.h"
#include "monitor/web/probe_metrics.h"
#include "monitor/web/probe_request.h"

namespace fwprobe::monitor {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

AllowedTarget prefix(std::string_view text, std::vector<allowlist::PortRange> ports = {}) {
  return {allowlist::parse_prefix(text)->prefix, std::move(ports)};
}

Module module(std::string name, std::optional<checks::Profile> profile) {
  auto settings = std::make_shared<checks::Settings>();
  settings->profile = profile;
  return {std::move(name), {settings, nullptr, {}}};
}

Web sample() {
  Web web;
  web.modules = {module("http_2xx", checks::Profile::web), module("tcp_connect", checks::Profile::tcp),
                 module("any", std::nullopt)};
  web.allowed = {{allowlist::Domain{"example.com", true}, {}},
                 {allowlist::Domain{"one.test", false}, {{443, 443}, {8000, 8100}}},
                 prefix("192.0.2.0/24", {{80, 80}}),
                 prefix("2001:db8::/32")};
  return web;
}

struct Row {
  const char* target;
  bool allowed;
};

TEST(AllowedTargets, AreNamesByTheirPatternAndAddressesByTheirPrefix) {
  const Row rows[] = {
      {"https://a.example.com/", true},   {"https://a.b.example.com/", true},
      {"https://A.EXAMPLE.COM./", true},  {"https://example.com/", false},
      {"https://badexample.com/", false}, {"https://a.example.com.evil.test/", false},
      {"https://one.test/", true},        {"tcp://one.test:8050", true},
      {"tcp://one.test:22", false},       {"https://sub.one.test/", false},
      {"http://192.0.2.7/", true},        {"https://192.0.2.7/", false},
      {"http://192.0.3.7/", false},       {"http://[::ffff:192.0.2.7]/", true},
      {"http://0xc0.0.2.7/", true},       {"http://[2001:db8::1]:9/", true},
      {"http://[2001:db9::1]/", false},
  };
  const auto web = sample();
  for (const auto& row : rows)
    EXPECT_EQ(!refusal(*checks::parse_target(row.target), web.allowed), row.allowed) << row.target;
}

TEST(AllowedTargets, NoneAreByDefault) {
  const auto why = refusal(*checks::parse_target("http://127.0.0.1/"), {});
  ASSERT_TRUE(why);
  EXPECT_THAT(*why, HasSubstr("none is"));
  EXPECT_THAT(*why, HasSubstr("suite file"));
}

std::expected<ProbeRequest, Answer> read(std::string_view query, std::vector<Field> fields = {}) {
  static const auto web = sample();
  return read_probe(*read_request("GET", "/probe?" + std::string{query}, std::move(fields), 0), web);
}

TEST(ProbeRequests, TakeTheTargetsOfAnExistingJob) {
  EXPECT_EQ(read("target=192.0.2.1")->target.text(), "http://192.0.2.1/");
  EXPECT_EQ(read("target=192.0.2.1:80/path&module=http_2xx")->target.text(), "http://192.0.2.1/path");
  EXPECT_EQ(read("target=https://a.example.com/x&module=http_2xx")->target.text(), "https://a.example.com/x");
  EXPECT_EQ(read("target=a.example.com:5432&module=tcp_connect")->target.text(), "tcp://a.example.com:5432");
  EXPECT_EQ(read("target=a.example.com&module=any")->target.text(), "https://a.example.com/");
}

TEST(ProbeRequests, SayWhatIsWrong) {
  for (const auto* query :
       {"", "target=", "target=192.0.2.1&module=none", "target=192.0.2.1&target=192.0.2.2",
        "target=192.0.2.1&hostname=x", "target=a b", "target=tcp://192.0.2.1"})
    EXPECT_EQ(read(query).error().status, 400) << query;
  EXPECT_EQ(read("target=198.51.100.1").error().status, 403);
}

TEST(ProbeRequests, KeepTheTimeoutOfTheScrape) {
  const auto timeout = [](std::string text) {
    return read("target=192.0.2.1", {{"X-Prometheus-Scrape-Timeout-Seconds", std::move(text)}});
  };
  EXPECT_EQ(read("target=192.0.2.1")->timeout, 30s);
  EXPECT_EQ(timeout("10.000000")->timeout, 9500ms);
  EXPECT_EQ(timeout("100")->timeout, 30s);
  EXPECT_EQ(timeout("0.4")->timeout, 200ms);
  for (const auto* bad : {"", "x", "-1", "0", "inf", "nan", "1e9", "5 "})
    EXPECT_EQ(timeout(bad).has_value(), std::string_view{bad} == "5 ") << bad;
}

TEST(ProbeMetrics, HashAddressesAsBlackboxExporterDoes) {
  // Go: fnv.New32a() of the bytes.
  EXPECT_EQ(address_hash(asio::ip::make_address("127.0.0.1")), 3668918509U);
}

TEST(ProbeMetrics, WhatWasInterruptedIsNoSuccess) {
  reports::Report report;
  auto& target = report.targets.emplace_back();
  target.target = *checks::parse_target("https://a.example.com/");
  target.status = checks::Status::pass;
  EXPECT_THAT(render_probe(report), HasSubstr("\nprobe_success 1\n"));
  target.complete = false;
  EXPECT_THAT(render_probe(report), HasSubstr("\nprobe_success 0\n"));
}

TEST(ProbeMetrics, LabelsOfTheNetworkAreEscaped) {
  reports::Report report;
  auto& target = report.targets.emplace_back();
  target.target = *checks::parse_target("tls://a.example.com:443");
  probe::TlsHandshake handshake;
  handshake.chain.emplace_back().subject = "CN=a\"} 1\nprobe_success 1\\";
  handshake.result = probe::TlsSession{.version = "TLSv1.3", .cipher = {}, .group = {}, .alpn = {}};
  target.evidence.add({{1}, {}, handshake});
  const auto text = render_probe(report);
  EXPECT_THAT(text, HasSubstr("probe_tls_version_info{version=\"TLS 1.3\"} 1\n"));
  EXPECT_EQ(text.find("\nprobe_success"), text.rfind("\nprobe_success"));
}

}  // namespace
}  // namespace fwprobe::monitor
