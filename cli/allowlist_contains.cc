// `fwprobe allowlist contains`.

#include <charconv>

#include <fmt/format.h>
#include <unistd.h>

#include "allowlist/address_text.h"
#include "allowlist/entry_index.h"
#include "allowlist/list_file.h"
#include "cli/allowlist.h"
#include "cli/output.h"
#include "cli/output_options.h"
#include "reports/escape.h"

namespace fwprobe::cli {
namespace {

using allowlist::Entry;
using allowlist::Uint128;

/// "192.0.2.1", "192.0.2.1:443", "2001:db8::1", "[2001:db8::1]:443".
struct Asked {
  allowlist::NumberRange address;
  std::uint16_t port = 0;  ///< 0: any
};

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, port);
  if (error != std::errc{} || end != last || port == 0) return std::nullopt;
  return port;
}

std::expected<Asked, std::string> parse(std::string_view text) {
  const auto wrong = [&](std::string_view why) {
    return std::unexpected{fmt::format("'{}' {}; write 192.0.2.1, 192.0.2.1:443 or [2001:db8::1]:443",
                                       reports::printable(text, 100), why)};
  };
  Asked asked;
  auto address = text;
  std::string_view port;
  const auto colon = text.rfind(':');
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return wrong("has no ']'");
    address = text.substr(1, end - 1);
    if (end + 1 < text.size() && text[end + 1] != ':') return wrong("is not an address");
    port = text.substr(std::min(end + 2, text.size()));
    if (end + 1 < text.size() && port.empty()) return wrong("has no port behind ':'");
  } else if (colon != std::string_view::npos && text.find(':') == colon) {
    address = text.substr(0, colon);
    port = text.substr(colon + 1);
    if (port.empty()) return wrong("has no port behind ':'");
  }
  const auto range = allowlist::parse_range(address);
  if (!range || range->first != range->last || address.contains('/') || address.contains('-'))
    return wrong("is not an address");
  asked.address = *range;
  if (!port.empty()) {
    const auto number = port_of(port);
    if (!number) return wrong("has no port from 1 to 65535");
    asked.port = *number;
  }
  return asked;
}

/// Answers line by line: "yes", the address, the entry and what it is for; or "no", and the nearest entry.
class Answers {
 public:
  explicit Answers(const allowlist::Allowlist& list) : index_{list, today()} {}

  void add(std::string_view asked_text, const Asked& asked) {
    const auto v4 = static_cast<std::uint32_t>(asked.address.first);
    const auto* holder =
        asked.address.ipv6 ? index_.holder(asked.address.first, asked.port) : index_.holder(v4, asked.port);
    if (holder) {
      text_.append("yes\t").append(asked_text).append("\t");
      append_entry(*holder);
    } else {
      all_ = false;
      text_.append("no\t").append(asked_text).append("\t");
      append_why(asked, v4);
    }
    text_ += '\n';
    if (text_.size() > 128 * 1024) flush();
  }
  ExitCode finish() {
    flush();
    if (failed_.empty()) return all_ ? ExitCode::passed : ExitCode::failed;
    fmt::print(stderr, "fwprobe: standard output: {}\n", failed_);
    return ExitCode::not_measured;
  }

 private:
  void append_entry(const Entry& entry) {
    // Nearly all are plain ASCII, which needs no care.
    const auto append = [&](const std::string& text) {
      const bool plain = std::ranges::all_of(text, [](char c) { return 0x20 <= c && c < 0x7f; });
      text_ += plain ? text : reports::printable(text);
    };
    append(entry.published);
    if (entry.purpose.empty()) return;
    text_ += '\t';
    append(entry.purpose);
  }

