#pragma once
// What `fwprobe allowlist contains` says about addresses.

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "allowlist/address_text.h"
#include "allowlist/entry_index.h"

namespace fwprobe::cli {

/// "192.0.2.1", "192.0.2.1:443", "2001:db8::1", "[2001:db8::1]:443". IPv4 in IPv6 form (RFC 4291 §2.5.5.2) is
/// the IPv4 address.
struct Asked {
  allowlist::NumberRange address;
  std::uint16_t port = 0;  ///< 0: any
};
/// The error is a sentence: what is wrong, what would be right.
std::expected<Asked, std::string> parse_asked(std::string_view text);

/// How answers end, from the entry on, made once for each entry that is asked about.
class Endings {
 public:
  explicit Endings(const std::vector<allowlist::Entry>& entries)
      : entries_{entries}, places_(entries.size()) {}

  /// With the line's end, and room behind it. Valid until the next call.
  std::string_view of(const allowlist::Entry& entry);

 private:
  struct Place {
    std::uint32_t begin = 0;
    std::uint32_t length = 0;
  };
  Place make(const allowlist::Entry& entry);

  const std::vector<allowlist::Entry>& entries_;
  std::vector<Place> places_;
  std::string all_;
};

/// Lines of a text that grows as it must and keeps its memory.
class LineBuffer {
 public:
  void append(std::string_view line);
  /// The parts of a line, each with room behind it.
  void append(const std::array<std::string_view, 4>& parts);
  std::string_view text() const { return {bytes_.data(), used_}; }
  void clear() { used_ = 0; }

 private:
  void make_space(std::size_t size);

  std::vector<char> bytes_;
  std::size_t used_ = 0;
};

/// Answers a line each: "yes", the address, the entry and what it is for; or "no", and the nearest entry. The
/// list and its index outlive it. Each thread has its own, in cache lines of its own.
class alignas(64) Answers {
 public:
  Answers(const allowlist::Allowlist& list, const allowlist::EntryIndex& index)
      : index_{index}, endings_{list.entries} {}

  void add(std::string_view text, const Asked& asked);
  /// What some lines came to; of a wrong one, its number among them, from 1, and the error.
  struct Read {
    int lines = 0;
    std::string wrong = {};
  };
  /// One address a line, each with its end; empty lines and comments are none. A wrong line is the last one.
  Read add_lines(std::string_view lines);

  /// What was not taken yet.
  std::string_view text() const { return lines_.text(); }
  void clear() { lines_.clear(); }
  /// Whether each address so far is in the list.
  bool all() const { return all_; }

 private:
  template <typename Value>
  bool add_quickly(std::string_view text, Value address);
  std::size_t add_plain_line(std::string_view text);

  const allowlist::EntryIndex& index_;
  Endings endings_;
  LineBuffer lines_;
  bool all_ = true;
};

/// Cuts lines, each with its end, into at least one and at most `most` parts of about the same size; few
/// lines stay together, and the last parts are empty when a line is very long.
std::vector<std::string_view> parts_of_lines(std::string_view lines, std::size_t most);

}  // namespace fwprobe::cli
