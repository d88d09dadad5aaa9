#include "probe/http_secrets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fwprobe::probe {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string token = "pat-7f3k-secret";

std::string kept(std::string name, std::string value, const HttpSecrets& secrets = {}) {
  std::vector<HttpHeader> headers{{std::move(name), std::move(value)}};
  blank_secrets(headers, secrets);
  return headers[0].value;
}

TEST(Cookie, KeepsItsNameAndAttributes) {
  const std::pair<const char*, const char*> cases[] = {
      {"VstsSession=%7B%22x; domain=.example.com; path=/; secure; HttpOnly",
       "VstsSession=<blanked>; domain=.example.com; path=/; secure; HttpOnly"},
      {"a=1", "a=<blanked>"},
      {"a=b=c; Path=/", "a=<blanked>; Path=/"},
      {"a=\"b c\"; Expires=Wed, 21 Oct 2015 07:28:00 GMT",
       "a=<blanked>; Expires=Wed, 21 Oct 2015 07:28:00 GMT"},
      {"a=; Max-Age=0", "a=<blanked>; Max-Age=0"},
      {"=value", "=<blanked>"},
      {"namelessvalue", "<blanked>"},
      {"namelessvalue; Path=/", "<blanked>; Path=/"},
      {"a=1; Path=/, Session=topsecret; Secure", "a=<blanked>; Path=/, <blanked>; Secure"},
      {"a=1; Session=topsecret", "a=<blanked>; Session=<blanked>"},
      {"a=1; topsecret", "a=<blanked>;<blanked>"},
      {"a=1;", "a=<blanked>;"},
      {"", "<blanked>"},
  };
  for (const auto& [cookie, expected] : cases) {
    EXPECT_EQ(kept("set-cookie", cookie), expected);
    EXPECT_THAT(kept("Set-Cookie2", cookie), Not(HasSubstr("topsecret")));
  }
}

TEST(Credentials, AreBlankedWhole) {
  for (const auto* name :
       {"Authorization", "proxy-authorization", "COOKIE", "X-Auth-Token", "Authentication-Info"})
    EXPECT_EQ(kept(name, "whatever it is"), "<blanked>") << name;
  for (const auto* name : {"WWW-Authenticate", "Proxy-Authenticate", "x-ms-continuationtoken",
                           "X-TFS-FedAuthRealm", "ActivityId", "Location"})
    EXPECT_EQ(kept(name, "whatever it is"), "whatever it is") << name;
}

TEST(Echo, OfASecretIsBlanked) {
  HttpSecrets secrets;
  secrets.token = Secret{token};
  secrets.user_headers = {{"Accept", "application/json"},
                          {"X-Custom", "custom-secret-9"},
                          {"X-Flag", "1"},
                          {"Cookie", "a=cookie-one; b=\"cookie-two\""},
                          {"Authorization", "Bearer jwt.a.b"},
                          {"Origin", "https://host.example"}};
  secrets.proxy_authorization = "Basic cHJveHk6cGFzcw==";
  const std::pair<std::string, std::string> cases[] = {
      {"token " + token + ".", "token <blanked>."},
      {"Basic " + base64(":" + token), "Basic <blanked>"},
      {"custom-secret-9", "<blanked>"},
      {"cookie-one and cookie-two", "<blanked> and <blanked>"},
      {"jwt.a.b", "<blanked>"},
      {"sent cHJveHk6cGFzcw==", "sent <blanked>"},
      {"type application/json; flag 1; https://host.example",
       "type application/json; flag 1; https://host.example"},
  };
  for (const auto& [text, expected] : cases) {
    EXPECT_EQ(kept("X-Echo", text, secrets), expected);
    auto body = text;
    secrets.scrub(body);
    EXPECT_EQ(body, expected);
  }
  std::vector<HttpHeader> headers{{"X-" + token, "1"}};
  blank_secrets(headers, secrets);
  EXPECT_EQ(headers[0].name, "X-<blanked>");
}

TEST(FirstBytes, LoseCookiesAndCredentialsInAnyShape) {
  HttpSecrets secrets;
  secrets.token = Secret{token};
  const std::pair<std::string, std::string> cases[] = {
      {"HTTP/1.1 200 OK\r\nSet-Cookie: s=topsecret; Path=/\r\nA: b\r\n",
       "HTTP/1.1 200 OK\r\nSet-Cookie: s=<blanked>; Path=/\r\nA: b\r\n"},
      {"set-cookie : s=topsecr", "set-cookie : s=<blanked>"},
      {"Set-Cookie:\r\n s=topsecret;\r\n\tmore\r\nA: b",
       "Set-Cookie: <blanked>\r\n<blanked>\r\n<blanked>\r\nA: b"},
      {"A: b\nAuthorization: Basic topsecret\n\nbody", "A: b\nAuthorization: <blanked>\n\nbody"},
      {"\r\nCookie: topsecret", "\r\nCookie: <blanked>"},
      {"echo " + token, "echo <blanked>"},
      {"cut off " + token.substr(0, 9), "cut off <blanked>"},
      {" folded, but behind nothing secret\r\n", " folded, but behind nothing secret\r\n"},
      {"", ""},
  };
  for (const auto& [given, expected] : cases) {
    auto text = given;
    blank_secrets(text, secrets);
    EXPECT_EQ(text, expected);
  }
}

}  // namespace
}  // namespace fwprobe::probe