  void append_why(const Asked& asked, std::uint32_t v4) {
    const auto* any_port = asked.port == 0      ? nullptr
                           : asked.address.ipv6 ? index_.holder(asked.address.first, 0)
                                                : index_.holder(v4, 0);
    const auto* nearest = any_port             ? any_port
                          : asked.address.ipv6 ? index_.nearest(asked.address.first)
                                               : index_.nearest(v4);
    if (!nearest) {
      text_ += asked.address.ipv6 ? "no IPv6 prefix is listed" : "no IPv4 prefix is listed";
      return;
    }
    text_ += any_port ? "with other ports in " : "nearest ";
    append_entry(*nearest);
  }

  void flush() {
    if (failed_.empty())
      if (auto written = write_all(STDOUT_FILENO, text_); !written) failed_ = written.error();
    text_.clear();
  }

  allowlist::EntryIndex index_;
  bool all_ = true;
  std::string text_;
  std::string failed_;
};

/// One address a line; empty lines and comments are none.
std::expected<void, std::string> answer_file(const std::string& path, Answers& answers) {
  constexpr std::size_t piece = 256 * 1024;
  constexpr std::size_t longest_line = 4096;
  auto file = allowlist::ListFile::open(path);
  const auto failed = [&](int error) {
    return std::unexpected{fmt::format("{}: {}", path, std::generic_category().message(error))};
  };
  if (!file) return failed(file.error());
  std::string text;
  int number = 0;
  for (bool more = true; more;) {
    const auto got = file->read(text, piece);
    if (!got) return failed(got.error());
    more = *got == piece;
    if (!more && !text.empty() && !text.ends_with('\n')) text += '\n';
    std::size_t at = 0;
    for (auto end = text.find('\n'); end != std::string::npos; at = end + 1, end = text.find('\n', at)) {
      ++number;
      auto line = std::string_view{text}.substr(at, end - at);
      while (!line.empty() && (line.back() == '\r' || line.back() == ' ' || line.back() == '\t'))
        line.remove_suffix(1);
      while (!line.empty() && (line.front() == ' ' || line.front() == '\t')) line.remove_prefix(1);
      if (line.empty() || line.front() == '#' || line.front() == ';') continue;
      const auto asked = parse(line);
      if (!asked) return std::unexpected{fmt::format("{}:{}: {}", path, number, asked.error())};
      answers.add(line, *asked);
    }
    text.erase(0, at);
    if (text.size() > longest_line)
      return std::unexpected{
          fmt::format("{}:{}: a line of more than {} bytes", path, number + 1, longest_line)};
  }
  return {};
}

}  // namespace

void define_contains(CLI::App& verb, AllowlistArguments& arguments) {
  verb.add_option("LIST", arguments.list, "a list's name, a file, or - for standard input")->required();
  verb.add_option("ADDRESS", arguments.addresses, "ADDR or ADDR:PORT, IPv6 with a port as [ADDR]:PORT");
  verb.add_option("--input", arguments.input,
                  "read addresses from this file, one a line; - is standard input");
}

ExitCode run_contains(const AllowlistArguments& arguments, const Variables& variables) {
  if (arguments.addresses.empty() && arguments.input.empty())
    return wrong_usage("no address; write them behind the list, or --input FILE");
  if (arguments.list == allowlist::standard_input && arguments.input == allowlist::standard_input)
    return wrong_usage("LIST and --input cannot both be standard input; name a file for one of them");
  std::vector<Asked> asked;
  for (const auto& text : arguments.addresses) {
    const auto one = parse(text);
    if (!one) return wrong_usage(one.error());
    asked.push_back(*one);
  }
  const auto list = load_list(arguments.list, variables, allowlist::Entries::all);
  if (!list) return wrong_usage(list.error().message);
  Answers answers{*list};
  for (std::size_t i = 0; i < asked.size(); ++i) answers.add(arguments.addresses[i], asked[i]);
  if (!arguments.input.empty())
    if (const auto read = answer_file(arguments.input, answers); !read) return wrong_usage(read.error());
  return answers.finish();
}

}  // namespace fwprobe::cli
