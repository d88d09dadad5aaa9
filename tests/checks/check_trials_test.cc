// --idle, --upload and --methods: what is a block, and what only looks like one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checks/opt_in.h"
#include "tests/checks/measurements.h"

namespace fwprobe::checks {
namespace {

using namespace measured;
using probe::TrialPurpose;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto url = "http://app.example.com/";
constexpr auto no_resource = "http://app.example.com/.well-known/fwprobe-method-test";
constexpr std::uint64_t large = 1024UL * 1024;

probe::HttpTrial asked(TrialPurpose purpose, const char* method, int turn, std::uint64_t zeros = 0) {
  probe::HttpTrial made;
  made.question.connection = {2};
  made.question.purpose = purpose;
  made.question.turn = turn;
  auto& request = made.question.request;
  request.method = method;
  request.url = *probe::parse_url(purpose == TrialPurpose::method ? no_resource : url);
  request.zeros = zeros;
  const std::string_view name = method;
  if (purpose == TrialPurpose::upload) request.headers = {{"Content-Type", "application/octet-stream"}};
  if (purpose == TrialPurpose::method && name != "GET" && name != "OPTIONS")
    request.headers = {{"If-Match", R"("fwprobe-method-test")"}};
  return made;
}

using Headers = std::vector<probe::HttpHeader>;
probe::HttpTrial says(probe::HttpTrial trial, std::uint16_t status, Headers headers = {{"Server", "lab/1.0"}},
                      bool reusable = true) {
  probe::HttpResponse response;
  response.status = status;
  response.reason = "Reason";
  response.headers = std::move(headers);
  response.reusable = reusable;
  trial.delivery = {trial.question.request.zeros, trial.question.request.zeros + 200, 0, 0ms};
  trial.result = std::move(response);
  return trial;
}
probe::HttpTrial meets(probe::HttpTrial trial, const probe::TransportFailure& end,
                       probe::Delivery delivery = {}) {
  probe::HttpFailure failure;
  failure.transport = end;
  trial.delivery = delivery;
  trial.result = std::unexpected{failure};
  return trial;
}

/// The target has answered over m2.
Scene scene() {
  Scene made{url};
  made.add(connected(to("192.0.2.1", 80))).add(answered(2, url, 200));
  return made;
}

// ---- --methods

Scene methods() {
  auto made = scene();
  made.settings.methods = true;
  return made.add(says(asked(TrialPurpose::method, "GET", 1), 404));
}
/// The other methods, one of them as given.
Scene methods_with(const probe::HttpTrial& odd) {
  auto made = methods();
  for (const auto* method : {"OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
    made.add(odd.question.request.method == method ? odd : says(asked(TrialPurpose::method, method, 1), 404));
  return made;
}
probe::HttpTrial put() { return asked(TrialPurpose::method, "PUT", 1); }
probe::HttpTrial get_again(std::uint16_t status) {
  return says(asked(TrialPurpose::method, "GET", 3), status);
}

TEST(Methods, AreBlockedOnlyBySomethingElseThanTheServer) {
  const Headers own{{"Server", "lab/1.0"}}, proxy{{"Server", "nginx/1.22.1"}};
  const struct {
    const char* name;
    Scene scene;
    const char* expected;
  } rows[] = {
      {"all answered as GET is", methods_with(says(put(), 404)), "pass"},
      {"the server's own 405", methods_with(says(put(), 405, {{"Server", "lab/1.0"}, {"Allow", "GET"}})),
       "pass"},
      {"the server's own 405 without Allow", methods_with(says(put(), 405)), "pass"},
      {"the server's own 501", methods_with(says(put(), 501)), "pass"},
      {"a precondition that fails", methods_with(says(put(), 412)), "pass"},
      {"403 by a proxy", methods_with(says(put(), 403, proxy)), "fail http.method_blocked path medium"},
      {"405 by a proxy", methods_with(says(put(), 405, proxy)), "fail http.method_blocked path medium"},
      {"405 by another part of the server, which knows what is allowed",
       methods_with(says(put(), 405, {{"Server", "nginx"}, {"Allow", "GET"}})), "pass"},
      {"another version of the same server", methods_with(says(put(), 403, {{"Server", "LAB"}})), "pass"},
      {"a refusal that does not say whose it is", methods_with(says(put(), 403, {})),
       "warn http.method_blocked path low"},
      {"a block page", methods_with(says(put(), 403, {{"X-Squid-Error", "ERR_ACCESS_DENIED 0"}})),
       "fail http.method_blocked path high"},
      {"a RST, and GET works afterwards", methods_with(meets(put(), reset())).add(get_again(404)),
       "fail http.method_blocked path medium"},
      {"silence, and GET works afterwards", methods_with(meets(put(), deadline())).add(get_again(404)),
       "fail http.method_blocked path medium"},
      {"silence, and GET is silent afterwards as well",
       methods_with(meets(put(), deadline())).add(meets(asked(TrialPurpose::method, "GET", 3), deadline())),
       "pass"},
      {"GET itself is silent",
       scene()
           .with([](Scene& s) { s.settings.methods = true; })
           .add(meets(asked(TrialPurpose::method, "GET", 1), deadline())),
       "skip"},
      {"nothing has answered", Scene{url}.with([](Scene& s) { s.settings.methods = true; }), "skip"},
      {"a target without HTTP", Scene{"tcp://192.0.2.1:1"}.with([](Scene& s) { s.settings.methods = true; }),
       "skip"},
  };
  for (const auto& row : rows)
    EXPECT_THAT(brief(row.scene.judged_by(check_methods)), ElementsAre(row.expected)) << row.name;
  EXPECT_TRUE(scene().judged_by(check_methods).empty()) << "not asked for";
}

TEST(Methods, WithTheServicesOwnMarkAreAnsweredByTheService) {
  auto marked = scene();
  marked.settings.methods = true;
  marked.add(says(asked(TrialPurpose::method, "GET", 1), 404, {{"ActivityId", "5fed5113"}}));
  auto refused = marked;
  marked.add(says(put(), 405, {{"Server", "other"}, {"ActivityId", "5fed5114"}}));
  EXPECT_THAT(brief(marked.judged_by(check_methods)), ElementsAre("pass"));
  refused.add(says(put(), 405, {}));
  EXPECT_THAT(brief(refused.judged_by(check_methods)), ElementsAre("fail http.method_blocked path medium"));
}

TEST(Methods, RemedyNamesMethodsHostAndDevice) {
  const auto findings = methods_with(says(put(), 403, {{"Server", "nginx/1.22.1"}})).judged_by(check_methods);
  EXPECT_THAT(
      steps(findings),
      HasSubstr("Allow the methods PUT to app.example.com in the device that answers as 'nginx/1.22.1'."));
}

TEST(Methods, ThatCouldChangeSomethingAreConditionalOnWhatNothingHas) {
  auto made = methods();
  const auto evidence = made.evidence();
  const auto trials = method_trials({made.target, made.settings, evidence});
  ASSERT_EQ(trials.next.size(), 5U);
  for (const auto& wish : trials.next) {
    EXPECT_EQ(wish.request.url.text(), no_resource);
    EXPECT_EQ(wish.request.credential, probe::Credential::none);
    const bool harmless = wish.request.method == "OPTIONS";
    EXPECT_EQ(probe::header(wish.request.headers, "If-Match").has_value(), !harmless) << wish.request.method;
  }
}

// ---- --upload

Scene upload() {
  auto made = scene();
  made.settings.upload = large;
  return made.add(says(asked(TrialPurpose::upload, "POST", 1, 1), 404));
}
probe::HttpTrial body() { return asked(TrialPurpose::upload, "POST", 1, large); }
probe::HttpTrial small_again() { return says(asked(TrialPurpose::upload, "POST", 3, 1), 404); }
/// So much of it was acknowledged before the end.
probe::Delivery until(std::uint64_t acknowledged, probe::Clock::duration quiet = 5s) {
  return {acknowledged, acknowledged, 3, quiet};
}

TEST(Upload, IsBlockedByALimitOnTheWay) {
  const auto partly = [] {
    auto trial = says(body(), 401);
    trial.delivery.sent = 65536;
    return trial;
  };
  const struct {
    const char* name;
    Scene scene;
    const char* expected;
  } rows[] = {
      {"answered as the small one", upload().add(says(body(), 404)), "pass"},
      {"answered in another way by the same server", upload().add(says(body(), 500)), "pass"},
      {"an early answer of the server", upload().add(partly()), "pass"},
      {"413 by a proxy", upload().add(says(body(), 413, {{"Server", "nginx"}})),
       "fail http.upload_blocked path medium"},
      {"413 by what the server calls itself", upload().add(says(body(), 413)),
       "fail http.upload_blocked server low"},
      {"413 with the service's mark", upload().add(says(body(), 413, {{"ActivityId", "5fed5113"}})),
       "fail http.client_error server high"},
      {"an error by a proxy", upload().add(says(body(), 502, {{"Server", "nginx"}})),
       "fail http.upload_blocked path medium"},
      {"a block page", upload().add(says(body(), 403, {{"X-Squid-Error", "ERR_ACCESS_DENIED 0"}})),
       "fail http.upload_blocked path high"},
      {"a RST in the middle", upload().add(meets(body(), reset(), until(65536))).add(small_again()),
       "fail http.upload_blocked path medium"},
      {"a FIN in the middle", upload().add(meets(body(), closed(), until(65536))).add(small_again()),
       "fail http.upload_blocked path medium"},
      {"a stall", upload().add(meets(body(), deadline(), until(65536))).add(small_again()),
       "fail http.upload_blocked path medium"},
      {"a stall at the first segments", upload().add(meets(body(), deadline(), until(0))).add(small_again()),
       "fail http.upload_blocked path low"},
      {"slow, not stuck", upload().add(meets(body(), deadline(), until(65536, 20ms))).add(small_again()),
       "skip"},
      {"all of it has arrived, and nothing comes",
       upload().add(meets(body(), deadline(), {large, large + 200, 0, 5s})).add(small_again()),
       "warn http.timeout server low"},
      {"afterwards nothing works any more",
       upload()
           .add(meets(body(), deadline(), until(65536)))
           .add(meets(asked(TrialPurpose::upload, "POST", 3, 1), deadline())),
       "skip"},
      {"no control afterwards", upload().add(meets(body(), reset(), until(65536))), "skip"},
      {"a small one is refused as well",
       scene()
           .with([](Scene& s) { s.settings.upload = large; })
           .add(says(asked(TrialPurpose::upload, "POST", 1, 1), 413)),
       "skip"},
  };
  for (const auto& row : rows)
    EXPECT_THAT(brief(row.scene.judged_by(check_upload)), ElementsAre(row.expected)) << row.name;
  EXPECT_TRUE(scene().judged_by(check_upload).empty()) << "not asked for";
}

TEST(Upload, SaysHowFarTheBodyCame) {
  const auto findings =
      upload().add(meets(body(), reset(), until(65536))).add(small_again()).judged_by(check_upload);
  EXPECT_THAT(words(findings), HasSubstr("about 65536 of 1048576 bytes"));
  EXPECT_THAT(steps(findings), HasSubstr("About 65536 bytes had been acknowledged"));
}

// ---- --idle

Scene idle() {
  auto made = scene();
  made.settings.idle = 5min;
  return made.add(says(asked(TrialPurpose::idle, "GET", 1), 200));  // m4
}
probe::IdleWatch silence(std::uint32_t connection, probe::IdleUse use = probe::IdleUse::hand_on) {
  probe::IdleWatch made;
  made.question = {{connection}, 5min, use};
  made.kept = 5min;
  return made;
}
probe::IdleWatch broken(const probe::TransportFailure& end) {
  auto made = silence(4);
  made.kept = 60s;
  made.ended = end;
  return made;
}
probe::HttpTrial request_after() { return asked(TrialPurpose::idle, "GET", 3); }
probe::HttpTrial fresh() { return says(asked(TrialPurpose::idle, "GET", 4), 200); }

TEST(Idle, IsDroppedOnlyWhenAFreshConnectionWorks) {
  const probe::TransportFailure said{system_error(EHOSTUNREACH), icmp(3, 1, "198.51.100.1")};
  const struct {
    const char* name;
    Scene scene;
    const char* expected;
  } rows[] = {
      {"it still works", idle().add(silence(4)).add(says(request_after(), 200)), "pass"},
      {"no acknowledgement",
       idle().add(silence(4)).add(meets(request_after(), deadline(), {0, 0, 4, {}})).add(fresh()),
       "fail tcp.idle_dropped path high"},
      {"a RST", idle().add(silence(4)).add(meets(request_after(), reset())).add(fresh()),
       "fail tcp.idle_dropped path medium"},
      {"an ICMP error", idle().add(silence(4)).add(meets(request_after(), said)).add(fresh()),
       "fail tcp.idle_dropped path high"},
      {"a FIN that crosses the request",
       idle().add(silence(4)).add(meets(request_after(), closed())).add(fresh()), "pass"},
      {"acknowledged and not answered",
       idle().add(silence(4)).add(meets(request_after(), deadline(), {0, 120, 0, {}})).add(fresh()),
       "warn tcp.idle_dropped path low"},
      {"a fresh one does not work either",
       idle()
           .add(silence(4))
           .add(meets(request_after(), deadline()))
           .add(meets(asked(TrialPurpose::idle, "GET", 4), deadline())),
       "skip"},
      {"no fresh one was tried", idle().add(silence(4)).add(meets(request_after(), deadline())), "skip"},
      {"the server closes in order", idle().add(broken(closed())), "pass"},
      {"a RST in the silence", idle().add(broken(reset())), "warn tcp.idle_dropped path low"},
      {"the server keeps no connection",
       scene()
           .with([](Scene& s) { s.settings.idle = 5min; })
           .add(says(asked(TrialPurpose::idle, "GET", 1), 200, {}, false)),
       "pass"},
      {"nothing has answered", Scene{url}.with([](Scene& s) { s.settings.idle = 5min; }), "skip"},
  };
  for (const auto& row : rows)
    EXPECT_THAT(brief(row.scene.judged_by(check_idle)), ElementsAre(row.expected)) << row.name;
  EXPECT_TRUE(scene().judged_by(check_idle).empty()) << "not asked for";
}

TEST(Idle, WithoutHttpIsToldByKeepAliveProbes) {
  const auto tcp = [](bool answered, std::optional<probe::TransportFailure> failure = {}) {
    Scene made{"tcp://192.0.2.1:5432"};
    made.settings.idle = 5min;
    made.add(connected(listening(to("192.0.2.1", 5432))));
    auto watch = silence(2, probe::IdleUse::keep_alive);
    watch.probed = probe::KeepAlive{answered, failure, 3, 5s};
    return made.add(watch);
  };
  const auto again = [] { return connected(to("192.0.2.1", 5432)); };
  EXPECT_THAT(brief(tcp(true).judged_by(check_idle)), ElementsAre("pass"));
  EXPECT_THAT(brief(tcp(false).add(again()).judged_by(check_idle)),
              ElementsAre("fail tcp.idle_dropped path high"));
  EXPECT_THAT(brief(tcp(false, reset()).add(again()).judged_by(check_idle)),
              ElementsAre("fail tcp.idle_dropped path medium"));
  EXPECT_THAT(brief(tcp(false).add(silent(to("192.0.2.1", 5432))).judged_by(check_idle)),
              ElementsAre("skip"));
  EXPECT_THAT(steps(tcp(false).add(again()).judged_by(check_idle)),
              HasSubstr("Raise the idle timeout for TCP to 192.0.2.1 port 5432 above 300.0 s"));
}

IdleTrial way_of(const Scene& scene) {
  const auto evidence = scene.evidence();
  return idle_trial({scene.target, scene.settings, evidence});
}

TEST(Idle, OfAnSshServerTakesAConnectionThatNothingWasSaidOn) {
  Scene made{"ssh://192.0.2.1"};
  made.settings.idle = 5min;
  made.add(connected(to("192.0.2.1", 22)));
  EXPECT_TRUE(way_of(made).next.connections.empty()) << "before the server has said what it is";
  probe::SshBanner banner;
  banner.question.connection = {2};
  banner.result = probe::SshIdentification{"2.0", "OpenSSH_9.2", ""};
  made.add(banner);
  EXPECT_EQ(way_of(made).next.connections.size(), 1U);
  auto closed = made;
  EXPECT_TRUE(way_of(closed.add(ended(to("192.0.2.1", 22, 2), false))).next.connections.empty())
      << "a server that closes the second at once closes the third";
  const auto way = way_of(made.add(connected(to("192.0.2.1", 22, 2))));
  ASSERT_EQ(way.next.silences.size(), 1U);
  EXPECT_EQ(way.next.silences.front().connection, made.last());
  EXPECT_EQ(way.next.silences.front().use, probe::IdleUse::keep_alive);
}

TEST(Trials, AreAskedOnlyBehindAnAnswerAndNeverWithTheToken) {
  Scene made{"https://192.0.2.1/"};
  made.settings.idle = 5min;
  made.settings.upload = large;
  made.settings.methods = true;
  made.settings.token.emplace("pat");
  const auto wishes = [&] {
    const auto evidence = made.evidence();
    return opt_in_wishes({made.target, made.settings, evidence});
  };
  EXPECT_TRUE(wishes().trials.empty());
  made.add(connected(to("192.0.2.1", 443))).add(answered(2, "https://192.0.2.1/", 401));
  const auto asked_for = wishes().trials;
  EXPECT_EQ(asked_for.size(), 3U);
  for (const auto& wish : asked_for) {
    EXPECT_EQ(wish.request.credential, probe::Credential::none);
    EXPECT_FALSE(wish.because.empty());
  }
}

}  // namespace
}  // namespace fwprobe::checks
