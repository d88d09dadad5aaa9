#pragma once
// Texts for pictures, which do not wrap by themselves.

#include <string>
#include <string_view>
#include <vector>

namespace fwprobe::reports {

/// `text` made printable, as at most `most` lines of so many columns, cut behind punctuation where that is
/// near enough; the last ends with "…" when not all has room.
std::vector<std::string> label_lines(std::string_view text, std::size_t width, std::size_t most);

}  // namespace fwprobe::reports
