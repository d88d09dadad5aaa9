// `fwprobe allowlist contains`.

#include <array>
#include <cstring>

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

/// Short texts are copied in pieces of this size, without a call for each; they have as much room behind
/// them.
constexpr std::size_t room = 16;

/// What an entry is to an address.
enum class Relation : std::uint8_t { holds, nearest, for_other_ports };

/// How answers end, from the address on, made once for each entry that is asked about.
class Endings {
 public:
  explicit Endings(const std::vector<Entry>& entries) : entries_{entries}, places_(kinds * entries.size()) {}

  /// With the line's end, and room behind it. Valid until the next call.
  std::string_view of(const Entry& entry, Relation relation) {
    const auto number = static_cast<std::size_t>(&entry - entries_.data());
    auto& place = places_[kinds * number + static_cast<std::size_t>(relation)];
    if (place.length == 0) place = make(entry, relation);
    return std::string_view{all_}.substr(place.begin, place.length);
  }

 private:
  static constexpr std::size_t kinds = 3;
  struct Place {
    std::uint32_t begin = 0;
    std::uint32_t length = 0;
  };

  Place make(const Entry& entry, Relation relation) {
    constexpr std::array<std::string_view, kinds> words{"\t", "\tnearest ", "\twith other ports in "};
    all_.resize(all_.size() - room);
    const auto begin = all_.size();
    all_.append(words[static_cast<std::size_t>(relation)]).append(reports::printable(entry.published));
    if (!entry.purpose.empty()) all_.append("\t").append(reports::printable(entry.purpose));
    all_ += '\n';
    const auto length = all_.size() - begin;
    all_.append(room, '\0');
    return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(length)};
  }

  const std::vector<Entry>& entries_;
  std::vector<Place> places_;
  std::string all_ = std::string(room, '\0');
};

/// Standard output through a buffer; what cannot be written is told at the end.
class LineWriter {
 public:
  /// The parts of a line, each with room behind it.
  void write(std::string_view a, std::string_view b, std::string_view c) {
    make_space(a.size() + b.size() + c.size() + room);
    auto* to = buffer_.data() + used_;
    for (const auto part : {a, b, c}) {
      for (std::size_t at = 0; at < part.size(); at += room) std::memcpy(to + at, part.data() + at, room);
      to += part.size();
    }
    used_ = static_cast<std::size_t>(to - buffer_.data());
  }
  void write(std::string_view line) {
    make_space(line.size());
    std::ranges::copy(line, buffer_.data() + used_);
    used_ += line.size();
  }
  /// The system's words when something could not be written.
  std::expected<void, std::string> finish() {
    flush();
    return result_;
  }

 private:
  void make_space(std::size_t size) {
    if (size > buffer_.size() - used_) flush();
    if (size > buffer_.size()) buffer_.resize(size);
  }
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
  explicit Answers(const allowlist::Allowlist& list) : index_{list, today()}, endings_{list.entries} {}

  void add(std::string_view text, const Asked& asked) {
    const auto& [address, port] = asked;
    const auto v4 = static_cast<std::uint32_t>(address.first);
    const auto found = address.ipv6 ? index_.find(address.first) : index_.find(v4);
    const auto* holder = address.ipv6 ? index_.holder(address.first, port) : index_.holder(v4, port);
    all_ &= holder != nullptr;
    if (!found.entry)
      lines_.write(fmt::format("no\t{}\tno {} prefix is listed\n", text, address.ipv6 ? "IPv6" : "IPv4"));
    else if (holder)
      lines_.write(fmt::format("yes\t{}{}", text, endings_.of(*holder, Relation::holds)));
    else
      lines_.write(fmt::format(
          "no\t{}{}", text,
          endings_.of(*found.entry, found.holds ? Relation::for_other_ports : Relation::nearest)));
  }

  /// The same without a port, for `text` with room behind it; false when nothing is listed. Of random
  /// addresses any branch would be mispredicted.
  template <typename Value>
  bool add_quickly(std::string_view text, Value address) {
    static constexpr char words[2][room + 4] = {"no\t", "yes\t"};
    static constexpr std::array relations{Relation::nearest, Relation::holds};
    const auto found = index_.find(address);
    if (!found.entry) return false;
    const std::size_t yes = found.holds ? 1 : 0;
    all_ &= found.holds;
    lines_.write({words[yes], 3 + yes}, text, endings_.of(*found.entry, relations[yes]));
    return true;
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
  Endings endings_;
  LineWriter lines_;
  bool all_ = true;
};

/// The address that a line is, when it is nothing else, as nearly all are: answers it and gives its length.
std::size_t answer_plain_line(std::string_view text, Answers& answers) {
  const auto is_line = [&](std::size_t length) {
    return length > 0 && length + room <= text.size() && text[length] == '\n';
  };
  if (const auto v4 = allowlist::leading_ipv4(text); v4.length > 0) {
    const bool alone = is_line(v4.length) && !v4.is_prefix;
    return alone && answers.add_quickly(text.substr(0, v4.length), v4.range.first) ? v4.length : 0;
  }
  const auto v6 = allowlist::leading_ipv6(text);
  const bool alone = is_line(v6.length) && !allowlist::is_mapped({v6.address, v6.address, true, false});
  return alone && answers.add_quickly(text.substr(0, v6.length), v6.address) ? v6.length : 0;
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
