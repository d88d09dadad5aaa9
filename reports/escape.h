#pragma once
// What came from the network, made fit for a terminal: no byte of it moves the cursor, changes a colour, or
// reorders or hides text. And one function for each other format, each on top of that.

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

// ---- one for each format: `text` as it came, made printable, cut at `longest` columns, and escaped

inline constexpr std::size_t prose = 1000;  ///< columns of an explanation, or of a step of a remedy

/// For XML's text and attribute values (XML 1.0 §2.4).
std::string xml_text(std::string_view text, std::size_t longest = prose);
/// For running text and table cells of Markdown as GitHub, Azure DevOps and GitLab read it: no markup, HTML,
/// link, mention (@name), reference (#1, !1, GH-1) or :emoji: comes of it.
std::string markdown_text(std::string_view text, std::size_t longest = prose);
/// A code span (CommonMark §6.1) that may stand in a table cell.
std::string markdown_code(std::string_view text, std::size_t longest = prose);
/// A field of CSV in quotes (RFC 4180), which no spreadsheet takes for a formula.
std::string csv_field(std::string_view text, std::size_t longest = prose);
/// A label's value of Prometheus' text format, with its quotes.
std::string prometheus_label(std::string_view text, std::size_t longest = 200);
/// A description of TAP 14, in which "#" begins a directive and "\\" an escape.
std::string tap_text(std::string_view text, std::size_t longest = prose);
/// A double-quoted scalar of YAML 1.2 §7.3.1, in its JSON form.
std::string yaml_text(std::string_view text, std::size_t longest = prose);
/// Output of a monitoring plugin: "|" would begin the performance data, and web interfaces show HTML.
std::string plugin_text(std::string_view text, std::size_t longest = prose);

}  // namespace fwprobe::reports
