#pragma once
// What came from the network, made fit for a terminal: no byte of it moves the cursor, changes a colour, or
// reorders or hides text.

#include <cstddef>
#include <string>
#include <string_view>

namespace fwprobe::reports {

/// `text` on one line. Control characters, characters that reorder or hide text (Unicode bidi controls,
/// zero-width and tag characters) and bytes that are not UTF-8 become "\n", "\x1B", "\u{202E}", "\xFF". What
/// is longer than `longest` columns is cut, and the cut is shown: "abc… (+1234 bytes)".
std::string printable(std::string_view text, std::size_t longest = 300);

/// Columns that a terminal gives to a printable text: 0 for combining marks, 2 for wide characters (UAX #11).
std::size_t columns(std::string_view text);

/// At most `most` bytes of `text`, not cut inside a UTF-8 character.
std::string_view clipped(std::string_view text, std::size_t most);

}  // namespace fwprobe::reports
