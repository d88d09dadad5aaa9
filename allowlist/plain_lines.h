#pragma once
// A plain list: one prefix, address or range "a-b" a line; '#' and ';' begin comments, empty lines are none.

#include <optional>
#include <string_view>

#include "allowlist/yaml_tree.h"

namespace fwprobe::allowlist {

struct PlainLine {
  std::string_view text;  ///< without comment and the space around it, not empty
  Place place;
};

class PlainLines {
 public:
  /// `line` is the number of the first.
  explicit PlainLines(std::string_view text, int line = 1) : rest_{text}, line_{line} {}
  /// The next line that says something; lines end with LF or CRLF, the last may end with the text.
  std::optional<PlainLine> next();
  /// The number of the line behind the last one that was read.
  int line() const { return line_; }

 private:
  std::string_view rest_;
  int line_;
};

}  // namespace fwprobe::allowlist
