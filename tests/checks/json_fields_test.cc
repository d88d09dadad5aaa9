#include "checks/json_fields.h"

#include <string>

#include <gtest/gtest.h>

namespace fwprobe::checks {
namespace {

constexpr std::string_view wanted[] = {"/value", "/value/*/id", "/value/*/project/name",
                                       "/*/x",   "/flag",       "/big"};

TEST(JsonFields, HoldsWhatWasAskedForAndNothingElse) {
  const auto json = read_json(
      R"({"value":[{"id":1,"no":2,"project":{"name":"a","id":3}},{"project":{"name":"b"},"list":[1,2]}],"o":{"x":1.50},"flag":true,"n":null})",
      wanted);
  EXPECT_TRUE(json.valid);
  EXPECT_TRUE(json.is_object);
  const std::map<std::string, std::string, std::less<>> expected{{"/flag", "true"},
                                                                 {"/o/x", "1.50"},
                                                                 {"/value", "2"},
                                                                 {"/value/0/id", "1"},
                                                                 {"/value/0/project/name", "a"},
                                                                 {"/value/1/project/name", "b"}};
  EXPECT_EQ(json.values, expected);
}

TEST(JsonFields, SaysWhenItIsNotJson) {
  for (const auto* text : {"", "<html>", "{", "{\"value\":[1,]}", "{} x", "\"\xff\"", "[1e999]"})
    EXPECT_FALSE(read_json(text, wanted).valid) << text;
  EXPECT_TRUE(read_json("[]", wanted).valid);
  EXPECT_FALSE(read_json("[]", wanted).is_object);
}

TEST(JsonFields, DepthCostsNothing) {
  const std::size_t depth = 2'000'000;
  const auto json = read_json(std::string(depth, '[') + std::string(depth, ']'), wanted);
  EXPECT_TRUE(json.valid);
  EXPECT_TRUE(json.values.empty());
  const auto behind =
      read_json("{\"deep\":" + std::string(100, '[') + std::string(100, ']') + ",\"flag\":7}", wanted);
  EXPECT_EQ(behind.at("/flag"), "7");
}

TEST(JsonFields, NumberOfValuesAndTheirLengthAreBounded) {
  std::string many = "{\"value\":[{\"id\":0}";
  for (int i = 0; i < 50'000; ++i) many += ",{\"id\":0}";
  many += "]}";
  const auto json = read_json(many, wanted);
  EXPECT_TRUE(json.valid);
  EXPECT_TRUE(json.cut);
  EXPECT_LE(json.values.size(), 20'000u);

  const auto long_value = read_json("{\"big\":\"" + std::string(100'000, 'x') + "\"}", wanted);
  EXPECT_TRUE(long_value.cut);
  EXPECT_FALSE(long_value.at("/big"));
}

}  // namespace
}  // namespace fwprobe::checks
