// Whether an answer says that a client certificate is missing, or only forbids.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/checks/measurements.h"

namespace fwprobe::checks {
namespace {

using namespace measured;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr const char* start = "https://azure.example.com/";
constexpr const char* essential = "https://azure.example.com/_apis/connectionData";

struct Answer {
  std::uint16_t status;
  std::string body = {};
  bool requested = true;
  bool configured = false;
  Profile profile = Profile::web;
};

Scene scene_of(const Answer& answer) {
  Scene scene{"https://azure.example.com"};
  scene.settings.overrides = {{"azure.example.com", {ip("203.0.113.9")}}};
  scene.settings.profile = answer.profile;
  if (answer.configured) scene.settings.tls.client_certificate = "me.pem";
  scene.add(connected(to("203.0.113.9", 443)));
  auto handshake = shaken(hello(2, scene.target), {});
  handshake.client_certificate_requested = answer.requested;
  scene.add(handshake);
  auto exchange = answered(3, answer.profile == Profile::web ? start : essential, answer.status,
                           {{"Content-Type", "text/html"}});
  exchange.result->body = answer.body;
  return scene.add(exchange);
}

const std::string nginx = "<html><head><title>400 No required SSL certificate was sent</title></head></html>";
const std::string iis =
    "<h2>HTTP Error 403.7 - Forbidden</h2><h3>The page you are attempting to access requires your "
    "browser to have a Secure Sockets Layer (SSL) client certificate</h3>";
const std::string apache =
    "<h1>Forbidden</h1><p>You don't have permission to access this resource.Reason: Cannot "
    "perform Post-Handshake Authentication.<br /></p>";

struct Row {
  const char* name;
  Answer answer;
  const char* expected;
};

TEST(ClientCertificate, IsRequiredWhereTheAnswerSaysSo) {
  const char* const certain = "fail tls.client_certificate_required server high";
  const char* const by_words = "fail tls.client_certificate_required server medium";
  const Row rows[] = {
      {"nginx", {400, nginx}, certain},
      {"nginx through something that asks itself", {400, nginx, false}, by_words},
      {"nginx's own status", {496, ""}, certain},
      {"IIS, which asks once it knows the path", {403, iis, false}, by_words},
      {"IIS, which asks in the handshake", {403, iis}, certain},
      {"Apache, which asks once it knows the path", {403, apache, false}, by_words},
      {"one was given and is not accepted",
       {400, "<title>400 The SSL certificate error</title>", true, true},
       certain},
      {"a plain 400", {400, "<title>400 Bad Request</title>"}, "fail http.client_error server high"},
      {"a plain 403", {403, "<title>403 Forbidden</title>"}, "fail http.forbidden server high"},
      {"a page about it that is not refused", {500, nginx}, "fail http.server_error server high"},
      {"a page about it that was asked for", {200, nginx}, "pass"},
      {"the words far behind the beginning",
       {403, std::string(std::size_t{64} * 1024, ' ') + nginx},
       "fail http.forbidden server high"},
      {"the service of a profile", {400, nginx, true, false, Profile::azure_devops_server}, certain},
  };
  for (const auto& row : rows)
    EXPECT_THAT(brief(scene_of(row.answer).judged_by(check_http)), ElementsAre(row.expected)) << row.name;
}

TEST(ClientCertificate, ARequestForOneIsOnlyMentionedBesideAPlainRefusal) {
  EXPECT_THAT(words(scene_of({403, "no"}).judged_by(check_http)),
              HasSubstr("asked for a client certificate"));
  EXPECT_THAT(words(scene_of({404, "no"}).judged_by(check_http)), Not(HasSubstr("client certificate")));
  EXPECT_THAT(words(scene_of({403, "no", false}).judged_by(check_http)),
              Not(HasSubstr("client certificate")));
  EXPECT_THAT(words(scene_of({403, "no", true, true}).judged_by(check_http)),
              Not(HasSubstr("client certificate")));
}

TEST(ClientCertificate, WithoutTlsNobodyAsksForOne) {
  Scene scene{"http://azure.example.com"};
  scene.settings.overrides = {{"azure.example.com", {ip("203.0.113.9")}}};
  scene.add(connected(to("203.0.113.9", 80)));
  auto exchange = answered(2, "http://azure.example.com/", 400);
  exchange.result->body = nginx;
  scene.add(exchange);
  EXPECT_THAT(brief(scene.judged_by(check_http)), ElementsAre("fail http.client_error server high"));
}

}  // namespace
}  // namespace fwprobe::checks
