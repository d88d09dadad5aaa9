// The lists that are built in, and files of the user's own.

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "allowlist/allowlist.h"
#include "allowlist/yaml_tree.h"

namespace fwprobe::allowlist {
namespace {

struct Row {
  std::string_view name;
  std::string_view text;
};

constexpr Row rows[] = {
#include "published_lists.inc"
};

/// The content of a file, or the errno; one byte more than the limit shows that it is too large. A pipe will
/// do.
std::expected<std::string, int> read_file(const std::string& path) {
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  const std::unique_ptr<std::FILE, Close> file{std::fopen(path.c_str(), "rbe")};
  if (!file) return std::unexpected{errno};
  std::string content;
  std::array<char, 64 * 1024> buffer{};
  while (content.size() <= TreeLimits{}.bytes) {
    const auto count = std::fread(buffer.data(), 1, buffer.size(), file.get());
    content.append(buffer.data(), count);
    if (std::ferror(file.get())) return std::unexpected{errno};
    if (count == 0) break;
  }
  return content;
}

}  // namespace

std::vector<std::string_view> published_names() {
  std::vector<std::string_view> names;
  for (const auto& row : rows) names.push_back(row.name);
  return names;
}

std::expected<Allowlist, ListError> load(std::string_view name_or_file) {
  for (const auto& row : rows)
    if (row.name == name_or_file) return parse_yaml(row.text, fmt::format("{}.yaml", row.name));
  const auto content = read_file(std::string{name_or_file});
  if (content) return parse_yaml(*content, name_or_file);
  return std::unexpected{ListError{
      fmt::format("'{}' is neither a published list ({}) nor a file that can be read ({})", name_or_file,
                  fmt::join(published_names(), ", "), std::generic_category().message(content.error()))}};
}

}  // namespace fwprobe::allowlist
