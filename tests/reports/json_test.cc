#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "golden.h"
#include "sample_report.h"
#include "version.h"

namespace fwprobe::reports {
namespace {

using std::literals::operator""s;

using nlohmann::json;
using testing::ElementsAre;

json sample() { return json::parse(render_json(tests::sample_report())); }

TEST(Json, IsTheGoldenReport) {
  auto text = render_json(tests::sample_report());
  const std::string version = "\"version\": \"" FWPROBE_VERSION "\"";
  const auto at = text.find(version);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, version.size(), "\"version\": \"0.0.0\"");
  tests::expect_golden("report.json", text);
}

TEST(Json, HasTheContractsEnvelope) {
  const auto report = sample();
  EXPECT_EQ(report["schema"], "fwprobe/report/v1");
  EXPECT_EQ(report["tool"], json({{"name", "fwprobe"}, {"version", FWPROBE_VERSION}}));
  EXPECT_EQ(report["run"]["started"], "2026-01-31T09:30:00.123Z");
  EXPECT_EQ(report["run"]["finished"], "2026-01-31T09:30:02.623Z");
  EXPECT_EQ(report["run"]["complete"], true);
  EXPECT_EQ(report["run"]["vantage"]["egress"], "203.0.113.77");
  EXPECT_EQ(report["summary"],
            json::parse(R"({"status":"fail","targets":3,"pass":1,"warn":1,"fail":1,"error":0})"));
  EXPECT_EQ(report["targets"].size(), 3U);
}

TEST(Json, SaysNullForWhatIsNotThere) {
  auto report = tests::sample_report();
  report.vantage.egress.clear();
  report.vantage.site.reset();
  const auto written = json::parse(render_json(report));
  EXPECT_TRUE(written["run"]["vantage"]["egress"].is_null());
  EXPECT_TRUE(written["run"]["vantage"]["site"].is_null());
  EXPECT_TRUE(written["targets"][1]["diagnosis"].is_null());
  EXPECT_TRUE(written["targets"][0]["findings"][0]["cause"].is_null());
}

TEST(Json, TellsTheDiagnosis) {
  const auto diagnosis = sample()["targets"][0]["diagnosis"];
  EXPECT_EQ(diagnosis["cause"], "tcp.rejected");
  EXPECT_EQ(
      diagnosis["location"],
      json::parse(
          R"({"where":"path","hop":2,"address":"198.51.100.1","precision":"at","next":"203.0.113.1"})"));
  EXPECT_EQ(diagnosis["confidence"], "high");
  EXPECT_EQ(diagnosis["responsible"], "network");
  EXPECT_EQ(diagnosis["evidence"], json({"m2", "m3", "m4"}));
}

TEST(Json, KeepsTheEvidenceOfEachKind) {
  const auto report = sample();
  const auto& passed = report["targets"][1]["measurements"];
  const auto& failed = report["targets"][2]["measurements"];
  std::vector<std::string> kinds;
  for (const auto& m : passed) kinds.push_back(m["kind"]);
  EXPECT_THAT(kinds, ElementsAre("environment", "dns", "tcp", "proxy", "tls", "http"));
  EXPECT_EQ(passed[1]["addresses"], json::parse(R"([{"address":"203.0.113.10","ttl":300}])"));
  EXPECT_EQ(passed[2]["established"]["rtt_ms"], 31.25);
  EXPECT_EQ(passed[2]["remote"], "203.0.113.10:8443");
  EXPECT_TRUE(passed[2]["failure"].is_null());
  EXPECT_EQ(passed[3]["open"]["status"], 200);
  EXPECT_EQ(passed[4]["connection"], "m4");
  EXPECT_EQ(passed[4]["chain"][0]["not_after"], "2026-04-01T09:30:00.123Z");
  EXPECT_EQ(passed[4]["session"]["version"], "TLSv1.3");
  EXPECT_EQ(passed[4]["client_certificate_requested"], true);
  EXPECT_EQ(passed[5]["first_byte_ms"], 12.346);
  EXPECT_EQ(passed[5]["duration_ms"], 1500.0);
  EXPECT_EQ(passed[5]["subject"], "https://azure.example.com/c/_apis/projects?api-version=5.0");

  EXPECT_EQ(failed[0]["failure"]["error"], "EHOSTUNREACH");
  EXPECT_EQ(failed[0]["failure"]["icmp"],
            json::parse(R"({"family":"icmp","type":3,"code":13,"sender":"198.51.100.1","mpls":[]})"));
  EXPECT_EQ(failed[0]["failure"]["syn_retransmits"], 2);
  EXPECT_EQ(failed[1]["established"]["early_end"], json::parse(R"({"after_ms":20.0,"reset":true})"));
  EXPECT_EQ(failed[2]["failure"]["auth_schemes"], json({"Negotiate", "NTLM"}));
  EXPECT_EQ(failed[3]["failure"]["alert_received"], json::parse(R"({"code":40,"name":"handshake_failure"})"));
  EXPECT_EQ(failed[3]["verify_errors"][0]["depth"], 0);
  EXPECT_EQ(failed[4]["failure"]["transport"]["error"], "EOF");
  EXPECT_EQ(failed[5]["subject"], "[2001:db8::5]:22");
  EXPECT_EQ(failed[5]["identification"]["software"], "OpenSSH_9.2p1");
  EXPECT_EQ(failed[5]["host_key"]["bits"], 256);
  EXPECT_EQ(failed[5]["offer"]["ciphers_to_client"], json({"aes256-ctr"}));
  EXPECT_EQ(failed[6]["failure"]["transport"]["error"], "ETIMEDOUT");
  EXPECT_EQ(failed[7]["host_key_type"], "ssh-rsa");
  EXPECT_EQ(failed[7]["key_failure"]["ours"]["host_key"], json({"rsa-sha2-512", "ssh-ed25519"}));
  EXPECT_EQ(failed[8]["status"], "nxdomain");
}

/// The response of a report whose only measurement is this body.
json response_with(const std::string& body) {
  Report report;
  report.targets.push_back(tests::target(checks::Scheme::https, "a.test", 443));
  tests::measure(report.targets[0], {}, tests::exchange(0, body));
  const auto text = render_json(report);
  for (const char c : text) EXPECT_TRUE(c == '\n' || (c >= 0x20 && c < 0x7f)) << "not ASCII";
  return json::parse(text)["targets"][0]["measurements"][0]["response"];
}

TEST(Json, GivesTheBeginningOfALongBody) {
  const auto whole = response_with(std::string(16384, 'x'));
  EXPECT_EQ(whole["body"].get<std::string>().size(), 16384U);
  EXPECT_EQ(whole["body_truncated"], false);
  const auto cut = response_with(std::string(16383, 'x') + "é and more");
  EXPECT_EQ(cut["body"], std::string(16383, 'x')) << "no character is cut in two";
  EXPECT_EQ(cut["body_truncated"], true);
  EXPECT_EQ(cut["body_bytes"], 16383 + 11);
}

TEST(Json, ReplacesWhatIsNotUtf8AndEscapesTheRest) {
  EXPECT_EQ(response_with("a\xff\xfez")["body"], "a\xef\xbf\xbd\xef\xbf\xbdz");
  const std::string hostile = "\x1b[2J\x07\x7f\xc2\x9b\xe2\x80\xae\0end"s;
  EXPECT_EQ(response_with(hostile)["body"], hostile);
  EXPECT_EQ(response_with(std::string(100'000, '\xff'))["body_truncated"], true);
}

TEST(Report, AFailureDecidesBeforeAnError) {
  const auto status = [](std::initializer_list<checks::Status> all) {
    Report report;
    for (const auto one : all) report.targets.emplace_back().status = one;
    return report.status();
  };
  using checks::Status;
  EXPECT_EQ(status({Status::pass, Status::pass}), Status::pass);
  EXPECT_EQ(status({Status::pass, Status::warn}), Status::warn);
  EXPECT_EQ(status({Status::error, Status::warn}), Status::error);
  EXPECT_EQ(status({Status::error, Status::fail}), Status::fail);
}

}  // namespace
}  // namespace fwprobe::reports
