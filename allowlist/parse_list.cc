// Which format a file is in says its content, never its name.

#include <algorithm>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "allowlist/list_file.h"
#include "allowlist/publication.h"
#include "allowlist/utf8.h"
#include "text/ascii.h"

namespace fwprobe::allowlist {
namespace {

constexpr std::string_view space = " \t\r\n";

struct Mark {
  std::string_view bytes;
  std::string_view message;
};

/// What files are that are no text, by their first bytes.
constexpr Mark marks[] = {
    {"\xff\xfe", "the file is UTF-16; save it as UTF-8 (in PowerShell: | Out-File -Encoding utf8 FILE)"},
    {"\xfe\xff", "the file is UTF-16; save it as UTF-8 (in PowerShell: | Out-File -Encoding utf8 FILE)"},
    {"\x1f\x8b", "the file is compressed (gzip); unpack it first: gunzip FILE.gz"},
    {"PK\x03\x04", "the file is an archive or a spreadsheet (ZIP); save it as CSV or text"},
    {"%PDF", "the file is a PDF; save its content as text"},
};

bool begins_with_word(std::string_view text, std::string_view word) {
  return equal_ignoring_case(text.substr(0, word.size()), word);
}

/// The first line that is neither empty nor a comment.
std::string_view first_line(std::string_view text) {
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    const auto first = line.find_first_not_of(space);
    if (first != std::string_view::npos && line[first] != '#' && line[first] != ';')
      return line.substr(first);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return {};
}

/// A brace is JSON when a quote or the other brace follows: a map in YAML's flow style has bare keys.
bool is_json(std::string_view text) {
  const auto first = text.find_first_not_of(space);
  if (first == std::string_view::npos || (text[first] != '{' && text[first] != '[')) return false;
  const auto second = text.find_first_not_of(space, first + 1);
  return text[first] == '[' || second == std::string_view::npos || text[second] == '"' || text[second] == '}';
}

/// "name:" at a line's beginning, a document marker, or a map in flow style.
bool is_yaml(std::string_view text) {
  const auto line = first_line(text);
  if (line.starts_with("---") || line.starts_with("%YAML") || line.starts_with("{") || line.starts_with("- "))
    return true;
  const auto in_key = [](char c) { return is_letter(c) || c == '_'; };
  const auto colon = std::ranges::find_if_not(line, in_key) - line.begin();
  const auto rest = line.substr(static_cast<std::size_t>(colon));
  return colon > 0 && rest.starts_with(":") && (rest.size() == 1 || space.contains(rest[1]));
}

std::string known_formats() {
  std::string names;
  for (const auto& format : list_formats())
    names += fmt::format("{}{}", names.empty() ? "" : ", ", format.what);
  return names;
}

}  // namespace

std::optional<Complaint> no_text(std::string_view text) {
  for (const auto& mark : marks)
    if (text.starts_with(mark.bytes)) return Complaint{{}, std::string{mark.message}};
  return std::nullopt;
}

std::optional<Complaint> no_utf8(std::string_view text) {
  Place place;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '\0')
      return Complaint{place, "a zero byte: the file is no text, or UTF-16 or UTF-32; save it as UTF-8"};
    const auto character = first_utf8(text.substr(i));
    if (!character) return Complaint{place, "not UTF-8 (Latin-1?); save the file as UTF-8"};
    place = text[i] == '\n' ? Place{place.line + 1, 1}
                            : Place{place.line, place.column + static_cast<int>(character->bytes)};
    i += character->bytes;
  }
  return std::nullopt;
}

std::optional<Complaint> no_list(std::string_view text) {
  if (auto complaint = no_text(text)) return complaint;
  const auto line = first_line(without_bom(text));
  if (line.starts_with('<') || begins_with_word(line, "<!doctype"))
    return Complaint{{}, "a web page (HTML) or XML, not a list: perhaps a sign-in or error page"};
  if (text.find_first_not_of(space) == std::string_view::npos)
    return Complaint{{}, "the file is empty; docs/allowlists.md shows a list"};
  return std::nullopt;
}

bool is_plain(std::string_view text) {
  text = without_bom(text);
  return !is_json(text) && !is_yaml(text) && !is_csv_header(first_line(text));
}

std::expected<Allowlist, ListError> parse_list(const JsonTree& tree, const Origin& origin) {
  const auto& root = tree.root();
  if (member(root, "entries") != nullptr && member(root, "name") != nullptr) {
    auto list = parse_own_json(tree, origin.file);
    return list ? choose(std::move(*list), origin) : list;
  }
  const auto* format = format_of(root);
  if (format == nullptr)
    return std::unexpected{
        error_at(origin.file, {{}, fmt::format("JSON of an unknown shape; known are {}", known_formats())})};
  const auto publication = format->read(tree);
  if (!publication) return std::unexpected{error_at(origin.file, publication.error())};
  auto own = origin;
  if (own.publisher.empty()) own.publisher = format->publisher;
  return make_list(*publication, own, &tree);
}

std::expected<Allowlist, ListError> parse_list(std::string_view text, const Origin& origin) {
  if (const auto complaint = no_list(text)) return std::unexpected{error_at(origin.file, *complaint)};
  const auto content = without_bom(text);
  if (is_json(content)) {
    const auto tree = JsonTree::parse(content);
    return tree ? parse_list(*tree, origin) : std::unexpected{error_at(origin.file, tree.error())};
  }
  if (is_yaml(content)) {
    auto list = parse_yaml(text, origin.file);
    return list ? choose(std::move(*list), origin) : list;
  }
  if (text.size() > most_bytes)
    return std::unexpected{
        error_at(origin.file, {{}, fmt::format("larger than {} MiB", most_bytes / (1024 * 1024))})};
  if (const auto complaint = no_utf8(content)) return std::unexpected{error_at(origin.file, *complaint)};
  const auto publication = is_csv_header(first_line(content)) ? read_csv_list(content) : read_plain(content);
  if (!publication) return std::unexpected{error_at(origin.file, publication.error())};
  return make_list(*publication, origin, nullptr);
}

}  // namespace fwprobe::allowlist
