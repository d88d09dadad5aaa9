#include "cli/suite/document.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "cli/read_input.h"
#include "text/ascii.h"

namespace fwprobe::cli {
namespace {

using allowlist::excerpt, allowlist::YamlNode;

constexpr allowlist::TreeLimits limits{"docs/suites.md shows a suite", 32 * 1024 * 1024, 2'000'000, 12};
constexpr std::size_t most_files = 100;
constexpr std::size_t deepest_include = 8;
constexpr std::size_t longest_value = 64 * 1024;

bool is_variable_name(std::string_view name) {
  return !name.empty() && !is_digit(name.front()) &&
         std::ranges::all_of(name, [](char c) { return c == '_' || is_alphanumeric(c); });
}

/// "${NAME}" or "${NAME:-default}", without its dollar sign and braces. The default is for a variable that is
/// not set or empty, as in a shell (POSIX XCU §2.6.2).
Parsed<std::string> value_of(std::string_view reference, const Variables& variables) {
  const auto mark = reference.find(":-");
  const auto name = reference.substr(0, mark);
  if (!is_variable_name(name))
    return std::unexpected{
        fmt::format("{} is not a variable's name; write ${{NAME}} or ${{NAME:-default}}", excerpt(name))};
  const auto at = variables.find(std::string{name});
  if (at != variables.end() && (!at->second.empty() || mark == reference.npos)) return at->second;
  if (mark != reference.npos) return std::string{reference.substr(mark + 2)};
  return std::unexpected{
      fmt::format("the variable {0} is not set; export it, or write ${{{0}:-default}}", name)};
}

Parsed<std::string> substituted(std::string_view text, const Variables& variables) {
  std::string result;
  while (true) {
    const auto dollar = text.find('$');
    result += text.substr(0, dollar);
    if (dollar == text.npos) break;
    text.remove_prefix(dollar + 1);
    if (text.starts_with('$')) {
      result += '$';
      text.remove_prefix(1);
      continue;
    }
    const auto end = text.find('}');
    if (!text.starts_with('{') || end == text.npos)
      return std::unexpected{"a '$' begins ${NAME} or ${NAME:-default}; write $$ for the sign itself"};
    auto value = value_of(text.substr(1, end - 1), variables);
    if (!value) return value;
    result += *value;
    text.remove_prefix(end + 1);
  }
  if (result.size() > longest_value) return std::unexpected{"longer than 64 KiB"};
  return result;
}

/// In values only, after the text has become a tree: whatever a variable holds stays one value.
std::optional<allowlist::Complaint> substitute(YamlNode& node, const Variables& variables) {
  if (node.kind == YamlNode::Kind::scalar && node.text.find('$') != std::string::npos) {
    auto value = substituted(node.text, variables);
    if (!value) return allowlist::Complaint{node.place, std::move(value.error())};
    node.text = std::move(*value);
  }
  const bool map = node.kind == YamlNode::Kind::map;
  for (std::size_t i = map ? 1 : 0; i < node.children.size(); i += map ? 2 : 1)
    if (auto complaint = substitute(node.children[i], variables)) return complaint;
  return std::nullopt;
}

class Loader {
 public:
  explicit Loader(const Variables& variables) : variables_{variables} {}

  std::optional<UsageError> load(const std::filesystem::path& file) {
    const auto content = read_input(file.string(), limits.bytes);
    if (!content) return UsageError{content.error()};
    auto document = parse_document(*content, file, variables_);
    if (!document) return document.error();
    seen_.push_back(identity(file));
    open_.push_back(seen_.back());
    if (auto error = load_included(*document)) return error;
    open_.pop_back();
    documents_.push_back(std::move(*document));
    return std::nullopt;
  }

  std::deque<SuiteDocument> take() && { return std::move(documents_); }

 private:
  static std::filesystem::path identity(const std::filesystem::path& file) {
    std::error_code error;
    auto same = std::filesystem::weakly_canonical(file, error);
    return error ? file : same;
  }

  std::optional<UsageError> load_included(const SuiteDocument& document) {
    const auto& root = document.root;
    for (std::size_t i = 0; i + 1 < root.children.size(); i += 2) {
      if (root.children[i].text != "include") continue;
      const auto& list = root.children[i + 1];
      if (list.kind != YamlNode::Kind::sequence)
        return wrong_at(document.file, root.children[i].place, "include is a list of files: [common.yaml]");
      for (const auto& name : list.children)
        if (auto error = include(document, name)) return error;
    }
    return std::nullopt;
  }

  std::optional<UsageError> include(const SuiteDocument& document, const YamlNode& name) {
    const auto wrong = [&](std::string_view message) { return wrong_at(document.file, name.place, message); };
    if (name.kind != YamlNode::Kind::scalar || name.text.empty())
      return wrong("a file's name is missing; write [common.yaml]");
    const auto file = document.file.parent_path() / name.text;
    const auto same = identity(file);
    if (std::ranges::find(open_, same) != open_.end())
      return wrong(
          fmt::format("{} includes itself in the end; leave one of the includes out", excerpt(name.text)));
    if (std::ranges::find(seen_, same) != seen_.end()) return std::nullopt;
    if (open_.size() >= deepest_include)
      return wrong(fmt::format("more than {} files include one another", deepest_include));
    if (seen_.size() >= most_files) return wrong(fmt::format("more than {} files", most_files));
    if (!std::filesystem::is_regular_file(file))
      return wrong(fmt::format("there is no file {}; names are relative to the file that includes it",
                               excerpt(file.string())));
    return load(file);
  }

  const Variables& variables_;
  std::vector<std::filesystem::path> seen_, open_;
  std::deque<SuiteDocument> documents_;
};

}  // namespace

UsageError wrong_at(const std::filesystem::path& file, allowlist::Place place, std::string_view message) {
  return {fmt::format("{}:{}:{}: {}", file.string(), place.line, place.column, message)};
}

std::expected<SuiteDocument, UsageError> parse_document(std::string_view text, std::filesystem::path file,
                                                        const Variables& variables) {
  auto tree = allowlist::read_tree(text, limits);
  if (!tree) return std::unexpected{wrong_at(file, tree.error().place, tree.error().message)};
  if (auto complaint = substitute(*tree, variables))
    return std::unexpected{wrong_at(file, complaint->place, complaint->message)};
  if (tree->kind != YamlNode::Kind::map)
    return std::unexpected{wrong_at(file, tree->place, "a suite is a map, such as 'targets:' with a list")};
  return SuiteDocument{std::move(file), std::move(*tree)};
}

std::expected<std::deque<SuiteDocument>, UsageError> load_documents(const std::filesystem::path& suite,
                                                                    const Variables& variables) {
  Loader loader{variables};
  if (auto error = loader.load(suite)) return std::unexpected{std::move(*error)};
  return std::move(loader).take();
}

}  // namespace fwprobe::cli
