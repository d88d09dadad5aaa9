#pragma once
// Lines for people: wrapped at words to the terminal's width, with colours where they were asked for.

#include <string>
#include <string_view>
#include <vector>

#include "reports/report.h"

namespace fwprobe::reports {

enum class Color : std::uint8_t { none, green, yellow, red, dim, bold };

/// `text` cut into lines of at most `width` columns, at spaces; the first line has `first` columns. A word
/// that is longer than a line stands alone on one. Runs of spaces become one space.
std::vector<std::string> wrap(std::string_view text, std::size_t first, std::size_t width);

/// A text in the making. All texts given to it are printable (escape.h).
class Page {
 public:
  explicit Page(const TextStyle& style) : style_{style} {}

  /// A paragraph behind `lead`, whose columns indent the lines that follow.
  void item(std::string_view lead, std::string_view text, Color lead_color = Color::none,
            Color color = Color::none);
  /// A line as it stands, however long: for what is copied and pasted.
  void verbatim(std::string_view lead, std::string_view text);
  void blank();
  /// Parts that stay whole, as many on a line as fit, behind an indent.
  void row(std::size_t indent, const std::vector<std::pair<std::string, Color>>& parts);

  const TextStyle& style() const { return style_; }
  std::string take() && { return std::move(text_); }

 private:
  std::string painted(std::string_view text, Color color) const;
  std::size_t width() const;

  const TextStyle& style_;
  std::string text_;
};

}  // namespace fwprobe::reports
