#include "reports/picture_text.h"

#include "allowlist/utf8.h"
#include "reports/escape.h"

namespace fwprobe::reports {
namespace {

/// Bytes of the longest beginning that has room.
std::size_t fitting(std::string_view text, std::size_t width) {
  std::size_t end = 0;
  while (end < text.size()) {
    const auto decoded = allowlist::first_utf8(text.substr(end));
    const auto next = end + (decoded ? decoded->bytes : 1);
    if (columns(text.substr(0, next)) > width) break;
    end = next;
  }
  return end;
}

/// Where to break a line that has room for `end` bytes: behind punctuation in its second half.
std::size_t break_before(std::string_view text, std::size_t end) {
  const auto at = text.substr(0, end).find_last_of(".:-/_@ ");
  return at != std::string_view::npos && at + 1 > end / 2 ? at + 1 : end;
}

}  // namespace

std::vector<std::string> label_lines(std::string_view text, std::size_t width, std::size_t most) {
  const auto shown = printable(text);
  std::string_view rest = shown;
  std::vector<std::string> lines;
  while (!rest.empty() && lines.size() < most) {
    auto end = fitting(rest, width);
    if (end == rest.size()) {
      lines.emplace_back(rest);
      break;
    }
    if (lines.size() + 1 == most) {
      lines.push_back(std::string{rest.substr(0, fitting(rest, width - 1))} + "…");
      break;
    }
    end = break_before(rest, end);
    lines.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end);
  }
  return lines;
}

}  // namespace fwprobe::reports
