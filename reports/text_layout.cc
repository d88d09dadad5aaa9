#include "reports/text_layout.h"

#include <algorithm>

#include "reports/escape.h"

namespace fwprobe::reports {
namespace {

/// ECMA-48 SGR.
std::string_view sgr(Color color) {
  switch (color) {
    case Color::green:
      return "\x1b[32m";
    case Color::yellow:
      return "\x1b[33m";
    case Color::red:
      return "\x1b[1;31m";
    case Color::dim:
      return "\x1b[2m";
    case Color::bold:
      return "\x1b[1m";
    case Color::none:
      break;
  }
  return "";
}

}  // namespace

std::vector<std::string> wrap(std::string_view text, std::size_t first, std::size_t width) {
  std::vector<std::string> lines{""};
  std::size_t used = 0;
  while (!text.empty()) {
    const auto word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (word.empty()) continue;
    const auto size = columns(word);
    const auto room = lines.size() == 1 ? first : width;
    if (used > 0 && used + 1 + size > room) {
      lines.emplace_back();
      used = 0;
    }
    if (used > 0) lines.back() += ' ';
    lines.back() += word;
    used += size + (used > 0 ? 1 : 0);
  }
  return lines;
}

std::size_t Page::width() const { return static_cast<std::size_t>(std::max(style_.width, 20)); }

std::string Page::painted(std::string_view text, Color color) const {
  if (!style_.color || color == Color::none || text.empty()) return std::string{text};
  return std::string{sgr(color)} + std::string{text} + "\x1b[0m";
}

void Page::item(std::string_view lead, std::string_view text, Color lead_color, Color color) {
  const auto indent = columns(lead);
  const auto room = width() > indent + 10 ? width() - indent : 10;
  const auto lines = wrap(text, room, room);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    text_ += i == 0 ? painted(lead, lead_color) : std::string(indent, ' ');
    text_ += painted(lines[i], color);
    text_.erase(text_.find_last_not_of(' ') + 1);
    text_ += '\n';
  }
}

void Page::verbatim(std::string_view lead, std::string_view text) {
  text_ += lead;
  text_ += text;
  text_ += '\n';
}

void Page::blank() {
  if (!text_.empty() && !text_.ends_with("\n\n")) text_ += '\n';
}

void Page::row(std::size_t indent, const std::vector<std::pair<std::string, Color>>& parts) {
  std::size_t used = width();
  const char* separator = "";
  for (const auto& [text, color] : parts) {
    const auto size = columns(text);
    if (used + 1 + size > width()) {
      text_ += separator + std::string(indent, ' ');
      used = indent;
    } else {
      text_ += ' ';
      ++used;
    }
    text_ += painted(text, color);
    used += size;
    separator = "\n";
  }
  text_ += '\n';
}

}  // namespace fwprobe::reports
