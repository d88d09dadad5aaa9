// The lists that are built in, and files of the user's own.

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "allowlist/allowlist.h"
#include "allowlist/list_file.h"
#include "allowlist/publication.h"
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

std::string not_fetched(const Publisher& publisher) {
  return fmt::format("there is no copy of {} ({}) here yet; 'fwprobe allowlist update {}' fetches it from {}",
                     publisher.name, publisher.title, publisher.name, publisher.url);
}

/// A file of exactly this name is what is meant, whatever a '#' in it would say.
std::expected<ListName, std::string> name_of(std::string_view text) {
  std::error_code none;
  if (text.contains('#') && std::filesystem::exists(text, none)) return ListName{std::string{text}, {}};
  return parse_list_name(text);
}

}  // namespace

std::vector<std::string_view> published_names() {
  std::vector<std::string_view> names;
  for (const auto& row : rows) names.push_back(row.name);
  return names;
}

std::expected<Allowlist, ListError> load(std::string_view name_or_file, const LoadOptions& options) {
  const auto named = name_of(name_or_file);
  if (!named) return std::unexpected{ListError{named.error()}};
  Origin origin{named->name, {}, {}, named->filters, options.entries, options.direction};
  for (const auto& row : rows)
    if (row.name == named->name) {
      auto list = parse_yaml(row.text, fmt::format("{}.yaml", row.name));
      return list ? choose(std::move(*list), origin) : list;
    }
  const auto* publisher = find_publisher(named->name);
  if (publisher) origin.publisher = publisher->name;
  if (publisher && options.kept.empty()) return std::unexpected{ListError{not_fetched(*publisher)}};
  const auto path = publisher ? kept_file(options.kept, *publisher) : named->name;
  if (publisher && is_special_file(path))
    return std::unexpected{ListError{fmt::format("{}: {} is no regular file", publisher->name, path)}};
  auto file = ListFile::open(path);
  if (!file && publisher && file.error() == ENOENT)
    return std::unexpected{ListError{not_fetched(*publisher)}};
  const auto text = file ? read_all(*file) : std::unexpected{file.error()};
  if (!text)
    return std::unexpected{ListError{
        fmt::format("'{}' is neither a published list ({}) nor a file that can be read ({})", named->name,
                    fmt::join(published_names(), ", "), std::generic_category().message(text.error()))}};
  origin.written = file->written();
  auto list = parse_list(*text, origin);
  // Since that day the publisher has said that this is its newest, whatever day the list names itself.
  if (list && publisher) list->retrieved = std::max(list->retrieved, origin.written);
  return list;
}

}  // namespace fwprobe::allowlist
