#pragma once
// Lines and columns of a text, counted from 1 in bytes.

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace fwprobe::checks {

/// Counts lines as it goes: asked for growing offsets, all answers together take one pass over the text.
class TextPosition {
 public:
  explicit TextPosition(std::string_view text) : text_{text} {}

  /// "body line 12 column 5". `offset` is not before the one asked for last.
  std::string place(std::size_t offset) {
    offset = std::clamp(offset, offset_, text_.size());
    const auto passed = text_.substr(offset_, offset - offset_);
    if (const auto newline = passed.rfind('\n'); newline != std::string_view::npos) {
      line_ += static_cast<std::size_t>(std::ranges::count(passed, '\n'));
      line_start_ = offset_ + newline + 1;
    }
    offset_ = offset;
    return "body line " + std::to_string(line_) + " column " + std::to_string(offset - line_start_ + 1);
  }

 private:
  std::string_view text_;
  std::size_t offset_ = 0;
  std::size_t line_start_ = 0;
  std::size_t line_ = 1;
};

}  // namespace fwprobe::checks
