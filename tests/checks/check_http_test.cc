#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checks/plan.h"
#include "tests/checks/measurements.h"

namespace fwprobe::checks {
namespace {

using namespace measured;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

constexpr const char* v4 = "203.0.113.9";
constexpr const char* start = "https://azure.example.com/";

Scene web() {
  Scene scene{"https://azure.example.com"};
  scene.settings.overrides = {{"azure.example.com", {ip(v4)}}};
  return scene.add(connected(to(v4, 443)));
}
Scene azure() {
  return web().with([](Scene& scene) { scene.settings.profile = Profile::azure_devops_server; });
}
Scene answers(std::uint16_t status) { return web().add(answered(2, start, status)); }
probe::HttpExchange redirect(const char* from, std::string location, std::uint16_t status = 302) {
  return answered(2, from, status, {{"Location", std::move(location)}});
}

probe::HttpFailure failure(probe::HttpFailure::Kind kind,
                           std::optional<probe::TransportFailure> transport = {}, std::size_t received = 0) {
  probe::HttpFailure made;
  made.kind = kind;
  made.transport = std::move(transport);
  made.received = received;
  return made;
}
using Kind = probe::HttpFailure::Kind;
Scene breaks(probe::HttpFailure with) { return web().add(unanswered(2, start, std::move(with))); }

auto expects(std::uint16_t first, std::uint16_t last) {
  return [=](Scene& scene) { scene.settings.expected_status.push_back({first, last}); };
}

struct Row {
  const char* name;
  Scene scene;
  std::vector<std::string> expected;
};

void check_rows(std::span<const Row> rows) {
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(brief(row.scene.judged_by(check_http)), row.expected);
  }
}

TEST(CheckHttp, Statuses) {
  const Row rows[] = {
      {"200", answers(200), {"pass"}},
      {"204", answers(204), {"pass"}},
      {"401 asks who it is", answers(401), {"fail http.unauthorized server high"}},
      {"403 knows and refuses", answers(403), {"fail http.forbidden server high"}},
      {"404", answers(404), {"fail http.not_found server high"}},
      {"429", answers(429), {"fail http.client_error server high"}},
      {"500", answers(500), {"fail http.server_error server high"}},
      {"502 may be a gateway's word about a server behind it",
       answers(502),
       {"fail http.server_error server medium"}},
      {"304 was not asked for", answers(304), {"fail http.unexpected_status server high"}},
      {"a redirect without a Location leads nowhere",
       answers(302),
       {"fail http.unexpected_status server high"}},
      {"401 that is expected", answers(401).with(expects(401, 401)), {"pass"}},
      {"a redirect that is expected is not followed",
       web().add(redirect(start, "/login")).with(expects(300, 399)),
       {"pass"}},
      {"200 where only 204 is expected",
       answers(200).with(expects(204, 204)),
       {"fail http.unexpected_status server high"}},
      {"500 is an error, whatever is expected",
       answers(500).with(expects(204, 204)),
       {"fail http.server_error server high"}},
      {"nothing was asked", web(), {"skip"}},
  };
  check_rows(rows);
}

TEST(CheckHttp, ResponsesThatDoNotCome) {
  const Row rows[] = {
      {"no response until the deadline",
       breaks(failure(Kind::transport, deadline())),
       {"fail http.timeout server medium"}},
      {"a response that stalls",
       breaks(failure(Kind::transport, deadline(), 100)),
       {"fail http.timeout server medium"}},
      {"a response that is cut",
       breaks(failure(Kind::transport, closed(), 100)),
       {"fail http.closed_early server high"}},
      {"a request that is answered by a RST",
       breaks(failure(Kind::transport, reset())),
       {"fail http.closed_early server high"}},
      {"closed on the request, while a silent connection stays open",
       breaks(failure(Kind::transport, closed())).add(connected(listening(to(v4, 443)))),
       {"fail http.closed_early server high"}},
      {"closed on the request, and a silent connection is closed as well: it is not the request",
       breaks(failure(Kind::transport, closed())).add(ended(listening(to(v4, 443)), true)),
       {"fail tcp.closed_early server medium"}},
      {"a router breaks the connection",
       breaks(failure(Kind::transport,
                      probe::TransportFailure{system_error(EHOSTUNREACH), icmp(3, 1, "198.51.100.1")})),
       {"fail http.closed_early path medium"}},
      {"no HTTP", breaks(failure(Kind::malformed)), {"fail http.malformed server high"}},
      {"a body that cannot be decoded",
       breaks(failure(Kind::bad_encoding)),
       {"fail http.malformed server high"}},
      {"headers without end", breaks(failure(Kind::headers_too_large)), {"fail http.too_large server high"}},
      {"a body without end", breaks(failure(Kind::body_too_large)), {"fail http.too_large server high"}},
      {"a kept connection that had gone stale was asked again",
       breaks(failure(Kind::transport, closed())).add(answered(2, start, 200)),
       {"pass"}},
  };
  check_rows(rows);
}

TEST(CheckHttp, Redirects) {
  constexpr const char* second = "https://azure.example.com/b";
  const auto eleven = [] {
    auto scene = web().add(redirect(start, "/0"));
    for (int i = 0; i < 10; ++i)
      scene.add(redirect(fmt::format("{}{}", start, i).c_str(), fmt::format("/{}", i + 1)));
    return scene;
  };
  const Row rows[] = {
      {"a redirect on the same host",
       web().add(redirect(start, "/b")).add(answered(2, second, 200)),
       {"pass"}},
      {"and its end is what counts",
       web().add(redirect(start, "/b")).add(answered(2, second, 404)),
       {"fail http.not_found server high"}},
      {"a redirect to another host is to be looked at",
       web()
           .add(redirect(start, "https://login.example.net/"))
           .add(answered(2, "https://login.example.net/", 200)),
       {"pass", "warn http.redirect_off_host server high"}},
      {"another host that was not reached proves nothing",
       web().add(redirect(start, "https://login.example.net/")),
       {"skip", "warn http.redirect_off_host server high"}},
      {"a redirect to itself", web().add(redirect(start, "/")), {"fail http.redirect_loop server high"}},
      {"a circle of two",
       web().add(redirect(start, "/b")).add(redirect(second, "/")),
       {"fail http.redirect_loop server high"}},
      {"more than ten", eleven(), {"fail http.redirect_loop server high"}},
      {"to something that is no web page",
       web().add(redirect(start, "mailto:admin@example.com")),
       {"fail http.unexpected_status server high"}},
      {"308 is a redirect as well",
       web().add(redirect(start, "/b", 308)).add(answered(2, second, 200)),
       {"pass"}},
  };
  check_rows(rows);
  EXPECT_THAT(words(rows[0].scene.judged_by(check_http)), HasSubstr("https://azure.example.com/b"));
}

TEST(WebWishes, FollowRedirectsWithoutAnyCredential) {
  auto scene = web().add(redirect(start, "https://login.example.net/"));
  scene.settings.token = probe::Secret{"token"};
  scene.settings.headers = {{"X-Key", "secret"}};
  const auto evidence = scene.evidence();
  const auto wishes = web_wishes({scene.target, scene.settings, evidence});
  ASSERT_THAT(wishes.requests, SizeIs(2));
  EXPECT_EQ(wishes.requests[0].url.text(), start);
  EXPECT_EQ(wishes.requests[1].url.text(), "https://login.example.net/");
  for (const auto& request : wishes.requests) {
    EXPECT_EQ(request.credential, probe::Credential::none);
    EXPECT_THAT(request.headers, testing::IsEmpty());
  }
}

TEST(WebWishes, EndAfterTenRedirects) {
  auto scene = web().add(redirect(start, "/0"));
  for (int i = 0; i < 30; ++i)
    scene.add(redirect(fmt::format("{}{}", start, i).c_str(), fmt::format("/{}", i + 1)));
  const auto evidence = scene.evidence();
  EXPECT_THAT(web_wishes({scene.target, scene.settings, evidence}).requests, SizeIs(11));
}

TEST(CheckHttp, ApiProfilesJudgeTheirAnswersThemselves) {
  constexpr const char* connection = "https://azure.example.com/_apis/connectionData";
  constexpr const char* refs = "https://azure.example.com/p/_git/r/info/refs";
  constexpr const char* permissions = "https://azure.example.com/_apis/permissions";
  const auto timed_out = failure(Kind::transport, deadline());
  const Row rows[] = {
      {"a 500 is for the API check", azure().add(answered(2, connection, 500)), {"pass"}},
      {"the first request has no response",
       azure().add(unanswered(2, connection, timed_out)),
       {"fail http.timeout server medium"}},
      {"a single feature has no response",
       azure().add(answered(2, connection, 200)).add(unanswered(2, permissions, timed_out)),
       {"warn http.timeout server medium"}},
      {"git has no response: that is api.git_unavailable",
       azure().add(answered(2, connection, 200)).add(unanswered(2, refs, timed_out)),
       {"pass"}},
      {"nothing was asked", azure(), {"skip"}},
  };
  check_rows(rows);
}

TEST(CheckHttp, WhatTheProxyWroteIsNotTheServers) {
  auto scene = Scene{"http://azure.example.com"};
  scene.settings.proxies = *probe::ProxyRules::fixed("http://192.0.2.8:3128");
  auto wants = answered(2, "http://azure.example.com/", 407);
  wants.question.form = probe::RequestForm::absolute;
  EXPECT_THAT(brief(scene.add(connected(to("192.0.2.8", 3128))).add(wants).judged_by(check_http)),
              ElementsAre("skip"));
}

}  // namespace
}  // namespace fwprobe::checks
