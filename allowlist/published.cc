// The lists that are built in, and files of the user's own.

#include <string>
#include <system_error>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "allowlist/allowlist.h"
#include "allowlist/list_file.h"
#include "allowlist/publishers.h"

namespace fwprobe::allowlist {
namespace {

struct Row {
  std::string_view name;
  std::string_view text;
};

constexpr Row rows[] = {
#include "published_lists.inc"
};

}  // namespace

std::vector<std::string_view> published_names() {
  std::vector<std::string_view> names;
  for (const auto& row : rows) names.push_back(row.name);
  return names;
}

std::expected<Allowlist, ListError> load(std::string_view name_or_file, const LoadOptions& options) {
  for (const auto& row : rows)
    if (row.name == name_or_file) return parse_yaml(row.text, fmt::format("{}.yaml", row.name));
  const auto* publisher = find_publisher(name_or_file);
  const auto path = publisher ? kept_file(options.kept, *publisher) : std::string{name_or_file};
  std::string text;
  auto file = ListFile::open(path);
  const auto got = file ? file->read(text, most_bytes + 1) : std::unexpected{file.error()};
  if (got) return parse_yaml(text, name_or_file);
  return std::unexpected{ListError{
      fmt::format("'{}' is neither a published list ({}) nor a file that can be read ({})", name_or_file,
                  fmt::join(published_names(), ", "), std::generic_category().message(got.error()))}};
}

}  // namespace fwprobe::allowlist
