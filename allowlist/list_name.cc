#include "allowlist/list_name.h"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "allowlist/list_file.h"

namespace fwprobe::allowlist {
namespace {

/// What stands in front of `separator`, which is taken off with it.
std::string_view next_word(std::string_view& rest, char separator) {
  const auto end = std::min(rest.find(separator), rest.size());
  const auto word = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return word;
}

}  // namespace

std::expected<ListName, std::string> parse_list_name(std::string_view text) {
  const auto hash = text.rfind('#');
  ListName list{std::string{text.substr(0, hash)}, {}};
  if (hash == std::string_view::npos) return list;
  // The command line puts the blank there, so that it is no option (cli/application.cc).
  if (list.name == "- ") list.name = standard_input;
  auto rest = text.substr(hash + 1);
  if (list.name.empty() || rest.empty())
    return std::unexpected{fmt::format("'{}': write LIST#key=value, such as aws#service=EC2", text)};
  while (!rest.empty()) {
    const auto part = next_word(rest, ',');
    const auto equals = part.find('=');
    if (equals == 0 || equals == std::string_view::npos || equals + 1 == part.size())
      return std::unexpected{fmt::format(
          "'{}' is no file, and '{}' is not key=value; write LIST#service=EC2,region=eu-west-1", text, part)};
    const auto key = part.substr(0, equals);
    auto filter = std::ranges::find(list.filters, key, &Filter::key);
    if (filter == list.filters.end()) filter = list.filters.insert(filter, {std::string{key}, {}});
    for (auto values = part.substr(equals + 1); !values.empty();)
      if (const auto value = next_word(values, '|'); !value.empty()) filter->values.emplace_back(value);
    if (filter->values.empty()) return std::unexpected{fmt::format("'{}': '{}' has no value", text, key)};
  }
  return list;
}

}  // namespace fwprobe::allowlist
