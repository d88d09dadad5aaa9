// `fwprobe allowlist merge`, `intersect`, `subtract` and `diff`: lists as sets of addresses.

#include <array>

#include <fmt/format.h>
#include <unistd.h>

#include "allowlist/address_text.h"
#include "allowlist/list_file.h"
#include "cli/allowlist.h"
#include "cli/output.h"

namespace fwprobe::cli {
namespace {

using allowlist::PrefixSet;

constexpr std::size_t buffer_bytes = 128 * 1024;

/// The fewest prefixes on standard output, a line each behind `mark`.
class Lines {
 public:
  void add(const PrefixSet& set) {
    for (const auto& range : set.v4().ranges()) add(range, {});
    for (const auto& range : set.v6().ranges()) add(range, {});
  }
  void add_common(const PrefixSet& a, const PrefixSet& b) {
    const auto each = [this](const auto& range) { add(range, {}); };
    for_each_common(a.v4(), b.v4(), each);
    for_each_common(a.v6(), b.v6(), each);
  }
  /// Those of `a` that are not in `b`.
  void add_rest(const PrefixSet& a, const PrefixSet& b, std::string_view mark = {}) {
    const auto each = [this, mark](const auto& range) { add(range, mark); };
    for_each_left(a.v4(), b.v4(), each);
    for_each_left(a.v6(), b.v6(), each);
  }
  ExitCode finish(ExitCode code) {
    flush();
    return failed_.empty() ? code : fail();
  }

 private:
  template <typename Value>
  void add(const allowlist::Range<Value>& range, std::string_view mark) {
    if (!failed_.empty()) return;
    if (mark.empty()) {
      append_lines(text_, range);
    } else {
      std::string lines;
      append_lines(lines, range);
      for (std::size_t at = 0; at < lines.size();) {
        const auto end = lines.find('\n', at) + 1;
        text_.append(mark).append(lines, at, end - at);
        at = end;
      }
    }
    if (text_.size() >= buffer_bytes) flush();
  }
  void flush() {
    if (auto written = write_all(STDOUT_FILENO, text_); !written) failed_ = written.error();
    text_.clear();
  }
  ExitCode fail() const {
    complain("standard output: " + failed_);
    return ExitCode::not_measured;
  }

  std::string text_;
  std::string failed_;
};

struct Pair {
  PrefixSet first, second;
};

std::expected<Pair, UsageError> load_pair(const AllowlistArguments& arguments, const Variables& variables) {
  if (arguments.list == allowlist::standard_input && arguments.other == allowlist::standard_input)
    return std::unexpected{
        UsageError{"only one of the lists can be standard input; name a file for the other"}};
  auto first = load_addresses(arguments.list, variables);
  if (!first) return std::unexpected{first.error()};
  auto second = load_addresses(arguments.other, variables);
  if (!second) return std::unexpected{second.error()};
  return Pair{std::move(*first), std::move(*second)};
}

}  // namespace

void define_merge(CLI::App& verb, AllowlistArguments& arguments) {
  verb.add_option("LIST", arguments.lists, "lists' names, files, or - for standard input")
      ->type_name("NAME|FILE")
      ->required();
}

ExitCode run_merge(const AllowlistArguments& arguments, const Variables& variables) {
  PrefixSet all;
  bool standard_input = false;
  for (const auto& name : arguments.lists) {
    if (name == allowlist::standard_input && std::exchange(standard_input, true))
      return wrong_usage("standard input can be read once only; name a file for the other list");
    auto set = load_addresses(name, variables);
    if (!set) return wrong_usage(set.error().message);
    all = all.empty() ? std::move(*set) : all | *set;
  }
  Lines lines;
  lines.add(all);
  return lines.finish(ExitCode::passed);
}

void define_pair(CLI::App& verb, AllowlistArguments& arguments) {
  verb.add_option("A", arguments.list, "a list's name, a file, or - for standard input")
      ->type_name("NAME|FILE")
      ->required();
  verb.add_option("B", arguments.other, "another")->type_name("NAME|FILE")->required();
}

ExitCode run_intersect(const AllowlistArguments& arguments, const Variables& variables) {
  const auto pair = load_pair(arguments, variables);
  if (!pair) return wrong_usage(pair.error().message);
  Lines lines;
  lines.add_common(pair->first, pair->second);
  return lines.finish(ExitCode::passed);
}

ExitCode run_subtract(const AllowlistArguments& arguments, const Variables& variables) {
  const auto pair = load_pair(arguments, variables);
  if (!pair) return wrong_usage(pair.error().message);
  Lines lines;
  lines.add_rest(pair->first, pair->second);
  return lines.finish(ExitCode::passed);
}

void define_diff(CLI::App& verb, AllowlistArguments& arguments) {
  verb.add_option("OLD", arguments.list, "a list's name, a file, or - for standard input")
      ->type_name("NAME|FILE")
      ->required();
  verb.add_option("NEW", arguments.other, "another")->type_name("NAME|FILE")->required();
}

ExitCode run_diff(const AllowlistArguments& arguments, const Variables& variables) {
  const auto pair = load_pair(arguments, variables);
  if (!pair) return wrong_usage(pair.error().message);
  if (pair->first == pair->second) return ExitCode::passed;
  Lines lines;
  lines.add_rest(pair->first, pair->second, "- ");
  lines.add_rest(pair->second, pair->first, "+ ");
  return lines.finish(ExitCode::failed);
}

}  // namespace fwprobe::cli
