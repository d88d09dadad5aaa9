#include <string>

#include <gtest/gtest.h>

#include "allowlist/rules/json_tree.h"

namespace fwprobe::allowlist {
namespace {

TEST(JsonTree, TellsAValuesPlaceAndPointer) {
  const std::string text =
      "{\"a\": [1, {\"b/c\": \"x\"},\n  -7\n], \"n\": null, \"big\": 18446744073709551615}";
  const auto tree = JsonTree::parse(text);
  ASSERT_TRUE(tree) << tree.error().message;
  const auto* array = member(tree->root(), "a");
  ASSERT_NE(array, nullptr);
  const auto& items = *array->as<JsonArray>();
  ASSERT_EQ(items.size(), 3U);
  EXPECT_EQ(tree->pointer(items[1]), "/a/1");
  const auto* inner = member(items[1], "b/c");
  ASSERT_NE(inner, nullptr);
  EXPECT_EQ(tree->pointer(*inner), "/a/1/b~1c");
  EXPECT_EQ(*inner->as<std::string>(), "x");
  EXPECT_EQ(*items[2].as<std::int64_t>(), -7);
  EXPECT_EQ(tree->place(items[2]).line, 2);
  EXPECT_EQ(tree->place(items[2]).column, 4);
  EXPECT_EQ(tree->place(tree->root()).column, 1);
  EXPECT_NE(member(tree->root(), "big")->as<double>(), nullptr);
  EXPECT_TRUE(member(tree->root(), "n")->is_null());
  EXPECT_EQ(member(tree->root(), "no"), nullptr);
  EXPECT_EQ(member(items[0], "no"), nullptr);
  EXPECT_EQ(tree->complaint(*inner, "wrong").message, "/a/1/b~1c: wrong");
}

TEST(JsonTree, WhatIsNoJsonIsRefusedAtItsPlace) {
  struct Case {
    const char* name;
    std::string text;
    int line;
    int column;
    const char* message;
  };
  const Case cases[] = {
      {"nothing at all", "", 1, 1, "the file is empty; it should hold JSON"},
      {"only space", " \n ", 2, 1, "the file is empty; it should hold JSON"},
      {"cut short in an array", "[1,\n 2,", 2, 3, "the file ends in the middle of a value: it was cut short"},
      {"cut short in a string", "{\"a\": \"b", 1, 8,
       "the file ends in the middle of a value: it was cut short"},
      {"a comma behind the last value of an array", "[1,\n 2,\n]", 3, 1,
       "a comma in front of ']': JSON has none behind the last value"},
      {"a comma behind the last member", "{\"a\": 1, }", 1, 10,
       "a comma in front of '}': JSON has none behind the last value"},
      {"a second value", "{}\n{}", 2, 1, "this is no JSON (RFC 8259)"},
      {"a comment", "// rules\n{}", 1, 1, "this is no JSON (RFC 8259)"},
      {"NaN", "[NaN]", 1, 2, "this is no JSON (RFC 8259)"},
      {"Latin-1 in a string", "[\"\xe9\x20\"]", 1, 4, "this is no JSON (RFC 8259)"},
      {"a key twice", "{\"a\": 1,\n\"b\": 2, \"a\": 3}", 2, 14, "the object has the key 'a' twice"},
      {"a bracket too deep", "[[[[]]]]", 1, 4, "more than 3 levels of brackets"},
      {"too many values", "[1,2,3,4,5,6,7,8]", 1, 16, "more than 8 values; split the file"},
      {"UTF-16 from PowerShell", std::string{"\xff\xfe{\0}\0", 6}, 1, 1,
       "the file is UTF-16; write UTF-8: in PowerShell, | Out-File -Encoding utf8 FILE"},
      {"too large", std::string(2 * 1024 * 1024, ' '), 1, 1, "larger than 1 MiB"},
  };
  for (const auto& row : cases) {
    SCOPED_TRACE(row.name);
    const auto tree = JsonTree::parse(row.text, {.bytes = 1024 * 1024, .nodes = 8, .depth = 3});
    ASSERT_FALSE(tree);
    EXPECT_EQ(tree.error().message, row.message);
    EXPECT_EQ(tree.error().place.line, row.line);
    EXPECT_EQ(tree.error().place.column, row.column);
  }
}

TEST(JsonTree, AByteOrderMarkAndEscapesAreRead) {
  const std::string text = "\xef\xbb\xbf{\"\\u0061\": \"\\u00e7\\n\"}";
  const auto tree = JsonTree::parse(text);
  ASSERT_TRUE(tree) << tree.error().message;
  EXPECT_EQ(*member(tree->root(), "a")->as<std::string>(), "\xc3\xa7\n");
}

TEST(JsonTree, APointerIsOnePrintableLine) {
  const std::string text = "{\"a\\n\\u001b\": 1}";
  const auto tree = JsonTree::parse(text);
  ASSERT_TRUE(tree) << tree.error().message;
  EXPECT_EQ(tree->pointer(tree->root().as<JsonObject>()->members.front()), "/a\\x0a\\x1b");
}

}  // namespace
}  // namespace fwprobe::allowlist
