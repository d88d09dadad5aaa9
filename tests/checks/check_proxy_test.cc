#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/checks/measurements.h"

namespace fwprobe::checks {
namespace {

using namespace measured;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr const char* proxy = "192.0.2.8";

Scene through(const char* proxy_url = "http://192.0.2.8:3128",
              const char* target = "https://azure.example.com") {
  Scene scene{target};
  scene.settings.proxies = *probe::ProxyRules::fixed(proxy_url);
  return scene;
}

Scene tunnels(std::expected<probe::TunnelOpen, probe::TunnelFailure> result) {
  auto scene = through().add(connected(to(proxy, 3128)));
  probe::ProxyTunnel tunnel;
  tunnel.question = {{2}, probe::ProxyKind::http, scene.target.host, 443, "https"};
  tunnel.result = std::move(result);
  return scene.add(std::move(tunnel));
}
Scene refuses(probe::TunnelFailure failure) { return tunnels(std::unexpected{std::move(failure)}); }
Scene responds(std::uint16_t status, std::vector<std::string> schemes = {}) {
  probe::TunnelFailure failure;
  failure.response.emplace();
  failure.response->status = status;
  failure.response->reason = "Reason";
  failure.auth_schemes = std::move(schemes);
  return refuses(std::move(failure));
}
Scene replies(std::uint8_t reply) {
  probe::TunnelFailure failure;
  failure.socks_reply = reply;
  return refuses(std::move(failure));
}
probe::TunnelFailure broken(std::optional<probe::TransportFailure> transport, std::string detail = {}) {
  probe::TunnelFailure failure;
  failure.transport = std::move(transport);
  failure.detail = std::move(detail);
  return failure;
}

struct Row {
  const char* name;
  Scene scene;
  std::vector<std::string> expected;
};

TEST(CheckProxy, SaysWhatStopsTheWay) {
  const auto socks_login = [] {
    probe::TunnelFailure failure;
    failure.socks_auth_failed = true;
    return refuses(std::move(failure));
  };
  const auto plain = [](std::uint16_t status, std::vector<probe::HttpHeader> headers = {}) {
    auto exchange = answered(2, "http://azure.example.com/", status, std::move(headers));
    exchange.question.form = probe::RequestForm::absolute;
    return through("http://192.0.2.8:3128", "http://azure.example.com")
        .add(connected(to(proxy, 3128)))
        .add(std::move(exchange));
  };
  const auto with_name = [](probe::DnsStatus status) {
    return through("http://proxy.example.com:3128")
        .add(lookup("proxy.example.com", probe::DnsType::a, status))
        .add(lookup("proxy.example.com", probe::DnsType::aaaa, status));
  };
  const auto denied = "fail proxy.denied proxy high";
  const auto denied_behind = "fail proxy.denied proxy low";
  const auto unreachable = "fail proxy.unreachable proxy ";
  const Row rows[] = {
      {"a tunnel opens", tunnels(probe::TunnelOpen{200}), {"pass"}},
      {"407 wants credentials", responds(407, {"Basic"}), {"fail proxy.auth_required proxy high"}},
      {"a SOCKS proxy accepts no method or no password",
       socks_login(),
       {"fail proxy.auth_required proxy high"}},
      {"403 is the proxy's rule", responds(403), {denied}},
      {"405 as well", responds(405), {denied}},
      {"502: the proxy did not reach the server", responds(502), {denied_behind}},
      {"503: Squid's word for it", responds(503), {denied_behind}},
      {"504: the proxy waited for the server", responds(504), {denied_behind}},
      {"500 is the proxy's own failure", responds(500), {denied}},
      {"SOCKS 2 is the proxy's rule", replies(2), {denied}},
      {"SOCKS 3, network unreachable, is what the proxy met", replies(3), {denied_behind}},
      {"SOCKS 4, host unreachable", replies(4), {denied_behind}},
      {"SOCKS 5, connection refused", replies(5), {denied_behind}},
      {"SOCKS 6, TTL expired", replies(6), {denied_behind}},
      {"SOCKS 7, command not supported", replies(7), {denied}},
      {"the proxy says nothing: it may be waiting for the server",
       refuses(broken(deadline())),
       {denied_behind}},
      {"the proxy closes", refuses(broken(closed())), {std::string{unreachable} + "medium"}},
      {"what answers is no proxy", refuses(broken({}, "not HTTP")), {std::string{unreachable} + "medium"}},
      {"the proxy's port is closed",
       through().add(refused(to(proxy, 3128), system_error(ECONNREFUSED))),
       {std::string{unreachable} + "medium"}},
      {"SYNs to the proxy vanish",
       through().add(silent(to(proxy, 3128))),
       {std::string{unreachable} + "high"}},
      {"the proxy's name does not exist",
       with_name(probe::DnsStatus::nxdomain),
       {std::string{unreachable} + "high"}},
      {"nobody was asked for the proxy's name", through("http://proxy.example.com:3128"), {"skip"}},
      {"the proxy was not tried", through(), {"skip"}},
      {"a plain request that the server answers", plain(404), {"pass"}},
      {"a plain request that the proxy wants credentials for",
       plain(407, {{"Proxy-Authenticate", "NTLM"}}),
       {"fail proxy.auth_required proxy high"}},
      {"a plain request that Squid denies", plain(403, {{"X-Squid-Error", "ERR_ACCESS_DENIED 0"}}), {denied}},
      {"a direct way is no finding about a proxy", Scene{"https://azure.example.com"}, {"skip"}},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(brief(row.scene.judged_by(check_proxy)), row.expected);
  }
}

TEST(CheckProxy, TheSchemesOfA407AreNamedAlsoThoseNotSpoken) {
  const auto findings = responds(407, {"Negotiate", "NTLM"}).judged_by(check_proxy);
  EXPECT_THAT(steps(findings), HasSubstr("Negotiate, NTLM"));
  EXPECT_THAT(words(findings), HasSubstr("no credentials were given"));
}

TEST(CheckProxy, SocksRepliesAreNamed) {
  EXPECT_THAT(words(replies(4).judged_by(check_proxy)), HasSubstr(probe::socks_reply_name(4)));
}

TEST(CheckProxy, OneAddressOfTheProxyThatOpensTheWayIsEnough) {
  auto scene = responds(503);
  probe::ProxyTunnel second;
  second.question = {{2}, probe::ProxyKind::http, scene.target.host, 443, "https"};
  second.result = probe::TunnelOpen{200};
  EXPECT_THAT(brief(scene.add(second).judged_by(check_proxy)), ElementsAre("pass"));
}

TEST(CheckProxy, ATunnelElsewhereSaysNothingAboutTheTarget) {
  auto scene = through().add(connected(to(proxy, 3128)));
  probe::ProxyTunnel elsewhere;
  elsewhere.question = {{2}, probe::ProxyKind::http, {"other.example.com", {}}, 443, "https"};
  elsewhere.result = std::unexpected{probe::TunnelFailure{}};
  EXPECT_THAT(brief(scene.add(elsewhere).judged_by(check_proxy)), ElementsAre("pass"));
}

}  // namespace
}  // namespace fwprobe::checks
