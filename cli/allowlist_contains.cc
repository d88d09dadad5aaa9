// `fwprobe allowlist contains`.

#include <fmt/format.h>
#include <unistd.h>

#include "allowlist/address_text.h"
#include "allowlist/entry_index.h"
#include "allowlist/list_file.h"
#include "allowlist/port_text.h"
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
    const auto number = allowlist::read_port(port);
    if (!number) return wrong("has no port from 1 to 65535");
    asked.port = *number;
  }
  return asked;
}

/// What answers say of entries, made once for each that is asked about.
class EntryTexts {
 public:
  explicit EntryTexts(const std::vector<Entry>& entries) : entries_{entries}, places_(entries.size()) {}

  /// With the line's end. Valid until the next call.
  std::string_view of(const Entry& entry) {
    auto& [begin, length] = places_[static_cast<std::size_t>(&entry - entries_.data())];
    if (length == 0) {
      begin = static_cast<std::uint32_t>(all_.size());
      all_ += reports::printable(entry.published);
      if (!entry.purpose.empty()) all_.append("\t").append(reports::printable(entry.purpose));
      all_ += '\n';
      length = static_cast<std::uint32_t>(all_.size()) - begin;
    }
    return std::string_view{all_}.substr(begin, length);
  }

 private:
  struct Place {
    std::uint32_t begin = 0;
    std::uint32_t length = 0;
  };
  const std::vector<Entry>& entries_;
  std::vector<Place> places_;
  std::string all_;
};

/// Standard output through a buffer; what cannot be written is told at the end.
class LineWriter {
 public:
  /// The parts, one after the other.
  void write(std::string_view a, std::string_view b, std::string_view c, std::string_view d) {
    const auto size = a.size() + b.size() + c.size() + d.size();
    if (size > buffer_.size() - used_) flush();
    if (size > buffer_.size()) buffer_.resize(size);
    auto* to = buffer_.data() + used_;
    for (const auto part : {a, b, c, d}) to = std::ranges::copy(part, to).out;
    used_ += size;
  }
  /// The system's words when something could not be written.
  std::expected<void, std::string> finish() {
    flush();
    return result_;
  }

 private:
  void flush() {
    if (result_) result_ = write_all(STDOUT_FILENO, {buffer_.data(), used_});
    used_ = 0;
  }
  std::vector<char> buffer_ = std::vector<char>(std::size_t{128} * 1024);
  std::size_t used_ = 0;
  std::expected<void, std::string> result_;
};

/// Answers line by line: "yes", the address, the entry and what it is for; or "no", and the nearest entry.
class Answers {
 public:
  explicit Answers(const allowlist::Allowlist& list) : index_{list, today()}, texts_{list.entries} {}

  void add(std::string_view text, const Asked& asked) {
    if (asked.address.ipv6)
      add(text, asked.address.first, asked.port);
    else
      add(text, static_cast<std::uint32_t>(asked.address.first), asked.port);
  }
  template <typename Value>
  void add(std::string_view text, Value address, std::uint16_t port) {
    if (const auto* holder = index_.holder(address, port))
      return lines_.write("yes\t", text, "\t", texts_.of(*holder));
    all_ = false;
    const auto* any_port = port == 0 ? nullptr : index_.holder(address, 0);
    const auto* nearest = any_port ? any_port : index_.nearest(address);
    if (nearest)
      lines_.write("no\t", text, any_port ? "\twith other ports in " : "\tnearest ", texts_.of(*nearest));
    else
      lines_.write("no\t", text, "\t",
                   sizeof(Value) > 4 ? "no IPv6 prefix is listed\n" : "no IPv4 prefix is listed\n");
  }
  ExitCode finish() {
    if (const auto written = lines_.finish(); !written) {
      fmt::print(stderr, "fwprobe: standard output: {}\n", written.error());
      return ExitCode::not_measured;
    }
    return all_ ? ExitCode::passed : ExitCode::failed;
  }

 private:
  allowlist::EntryIndex index_;
  EntryTexts texts_;
  LineWriter lines_;
  bool all_ = true;
};

/// The address that a line is, when it is nothing else, as nearly all are: answers it and gives its length.
std::size_t answer_plain_line(std::string_view text, Answers& answers) {
  const auto ends_at = [&](std::size_t length) { return length < text.size() && text[length] == '\n'; };
  if (const auto v4 = allowlist::leading_ipv4(text); v4.length > 0) {
    const auto line = text.substr(0, v4.length);
    if (!ends_at(v4.length) || line.contains('/')) return 0;
    answers.add(line, v4.range.first, 0);
    return v4.length;
  }
  const auto v6 = allowlist::leading_ipv6(text);
  if (v6.length == 0 || !ends_at(v6.length) || allowlist::is_mapped({v6.address, v6.address, true, false}))
    return 0;
  answers.add(text.substr(0, v6.length), v6.address, 0);
  return v6.length;
}

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
    for (;;) {
      const auto rest = std::string_view{text}.substr(at);
      if (const auto length = answer_plain_line(rest, answers); length > 0) {
        ++number;
        at += length + 1;
        continue;
      }
      const auto end = rest.find('\n');
      if (end == std::string_view::npos) break;
      ++number;
      at += end + 1;
      const auto line = trimmed(rest.substr(0, end), " \t\r");
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
