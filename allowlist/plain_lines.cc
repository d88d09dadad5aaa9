#include "allowlist/plain_lines.h"

#include <algorithm>

namespace fwprobe::allowlist {

std::optional<PlainLine> PlainLines::next() {
  constexpr std::string_view space = " \t\r";
  while (!rest_.empty()) {
    const auto end = std::min(rest_.find('\n'), rest_.size());
    auto line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    const int number = line_++;
    const auto is_comment = [](char c) { return c == '#' || c == ';'; };
    line = {line.begin(), std::ranges::find_if(line, is_comment)};
    const auto first = line.find_first_not_of(space);
    if (first == std::string_view::npos) continue;
    const auto last = line.find_last_not_of(space);
    return PlainLine{line.substr(first, last - first + 1), {number, static_cast<int>(first) + 1}};
  }
  return std::nullopt;
}

}  // namespace fwprobe::allowlist
