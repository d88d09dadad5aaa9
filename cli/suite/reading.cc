#include "cli/suite/reading.h"

#include <unordered_map>

#include <fmt/format.h>

#include "text/ascii.h"

namespace fwprobe::cli {

using allowlist::excerpt, allowlist::YamlNode;

std::vector<Given> SuiteReading::pairs(const Given& given, std::string_view right) {
  if (error_) return {};
  if (given.value->kind != YamlNode::Kind::map) {
    fail(given, right);
    return {};
  }
  std::vector<Given> all;
  std::unordered_map<std::string_view, int> lines;
  const auto& children = given.value->children;
  for (std::size_t i = 0; i + 1 < children.size(); i += 2) {
    const auto& key = children[i];
    if (const auto [first, fresh] = lines.try_emplace(key.text, key.place.line); !fresh) {
      fail(given, key.place,
           fmt::format("{} is there twice, first on line {}", excerpt(key.text), first->second));
      return {};
    }
    if (children[i + 1].kind == YamlNode::Kind::empty) {
      fail(given, key.place, fmt::format("{} has no value", excerpt(key.text)));
      return {};
    }
    all.push_back({given.document, &key, &children[i + 1]});
  }
  return all;
}

std::vector<Given> SuiteReading::elements(const Given& given, std::string_view right) {
  if (error_) return {};
  if (given.value->kind != YamlNode::Kind::sequence) {
    fail(given, right);
    return {};
  }
  std::vector<Given> all;
  for (const auto& element : given.value->children) all.push_back({given.document, &element, &element});
  return all;
}

std::string SuiteReading::text(const Given& given) {
  if (error_) return {};
  if (given.value->kind != YamlNode::Kind::scalar)
    fail(given, fmt::format("{} is one value, not a list or a map",
                            given.key == given.value ? "an element" : excerpt(given.key->text)));
  else if (given.value->text.empty())
    fail(given, "the value is empty");
  else if (given.value->text.find('\0') != std::string::npos)
    fail(given, "the value contains a NUL byte");
  return error_ ? std::string{} : given.value->text;
}

std::vector<Given> SuiteReading::values(const Given& given) {
  if (given.value->kind == YamlNode::Kind::scalar) return {given};
  return elements(given, "one value or a list: [a, b]");
}

std::vector<std::string> SuiteReading::texts(const Given& given) {
  std::vector<std::string> all;
  for (const auto& one : values(given)) all.push_back(text(one));
  return all;
}

bool SuiteReading::flag(const Given& given) {
  const auto word = text(given);
  if (!error_ && word != "true" && word != "false")
    fail(given, fmt::format("{} is not true or false", excerpt(word)));
  return word == "true";
}

std::size_t SuiteReading::number(const Given& given, std::size_t least, std::size_t most) {
  const auto number = whole_number<std::size_t>(text(given));
  if (number && *number >= least && *number <= most) return *number;
  fail(given, fmt::format("{} is not a number from {} to {}", excerpt(given.value->text), least, most));
  return least;
}

void SuiteReading::unknown(const Given& given, const std::vector<std::string>& known) {
  const auto meant = nearest(given.key->text, known);
  fail(given, given.key->place,
       meant.empty()
           ? fmt::format("unknown key {}; docs/suites.md lists what there is", excerpt(given.key->text))
           : fmt::format("unknown key {}; did you mean '{}'?", excerpt(given.key->text), meant));
}

}  // namespace fwprobe::cli
