#pragma once
// The marks by which the data tables know a product, and how they are matched.

#include <string_view>

namespace fwprobe::checks {

/// How much a signature proves.
enum class Sureness {
  certain,  ///< the product's own words, which nobody else has a reason to use
  likely,   ///< a default or a habit that others may share
};

/// Whether the whole of `text` is like `pattern`, in which '*' stands for any number of characters. ASCII
/// letters are compared without case, as names in certificates and headers are.
bool is_like(std::string_view text, std::string_view pattern);

/// One thing to look for: "CN=Zscaler *" is the pattern "Zscaler *" at the place "CN".
struct Mark {
  std::string_view place;
  std::string_view pattern;
};

/// The mark in front of " && ", which is taken off `line` with it.
inline Mark next_mark(std::string_view& line) {
  constexpr std::string_view both = " && ";
  const auto end = line.find(both);
  const auto text = line.substr(0, end);
  line = end == std::string_view::npos ? std::string_view{} : line.substr(end + both.size());
  const auto sign = text.find('=');
  if (sign == std::string_view::npos) return {text, {}};
  return {text.substr(0, sign), text.substr(sign + 1)};
}

/// The line in front of '\n', which is taken off `lines` with it.
inline std::string_view next_line(std::string_view& lines) {
  const auto end = lines.find('\n');
  const auto line = lines.substr(0, end);
  lines = end == std::string_view::npos ? std::string_view{} : lines.substr(end + 1);
  return line;
}

/// A table's marks: one line a way to know the product, on which all the marks between " && " must hold.
template <typename Holds>
bool any_line_holds(std::string_view lines, Holds holds) {
  while (!lines.empty()) {
    auto line = next_line(lines);
    bool all = !line.empty();
    while (all && !line.empty()) all = holds(next_mark(line));
    if (all) return true;
  }
  return false;
}

}  // namespace fwprobe::checks
