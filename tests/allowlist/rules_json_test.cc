#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <fmt/format.h>
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
  EXPECT_EQ(*inner->as<std::string_view>(), "x");
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

void expect_same(const JsonNode& node, const JsonNode& other, std::size_t shift) {
  ASSERT_EQ(node.value.index(), other.value.index());
  ASSERT_EQ(node.key, other.key);
  ASSERT_EQ(node.offset + shift, other.offset) << node.key;
  const auto same_children = [&](const std::vector<JsonNode>& children, const std::vector<JsonNode>& others) {
    ASSERT_EQ(children.size(), others.size());
    for (std::size_t i = 0; i < children.size(); ++i) expect_same(children[i], others[i], shift);
  };
  if (const auto* array = node.as<JsonArray>()) return same_children(*array, *other.as<JsonArray>());
  if (const auto* object = node.as<JsonObject>())
    return same_children(object->members, other.as<JsonObject>()->members);
  if (const auto* text = node.as<std::string_view>()) {
    ASSERT_EQ(*text, *other.as<std::string_view>());
  }
  if (const auto* number = node.as<std::int64_t>()) {
    ASSERT_EQ(*number, *other.as<std::int64_t>());
  }
  if (const auto* flag = node.as<bool>()) {
    ASSERT_EQ(*flag, *other.as<bool>());
  }
}

/// An escape makes the quick reader leave all of a text to the library.
TEST(JsonTree, IsTheSameWhoeverReadsIt) {
  const std::string front = R"(["\u0041", )";
  std::vector<std::string> texts{
      "{}",
      "[]",
      "[ ]\n",
      R"({"a":[1,20 ,0],"b":{"":"x","c":true},"d":[false,null]})",
      "{ \"a\" :\t\"b\" ,\r\n\"c\"\n:\n[ 1\n, 123456789\t, 1234567890, -1, 1.5, 1e3 ] }",
      R"([{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"j":10}])",
  };
  for (const auto* name : {"aws", "azure", "atlassian", "google-cloud", "microsoft365"}) {
    std::ifstream file{fmt::format(SOURCE_DIR "/tests/allowlist/data/lists/{}.json", name)};
    auto& text = texts.emplace_back(std::istreambuf_iterator{file}, std::istreambuf_iterator<char>{});
    if (text.starts_with("\xef\xbb\xbf")) text.erase(0, 3);
  }
  for (const auto& text : texts) {
    const auto within = front + text + "]";
    const auto quick = JsonTree::parse(text);
    const auto library = JsonTree::parse(within);
    ASSERT_TRUE(quick) << text << quick.error().message;
    ASSERT_TRUE(library) << text << library.error().message;
    expect_same(quick->root(), library->root().as<JsonArray>()->at(1), front.size());
  }
}

/// Lines are counted in parts of a text, which begin and end anywhere.
TEST(JsonTree, PlacesAreThoseOfTheText) {
  std::string text = "[";
  for (std::size_t i = 0; i < 500; ++i)
    text += fmt::format("{}\"{}\"{}", i == 0 ? "" : ",", std::string(i * 37 % 700, 'x'),
                        i % 3 == 0   ? ""
                        : i % 7 == 0 ? "\n\n"
                                     : "\r\n");
  text += "]";
  const auto tree = JsonTree::parse(text);
  ASSERT_TRUE(tree);
  for (const auto& node : *tree->root().as<JsonArray>()) {
    const auto before = text.substr(0, node.offset - 1);
    const auto begin = before.rfind('\n');
    const auto [line, column] = tree->place(node);
    EXPECT_EQ(line, 1 + std::ranges::count(before, '\n'));
    EXPECT_EQ(column, before.size() - (begin == std::string::npos ? 0 : begin + 1) + 1);
  }
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
  EXPECT_EQ(*member(tree->root(), "a")->as<std::string_view>(), "\xc3\xa7\n");
}

TEST(JsonTree, APointerIsOnePrintableLine) {
  const std::string text = "{\"a\\n\\u001b\": 1}";
  const auto tree = JsonTree::parse(text);
  ASSERT_TRUE(tree) << tree.error().message;
  EXPECT_EQ(tree->pointer(tree->root().as<JsonObject>()->members.front()), "/a\\x0a\\x1b");
}

}  // namespace
}  // namespace fwprobe::allowlist
