#include "checks/other_way.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checks/checks.h"
#include "tests/checks/measurements.h"

namespace fwprobe::checks {
namespace {

using namespace measured;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr auto server = "192.0.2.9";
constexpr auto proxy = "192.0.2.8";

probe::TcpQuestion comparing(const char* address, std::uint16_t port) {
  return {{ip(address), port}, probe::TcpPurpose::compare, 1, 0};
}

/// The environment names a proxy; `no_proxy` may except the target.
Scene scene(const char* target, const char* no_proxy) {
  Scene made{target};
  made.settings.proxies =
      *probe::ProxyRules::from_environment({{"https_proxy", "http://user:secret@192.0.2.8:3128"},
                                            {"http_proxy", "http://192.0.2.8:3128"},
                                            {"no_proxy", no_proxy}});
  made.settings.overrides = {{made.target.host.name, {ip(server)}}};
  return made;
}
Scene excepted(const char* target = "https://azure.example.com/") {
  return scene(target, "other.example.net, .example.com");
}
Scene proxied(const char* target = "https://azure.example.com/") { return scene(target, ""); }

probe::ProxyTunnel tunnel(const Scene& scene, std::uint32_t connection) {
  probe::ProxyTunnel made;
  made.question = {{connection},
                   probe::ProxyKind::http,
                   scene.target.host,
                   scene.target.port,
                   std::string{name(scene.target.scheme)}};
  made.result = probe::TunnelOpen{200};
  return made;
}
probe::ProxyTunnel denied(const Scene& scene, std::uint32_t connection) {
  auto made = tunnel(scene, connection);
  probe::TunnelFailure failure;
  failure.response.emplace();
  failure.response->status = 403;
  failure.response->reason = "Forbidden";
  made.result = std::unexpected{failure};
  return made;
}
std::vector<probe::Certificate> chain() { return {certificate("CN=azure.example.com", "CN=CA")}; }

Findings judge_all(const Scene& scene) { return scene.judged_by(checks::judge); }

std::vector<probe::Question> asked_of(const Scene& scene) {
  const auto evidence = scene.evidence();
  std::vector<probe::Question> before;
  for (const auto& measurement : evidence.measurements()) before.push_back(question_of(measurement.fact));
  Ledger ledger{evidence, before};
  compare_ways({scene.target, scene.settings, evidence}, ledger);
  std::vector<probe::Question> found;
  for (auto& planned : std::move(ledger).take_new()) {
    EXPECT_THAT(planned.because, Not(IsEmpty()));
    found.push_back(std::move(planned.question));
  }
  return found;
}

/// The direct way is blocked (m2), and the proxy's tunnel (m4) carries a handshake (m5).
Scene proxy_works() {
  auto made = excepted();
  made.add(silent(to(server, 443))).add(connected(comparing(proxy, 3128)));
  made.add(tunnel(made, 3));
  return made.add(shaken(hello(4, made.target), chain()));
}

TEST(OtherWay, ThroughTheExceptedProxyItWorks) {
  const auto findings = judge_all(proxy_works());
  const auto diagnosis = proxy_works().diagnosis(findings);
  ASSERT_TRUE(diagnosis);
  EXPECT_EQ(diagnosis->cause, Cause::proxy_required);
  EXPECT_EQ(diagnosis->confidence, Confidence::high);
  EXPECT_THAT(diagnosis->explanation, HasSubstr("tcp.filtered"));
  ASSERT_THAT(diagnosis->remedy, Not(IsEmpty()));
  EXPECT_THAT(diagnosis->remedy[0], HasSubstr("Take '.example.com' out of no_proxy"));
  EXPECT_THAT(diagnosis->remedy[0], HasSubstr("192.0.2.8:3128"));
  EXPECT_THAT(diagnosis->explanation, Not(HasSubstr("secret")));
}

struct Row {
  const char* name;
  Scene scene;
  Cause cause;
};

Scene with_tunnel_denied() {
  auto made = excepted().add(silent(to(server, 443))).add(connected(comparing(proxy, 3128)));
  return made.add(denied(made, 3));
}
Scene with_certificate_not_accepted() {
  auto made = excepted().add(silent(to(server, 443))).add(connected(comparing(proxy, 3128)));
  made.add(tunnel(made, 3));
  return made.add(shaken(hello(4, made.target), chain(), {{18, "self-signed certificate", 0}}));
}
Scene with_hello_dropped() {
  auto made = excepted().add(connected(to(server, 443)));
  probe::TlsFailure failure;
  failure.transport = deadline();
  made.add(failed(hello(2, made.target), failure)).add(connected(comparing(proxy, 3128)));
  made.add(tunnel(made, 4));
  return made.add(shaken(hello(5, made.target), chain()));
}
Scene with_answer(std::uint16_t status, std::vector<probe::HttpHeader> headers = {}) {
  auto made = excepted("http://azure.example.com/").add(silent(to(server, 80)));
  made.add(connected(comparing(proxy, 3128)));
  auto exchange = answered(3, "http://azure.example.com/", status, std::move(headers));
  exchange.question.form = probe::RequestForm::absolute;
  return made.add(exchange);
}

TEST(OtherWay, DecidesBetweenTheDirectWaysCauseAndTheProxy) {
  const Row rows[] = {
      {"no tunnel: the direct way's own cause stays", with_tunnel_denied(), Cause::tcp_filtered},
      {"no connection to the proxy either",
       excepted().add(silent(to(server, 443))).add(silent(comparing(proxy, 3128))), Cause::tcp_filtered},
      {"a certificate that is not accepted is no success", with_certificate_not_accepted(),
       Cause::tcp_filtered},
      {"a ClientHello that is dropped directly and not through the proxy", with_hello_dropped(),
       Cause::proxy_required},
      {"plain http", with_answer(200), Cause::proxy_required},
      {"plain http, and the proxy says no", with_answer(403), Cause::tcp_filtered},
      {"plain http, and the proxy could not get there",
       with_answer(200, {{"X-Squid-Error", "ERR_CONNECT_FAIL 111"}}), Cause::tcp_filtered},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    const auto diagnosis = row.scene.diagnosis(judge_all(row.scene));
    ASSERT_TRUE(diagnosis && diagnosis->cause);
    EXPECT_EQ(checks::row(*diagnosis->cause).code, checks::row(row.cause).code);
  }
}

TEST(OtherWay, PastAProxyThatFailsIsSaidBesideTheProxysOwnCause) {
  auto made = proxied().add(connected(to(proxy, 3128)));
  made.add(denied(made, 2)).add(connected(comparing(server, 443)));
  const auto works = Scene{made}.add(shaken(hello(4, made.target), chain())).judged_by(check_proxy);
  EXPECT_EQ(brief(works).front(), "fail proxy.denied proxy high");
  EXPECT_THAT(words(works), HasSubstr("a direct connection works: the handshake completes"));
  EXPECT_THAT(steps(works), HasSubstr("add it to NO_PROXY"));

  auto closed_too = proxied().add(connected(to(proxy, 3128)));
  closed_too.add(denied(closed_too, 2)).add(silent(comparing(server, 443)));
  const auto fails = closed_too.judged_by(check_proxy);
  EXPECT_EQ(brief(fails).front(), "fail proxy.denied proxy high");
  EXPECT_THAT(words(fails), HasSubstr("a direct connection fails as well"));
  EXPECT_THAT(steps(fails), Not(HasSubstr("add it to NO_PROXY")));
}

// ---- what is asked

TEST(OtherWay, IsTriedOnlyWhenTheOwnWayIsBlocked) {
  auto tunnelled = proxied().add(connected(to(proxy, 3128)));
  tunnelled.add(tunnel(tunnelled, 2));
  auto without = excepted().add(silent(to(server, 443)));
  without.settings.proxies = probe::ProxyRules::direct("--no-proxy");
  const std::pair<const char*, Scene> rows[] = {
      {"the direct way works", excepted().add(connected(to(server, 443)))},
      {"nothing is known of it yet", excepted()},
      {"it works sometimes", excepted()
                                 .with([](Scene& s) { s.settings.attempts = 2; })
                                 .add(connected(to(server, 443)))
                                 .add(silent(to(server, 443, 2)))},
      {"this machine has no route", excepted().add(not_sent(to(server, 443), ENETUNREACH))},
      {"the proxy works", tunnelled},
      {"--no-proxy: no proxy is contacted at all", without},
  };
  for (const auto& [name, scene] : rows) {
    SCOPED_TRACE(name);
    EXPECT_THAT(asked_of(scene), IsEmpty());
  }
}

TEST(OtherWay, GoesThroughTheExceptedProxyAsFarAsAHandshake) {
  auto blocked = excepted().add(silent(to(server, 443)));
  auto questions = asked_of(blocked);
  ASSERT_THAT(questions, SizeIs(1));
  EXPECT_EQ(std::get<probe::TcpQuestion>(questions[0]), comparing(proxy, 3128));
  blocked.add(connected(comparing(proxy, 3128)));
  questions = asked_of(blocked);
  ASSERT_THAT(questions, SizeIs(1));
  EXPECT_EQ(std::get<probe::TunnelQuestion>(questions[0]), tunnel(blocked, 3).question);
  blocked.add(tunnel(blocked, 3));
  questions = asked_of(blocked);
  ASSERT_THAT(questions, SizeIs(1));
  EXPECT_EQ(std::get<probe::TlsQuestion>(questions[0]).connection, probe::MeasurementId{4});
  blocked.add(shaken(std::get<probe::TlsQuestion>(questions[0]), chain()));
  EXPECT_THAT(asked_of(blocked), IsEmpty()) << "no request: nothing secret goes along";
}

TEST(OtherWay, GoesPastAProxyThatRefuses) {
  auto made = proxied().add(connected(to(proxy, 3128)));
  made.add(denied(made, 2));
  auto questions = asked_of(made);
  ASSERT_THAT(questions, SizeIs(1));
  EXPECT_EQ(std::get<probe::TcpQuestion>(questions[0]), comparing(server, 443));
  made.add(connected(comparing(server, 443)));
  questions = asked_of(made);
  ASSERT_THAT(questions, SizeIs(1));
  EXPECT_EQ(std::get<probe::TlsQuestion>(questions[0]).connection, probe::MeasurementId{4});
}

}  // namespace
}  // namespace fwprobe::checks
