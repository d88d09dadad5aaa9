// `fwprobe allowlist contains`.

#include <algorithm>
#include <future>
#include <thread>

#include <fmt/format.h>
#include <unistd.h>

#include "allowlist/list_file.h"
#include "allowlist/utf8.h"
#include "cli/address_answers.h"
#include "cli/allowlist.h"
#include "cli/output.h"
#include "cli/output_options.h"

namespace fwprobe::cli {
namespace {

/// Answers on standard output, lines of a file on all cores.
class Desk {
 public:
  explicit Desk(const allowlist::Allowlist& list)
      : list_{list}, index_{list, today()}, answers_(1, Answers{list, index_}) {}

  void answer(std::string_view text, const Asked& asked) { answers_.front().add(text, asked); }

  /// Parts of the lines at the same time, and in their order; nothing of them when one is wrong.
  Answers::Read answer_lines(std::string_view lines) {
    const auto parts = parts_of_lines(lines, std::clamp(std::thread::hardware_concurrency(), 1U, 4U));
    while (answers_.size() < parts.size()) answers_.emplace_back(list_, index_);
    std::vector<std::future<Answers::Read>> others;
    for (std::size_t i = 1; i < parts.size(); ++i)  // here, one after the other, when no thread can be had
      others.push_back(
          std::async([&answers = answers_[i], part = parts[i]] { return answers.add_lines(part); }));
    auto read = answers_.front().add_lines(parts.front());
    for (auto& other : others) {
      auto next = other.get();
      if (read.wrong.empty()) read = {read.lines + next.lines, std::move(next.wrong)};
    }
    if (read.wrong.empty()) write();
    return read;
  }

  ExitCode finish() {
    write();
    if (!written_) {
      complain("standard output: " + written_.error());
      return ExitCode::not_measured;
    }
    return std::ranges::all_of(answers_, &Answers::all) ? ExitCode::passed : ExitCode::failed;
  }

 private:
  void write() {
    for (auto& answers : answers_) {
      if (written_) written_ = write_all(STDOUT_FILENO, answers.text());
      answers.clear();
    }
  }

  const allowlist::Allowlist& list_;
  allowlist::EntryIndex index_;
  std::vector<Answers> answers_;  ///< of one thread each
  std::expected<void, std::string> written_;
};

/// One address a line; empty lines and comments are none.
std::expected<void, std::string> answer_file(const std::string& path, Desk& desk) {
  constexpr std::size_t longest_line = 4096;
  auto file = allowlist::ListFile::open(path);
  const auto failed = [&](int error) {
    return std::unexpected{fmt::format("{}: {}", path, std::generic_category().message(error))};
  };
  if (!file) return failed(file.error());
  // What comes through a pipe is not kept waiting for more; a file is worth fewer starts of threads.
  const std::size_t piece = file->size() == 0 ? 256 * 1024 : 1024 * 1024;
  std::string text;
  int number = 0;
  for (bool more = true; more;) {
    const auto got = file->read(text, piece);
    if (!got) return failed(got.error());
    more = *got == piece;
    if (!more && !text.empty() && !text.ends_with('\n')) text += '\n';
    const auto whole = text.rfind('\n') + 1;  // 0 when there is no line's end
    const auto lines = std::string_view{text}.substr(0, whole);
    const auto read = desk.answer_lines(number == 0 ? allowlist::without_bom(lines) : lines);
    number += read.lines;
    if (!read.wrong.empty()) return std::unexpected{fmt::format("{}:{}: {}", path, number, read.wrong)};
    text.erase(0, whole);
    if (text.size() > longest_line)
      return std::unexpected{
          fmt::format("{}:{}: a line of more than {} bytes", path, number + 1, longest_line)};
  }
  return {};
}

}  // namespace

void define_contains(CLI::App& verb, AllowlistArguments& arguments) {
  verb.add_option("LIST", arguments.list, "a list's name, a file, or - for standard input")
      ->type_name("NAME|FILE")
      ->required();
  verb.add_option("ADDRESS", arguments.addresses, "ADDR or ADDR:PORT, IPv6 with a port as [ADDR]:PORT")
      ->type_name("ADDR[:PORT]");
  verb.add_option("--input", arguments.input,
                  "read addresses from this file, one a line; - is standard input")
      ->type_name("FILE");
}

ExitCode run_contains(const AllowlistArguments& arguments, const Variables& variables) {
  if (arguments.addresses.empty() && arguments.input.empty())
    return wrong_usage("no address; write them behind the list, or --input FILE");
  if (arguments.list == allowlist::standard_input && arguments.input == allowlist::standard_input)
    return wrong_usage("LIST and --input cannot both be standard input; name a file for one of them");
  std::vector<Asked> asked;
  for (const auto& text : arguments.addresses) {
    const auto one = parse_asked(text);
    if (!one) return wrong_usage(one.error());
    asked.push_back(*one);
  }
  const auto list = load_list(arguments.list, variables, allowlist::Entries::all);
  if (!list) return wrong_usage(list.error().message);
  Desk desk{*list};
  for (std::size_t i = 0; i < asked.size(); ++i) desk.answer(arguments.addresses[i], asked[i]);
  if (!arguments.input.empty())
    if (const auto read = answer_file(arguments.input, desk); !read) return wrong_usage(read.error());
  return desk.finish();
}

}  // namespace fwprobe::cli
