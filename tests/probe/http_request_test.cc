#include "probe/http_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "version.h"

namespace fwprobe::probe {
namespace {

using testing::HasSubstr;
using testing::Not;

const std::string token = "pat-7f3k-secret";

HttpQuestion asking(std::string_view url) {
  HttpQuestion question;
  question.request.url = *parse_url(url);
  return question;
}

std::size_t count(std::string_view text, std::string_view piece) {
  std::size_t found = 0;
  for (auto at = text.find(piece); at != std::string_view::npos; at = text.find(piece, at + 1)) ++found;
  return found;
}

TEST(Request, IsWrittenAsRfc9112HasIt) {
  EXPECT_EQ(*serialize(asking("https://host/a?b=c"), {}),
            "GET /a?b=c HTTP/1.1\r\nHost: host\r\nUser-Agent: fwprobe/" FWPROBE_VERSION
            "\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\n\r\n");
  const std::pair<const char*, const char*> hosts[] = {
      {"https://host:443/", "\r\nHost: host\r\n"},
      {"https://host:80/", "\r\nHost: host:80\r\n"},
      {"http://host/", "\r\nHost: host\r\n"},
      {"http://[2001:db8::1]/", "\r\nHost: [2001:db8::1]\r\n"},
      {"http://[::1]:8080/", "\r\nHost: [::1]:8080\r\n"},
      {"http://127.1/", "\r\nHost: 127.0.0.1\r\n"},
      {"http://u:p@host/", "\r\nHost: host\r\n"},
  };
  for (const auto& [url, line] : hosts) EXPECT_THAT(*serialize(asking(url), {}), HasSubstr(line)) << url;
}

TEST(Request, ToAProxyNamesTheWholeUrl) {
  auto question = asking("http://host:8080/a?b");
  question.form = RequestForm::absolute;
  HttpSecrets secrets;
  secrets.proxy_authorization = "Basic dTpw";
  const auto bytes = *serialize(question, secrets);
  EXPECT_TRUE(bytes.starts_with("GET http://host:8080/a?b HTTP/1.1\r\nHost: host:8080\r\n")) << bytes;
  EXPECT_THAT(bytes, HasSubstr("\r\nProxy-Authorization: Basic dTpw\r\n"));
  question.form = RequestForm::origin;
  EXPECT_THAT(*serialize(question, secrets), Not(HasSubstr("Proxy-Authorization")));
}

TEST(Request, CarriesTheBodyAndTheAuthorizationOfItsSecrets) {
  auto question = asking("https://host/hook");
  question.request.method = "POST";
  question.request.headers = {{"Authorization", "none"}, {"Content-Type", "application/json"}};
  HttpSecrets secrets;
  secrets.authorization = Secret{"Bearer abc"};
  secrets.body = "{\"a\": 1}";
  const auto bytes = *serialize(question, secrets);
  EXPECT_EQ(count(bytes, "Authorization: "), 1U);
  EXPECT_THAT(bytes, HasSubstr("\r\nAuthorization: Bearer abc\r\n"));
  EXPECT_EQ(count(bytes, "Content-Length: "), 1U);
  EXPECT_THAT(bytes, HasSubstr("\r\nContent-Length: 8\r\n"));
  EXPECT_TRUE(bytes.ends_with("\r\n\r\n{\"a\": 1}")) << bytes;
  std::string echoed = "you said abcabc, Bearer abc";
  secrets.authorization = Secret{"Bearer abcabc"};
  secrets.scrub(echoed);
  EXPECT_THAT(echoed, Not(HasSubstr("abcabc")));
}

TEST(Request, SaysThatABodyWhichIsExpectedIsEmpty) {
  auto question = asking("https://host/");
  question.request.method = "POST";
  EXPECT_THAT(*serialize(question, {}), HasSubstr("\r\nContent-Length: 0\r\n"));
}

TEST(Headers, OfTheUserReplaceThoseOfTheRequestAndTheseTheUsualOnes) {
  auto question = asking("https://host/");
  question.request.headers = {{"accept", "application/json"}, {"X-A", "request"}, {"X-B", "1"}, {"X-B", "2"}};
  HttpSecrets secrets;
  secrets.user_headers = {{"x-a", "user 1"}, {"X-A", "user 2"}, {"HOST", "other"}};
  const auto bytes = *serialize(question, secrets);
  EXPECT_EQ(count(bytes, "ccept: "), 1);
  for (const auto* line : {"\r\naccept: application/json\r\n", "\r\nX-B: 1\r\nX-B: 2\r\n",
                           "\r\nx-a: user 1\r\nX-A: user 2\r\n", "\r\nHOST: other\r\n"})
    EXPECT_THAT(bytes, HasSubstr(line));
  for (const auto* line : {"X-A: request", "Host: host"}) EXPECT_THAT(bytes, Not(HasSubstr(line)));
}

TEST(Token, GoesOnlyWhereItIsAskedForAndOverHttps) {
  HttpSecrets secrets;
  secrets.token = Secret{token};
  auto question = asking("https://host/");
  EXPECT_THAT(*serialize(question, secrets), Not(HasSubstr("Authorization")));
  question.request.credential = Credential::token;
  const auto line = "\r\nAuthorization: Basic " + base64(":" + token) + "\r\n";
  EXPECT_THAT(*serialize(question, secrets), HasSubstr(line));
  question.request.headers = {{"authorization", "Bearer x"}};
  EXPECT_EQ(count(*serialize(question, secrets), "uthorization: "), 1);
  EXPECT_THAT(*serialize(question, secrets), HasSubstr(line));

  question.form = RequestForm::absolute;
  EXPECT_FALSE(serialize(question, secrets));
  question.form = RequestForm::origin;
  question.request.url = *parse_url("http://host/");
  ASSERT_FALSE(serialize(question, secrets));
  EXPECT_THAT(serialize(question, secrets).error(), Not(HasSubstr(token)));
  EXPECT_TRUE(serialize(question, {})) << "there is no token to protect";
}

TEST(Request, ThatWouldBreakInTwoIsRefused) {
  const struct {
    const char* name;
    HttpHeader header;
  } cases[] = {
      {"a line break in a value", {"X", "a\r\nY: b"}},
      {"a line feed in a value", {"X", "a\nb"}},
      {"a NUL in a value", {"X", std::string{"a\0b", 3}}},
      {"an escape in a value", {"X", "a\x1b[2J"}},
      {"a line break in a name", {"X\r\nY", "a"}},
      {"a colon in a name", {"X: a", "b"}},
      {"a space in a name", {"X Y", "a"}},
      {"an empty name", {"", "a"}},
      {"a body's length", {"content-length", "5"}},
      {"a body's coding", {"Transfer-Encoding", "chunked"}},
  };
  for (const auto& row : cases) {
    auto question = asking("https://host/");
    question.request.headers = {row.header};
    EXPECT_FALSE(serialize(question, {})) << row.name;
    HttpSecrets secrets;
    secrets.user_headers = {row.header};
    const auto refused = serialize(asking("https://host/"), secrets);
    ASSERT_FALSE(refused) << row.name;
    EXPECT_THAT(refused.error(), Not(HasSubstr("Y: b"))) << "a user's value may be secret";
  }
  for (const auto* method : {"", "GET /", "GET\r\n", "G\tT"}) {
    auto question = asking("https://host/");
    question.request.method = method;
    EXPECT_FALSE(serialize(question, {})) << method;
  }
  for (const auto* path : {"/a b", "/a\r\nX: y", "/\x01"}) {
    auto question = asking("https://host/");
    question.request.url.path = path;
    EXPECT_FALSE(serialize(question, {})) << path;
  }
  auto good = asking("https://host/");
  good.request.headers = {{"X", "tab\tand \xc3\xbc"}, {"Content-Length", "0"}};
  EXPECT_TRUE(serialize(good, {}));
}

}  // namespace
}  // namespace fwprobe::probe
