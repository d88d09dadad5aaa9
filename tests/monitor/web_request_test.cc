#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "monitor/web/request.h"

namespace fwprobe::monitor {
namespace {

using testing::ElementsAre;
using testing::Pair;

std::expected<Request, Answer> read(std::string_view target) { return read_request("GET", target, {}, 0); }

struct Row {
  const char* name;
  std::string target;
  std::uint16_t status;  ///< 0: it is read
};

TEST(WebRequest, IsReadOrRefusedWithTheRightStatus) {
  const Row rows[] = {
      {"a path", "/", 0},
      {"a path with a query", "/probe?target=a%3Ab&module=http_2xx", 0},
      {"absolute-form", "http://host:1/metrics", 0},
      {"absolute-form without a path", "https://host", 0},
      {"other schemes are no request of ours", "ftp://host/", 400},
      {"asterisk-form", "*", 400},
      {"authority-form", "host:443", 400},
      {"nothing", "", 400},
      {"an escape that is cut", "/%4", 400},
      {"an escape of something else", "/%zz", 400},
      {"NUL", "/%00", 400},
      {"not UTF-8", "/%c3%28", 400},
      {"an overlong form", "/%c0%af", 400},
      {"not UTF-8 in a value", "/?a=%ff", 400},
      {"the longest", "/" + std::string(longest_request_target - 1, 'a'), 0},
      {"too long", "/" + std::string(longest_request_target, 'a'), 414},
  };
  for (const auto& row : rows) {
    const auto request = read(row.target);
    EXPECT_EQ(request ? 0 : request.error().status, row.status) << row.name;
  }
}

TEST(WebRequest, HasBoundsForHeaderBodyAndParameters) {
  EXPECT_EQ(read_request("GET", "/", {{"A", std::string(longest_request_header, 'a')}}, 0).error().status,
            431);
  EXPECT_EQ(read_request("POST", "/-/reload", {}, 1).error().status, 413);
  std::string query = "/?";
  for (std::size_t i = 0; i < most_parameters; ++i) query += "a=1&";
  EXPECT_TRUE(read(query));
  EXPECT_EQ(read(query + "a=1").error().status, 400);
}

TEST(WebRequest, DecodesNamesAndValues) {
  const auto request = read("/a%2Fb?x=1+2&&y&z=%2B&=v#fragment");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->path, "/a/b");
  EXPECT_THAT(request->query, ElementsAre(Pair("x", "1 2"), Pair("y", ""), Pair("z", "+"), Pair("", "v")));
  EXPECT_EQ(request->parameter("z"), "+");
  EXPECT_EQ(request->parameter("none"), "");
}

TEST(WebRequest, AFieldThatStandsTwiceIsNone) {
  const auto request = read_request("GET", "/", {{"Origin", " a "}, {"host", "x"}, {"HOST", "y"}}, 0);
  EXPECT_EQ(request->field("origin"), "a");
  EXPECT_EQ(request->field("Host"), std::nullopt);
}

TEST(WebRequest, WhatIsEncodedIsDecodedToTheSame) {
  std::string all;
  for (char c = 1; c < 0x7f; ++c) all += c;
  all += "é漢";
  EXPECT_EQ(percent_decoded(percent_encoded(all)), all);
}

}  // namespace
}  // namespace fwprobe::monitor
