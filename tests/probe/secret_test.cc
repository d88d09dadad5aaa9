#include "probe/secret.h"

#include <concepts>
#include <ostream>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace fwprobe::probe {
namespace {

template <typename T>
concept Printable = requires(std::ostream& out, const T& value) { out << value; };
static_assert(!fmt::is_formattable<Secret>::value, "a secret must not reach a message");
static_assert(!Printable<Secret>);
static_assert(!std::equality_comparable<Secret>);
static_assert(!std::convertible_to<Secret, std::string_view>);
static_assert(!std::convertible_to<std::string, Secret>, "only on purpose");

struct ScrubCase {
  const char* name;
  std::string secret;
  std::string text;
  std::string expected;
};

TEST(Secret, LeavesNoTraceInAText) {
  const std::string token = "kq7xw2/ab+c%9zt";
  const ScrubCase cases[] = {
      {"a text without the secret stays as it is", token, "nothing of it here", "nothing of it here"},
      {"the secret itself", token, "token=" + token + "&x=1", "token=<blanked>&x=1"},
      {"every occurrence", token, token + " " + token, "<blanked> <blanked>"},
      {"the whole text", token, token, "<blanked>"},
      {"percent-encoded, upper case", token, "/?t=kq7xw2%2Fab%2Bc%259zt;", "/?t=<blanked>;"},
      {"percent-encoded, lower case", token, "/?t=kq7xw2%2fab%2bc%259zt;", "/?t=<blanked>;"},
      {"percent-encoded more than needed", token, "/?t=%6bq7xw2%2fab%2bc%259z%74;", "/?t=<blanked>;"},
      {"a slash that JSON writes with a backslash", token, R"({"t":"kq7xw2\/ab+c%9zt"})",
       R"({"t":"<blanked>"})"},
      {"Base64 behind an empty user name", token, "Basic OmtxN3h3Mi9hYitjJTl6dA==.", "Basic <blanked>."},
      {"cut off inside the secret", token, "you sent kq7xw2/", "you sent <blanked>"},
      {"cut off inside an escape of the secret", token, "you sent kq7xw2%2", "you sent <blanked>"},
      {"three bytes at the end are chance", token, "you sent kq7", "you sent kq7"},
      {"a beginning in the middle is no secret", token, "kq7xw2 and more", "kq7xw2 and more"},
      {"a near miss just before the secret", "aab", "aaab", "a<blanked>"},
      {"an empty secret blanks nothing", "", "text", "text"},
      {"an empty text", token, "", ""},
      {"a percent sign at the end", token, "100%", "100%"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.name);
    auto text = c.text;
    Secret{c.secret}.scrub(text);
    EXPECT_EQ(text, c.expected);
  }
}

TEST(Secret, IsBlankedInBase64BehindAnyUserName) {
  const Secret password{"correct-horse-9"};
  for (const auto* user : {"", "a", "bc", "def", "someone@example.com"}) {
    SCOPED_TRACE(user);
    auto text = "Basic " + basic_credentials(user, password);
    const auto before = text;
    password.scrub(text);
    EXPECT_NE(text, before);
    EXPECT_NE(text.find("<blanked>"), std::string::npos);
    // What is left tells at most the bits that a neighbour of the secret shares a Base64 character with.
    for (const auto* rest : {"Y29ycmVjdC1ob3Jz", "b3JyZWN0LWhvcnNl", "cnJlY3QtaG9yc2Ut"})
      EXPECT_EQ(text.find(rest), std::string::npos) << text;
  }
}

TEST(Secret, KeepsItsValueThroughCopiesAndMoves) {
  Secret first{"s3cret"};
  Secret second = first;
  EXPECT_EQ(first.expose(), "s3cret");
  EXPECT_EQ(second.expose(), "s3cret");
  const Secret third = std::move(second);
  EXPECT_EQ(third.expose(), "s3cret");
  first = Secret{"a much longer one than the one before"};
  EXPECT_EQ(first.expose(), "a much longer one than the one before");
  first = third;
  EXPECT_EQ(first.expose(), "s3cret");
  EXPECT_FALSE(first.empty());
  EXPECT_TRUE(Secret{}.empty());
  EXPECT_TRUE(Secret{""}.empty());
}

TEST(Secret, MemoryIsOverwrittenBeforeItIsGivenBack) {
  std::string memory = "s3cret";
  overwrite(memory.data(), memory.size());
  EXPECT_EQ(memory, std::string(6, '\0'));
}

TEST(Base64, FollowsTheTestVectorsOfRfc4648) {
  const std::pair<const char*, const char*> vectors[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"},
  };
  for (const auto& [bytes, text] : vectors) EXPECT_EQ(base64(bytes), text);
}

TEST(BasicCredentials, FollowTheExampleOfRfc7617) {
  EXPECT_EQ(basic_credentials("Aladdin", Secret{"open sesame"}), "QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_EQ(basic_credentials("", Secret{"token"}), "OnRva2Vu");
}

}  // namespace
}  // namespace fwprobe::probe
