// The escapers of the formats that are not text, escape.h.

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "reports/escape.h"
#include "text/ascii.h"

namespace fwprobe::reports {
namespace {

struct Replacement {
  char character;
  std::string_view by;
};

template <std::size_t Size>
std::string replaced(std::string_view text, const std::array<Replacement, Size>& table) {
  std::string result;
  for (const char c : text) {
    const auto at = std::ranges::find(table, c, &Replacement::character);
    if (at == table.end())
      result += c;
    else
      result += at->by;
  }
  return result;
}

/// Nothing that is seen, and the end of whatever might have been linked: links, mentions and references are
/// looked for in the text that Markdown makes, where a backslash no longer helps.
constexpr std::string_view nothing = "<!-- -->";
/// @name, #1, and !1, ~label, $snippet, %milestone, ^alert of GitLab.
constexpr std::string_view linking = "@#!~$%^";
/// ASCII punctuation (CommonMark §2.4) that has a meaning inside a line, and at its beginning.
constexpr std::string_view meaning = "\\`*_{}[]|~#$";
constexpr std::string_view first_meaning = "-+=";

/// A colon before "//", or of ":emoji:": GitHub shows 2001:100::1 with a picture in it.
bool is_linking_colon(std::string_view rest) {
  const auto word = rest.substr(1, rest.find(' ') - 1);
  return rest.front() == ':' && (word.starts_with('/') || word.contains(':'));
}

/// "GH-12" is a reference, "www." begins a link.
bool begins_reference(std::string_view before, char c) {
  const auto ends = [&](std::string_view word) {
    return before.size() >= word.size() &&
           std::ranges::equal(before.substr(before.size() - word.size()), word,
                              [](char a, char b) { return (a | 0x20) == b; });
  };
  return (c == '-' && ends("gh")) || (c == '.' && ends("www"));
}

/// "1." and "1)" at the beginning of a line are a list.
bool is_list_mark(std::string_view before, char c) {
  return (c == '.' || c == ')') && !before.empty() && std::ranges::all_of(before, is_digit);
}

}  // namespace

std::string xml_text(std::string_view text, std::size_t longest) {
  constexpr std::array<Replacement, 5> entities{
      {{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}, {'\'', "&#39;"}}};
  return replaced(printable(text, longest), entities);
}

std::string markdown_text(std::string_view text, std::size_t longest) {
  const auto shown = printable(text, longest);
  std::string result;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const char c = shown[i];
    const auto before = std::string_view{shown}.substr(0, i);
    if (begins_reference(before, c)) result += nothing;
    if (c == '&' || c == '<' || c == '>')
      result += c == '&' ? "&amp;" : c == '<' ? "&lt;" : "&gt;";
    else if (meaning.contains(c) || (i == 0 && first_meaning.contains(c)) || is_list_mark(before, c))
      result += fmt::format("\\{}", c);
    else
      result += c;
    const char next = i + 1 < shown.size() ? shown[i + 1] : ' ';
    if (next != ' ' && (linking.contains(c) || is_linking_colon(std::string_view{shown}.substr(i))))
      result += nothing;
  }
  return result;
}

std::string markdown_code(std::string_view text, std::size_t longest) {
  // In a table the bar is looked for before code spans are (GFM §4.10), and its escape is taken away there.
  auto shown = printable(text, longest);
  std::size_t run = 0, longest_run = 0;
  for (const char c : shown) {
    run = c == '`' ? run + 1 : 0;
    longest_run = std::max(longest_run, run);
  }
  const std::string fence(longest_run + 1, '`');
  constexpr std::array<Replacement, 1> bar{{{'|', "\\|"}}};
  shown = replaced(shown, bar);
  if (shown.empty() || shown.find_first_not_of(' ') == std::string::npos) return "(empty)";
  // A space on both sides is taken away, and keeps backticks at the ends apart from the fence.
  const bool pad = shown.front() == '`' || shown.back() == '`' || shown.front() == ' ';
  return pad ? fmt::format("{} {} {}", fence, shown, fence) : fence + shown + fence;
}

std::string csv_field(std::string_view text, std::size_t longest) {
  auto shown = printable(text, longest);
  // Spreadsheets take these for a formula, also behind spaces, and their full-width forms in some locales
  // (OWASP, CSV Injection). A leading quote makes text of it.
  constexpr std::string_view formula[] = {"=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"};
  const auto begin = std::string_view{shown}.substr(std::min(shown.find_first_not_of(' '), shown.size()));
  if (std::ranges::any_of(formula, [&](std::string_view mark) { return begin.starts_with(mark); }))
    shown.insert(0, 1, '\'');
  constexpr std::array<Replacement, 1> quotes{{{'"', "\"\""}}};
  return '"' + replaced(shown, quotes) + '"';
}

std::string prometheus_label(std::string_view text, std::size_t longest) {
  constexpr std::array<Replacement, 3> escapes{{{'\\', "\\\\"}, {'"', "\\\""}, {'\n', "\\n"}}};
  return '"' + replaced(printable(text, longest), escapes) + '"';
}

std::string tap_text(std::string_view text, std::size_t longest) {
  constexpr std::array<Replacement, 2> escapes{{{'\\', "\\\\"}, {'#', "\\#"}}};
  return replaced(printable(text, longest), escapes);
}

std::string yaml_text(std::string_view text, std::size_t longest) {
  return nlohmann::json(printable(text, longest)).dump(-1, ' ', true);
}

std::string plugin_text(std::string_view text, std::size_t longest) {
  constexpr std::array<Replacement, 3> escapes{{{'|', "\\x7C"}, {'<', "\\x3C"}, {'>', "\\x3E"}}};
  return replaced(printable(text, longest), escapes);
}

}  // namespace fwprobe::reports
