#include "reports/escape.h"

#include <algorithm>

#include <fmt/format.h>

#include "allowlist/utf8.h"
#include "text/characters.h"

namespace fwprobe::reports {
namespace {

constexpr CharacterRange combining[] = {
    {0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},   {0x610, 0x61a},   {0x64b, 0x65f},
    {0x6d6, 0x6dc},   {0x900, 0x902},   {0x93c, 0x93c},   {0x941, 0x948},   {0xe31, 0xe31},
    {0xe34, 0xe3a},   {0xe47, 0xe4e},   {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x20d0, 0x20ff},
    {0x302a, 0x302d}, {0x3099, 0x309a}, {0xfe20, 0xfe2f},
};

constexpr CharacterRange wide[] = {
    {0x1100, 0x115e},   {0x2e80, 0x303e},   {0x3041, 0x3098},   {0x309b, 0xa4cf},   {0xa960, 0xa97c},
    {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
    {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1faff}, {0x20000, 0x3fffd},
};

constexpr bool in_order(const auto& ranges) {
  return std::ranges::is_sorted(ranges, {}, &CharacterRange::first);
}
static_assert(in_order(invisible) && in_order(combining) && in_order(wide));

std::size_t width(char32_t c) { return in(combining, c) ? 0 : in(wide, c) ? 2 : 1; }

struct Shown {
  std::string text;
  std::size_t columns;
};

Shown escaped(std::string text) {
  const auto size = text.size();
  return {std::move(text), size};
}

Shown show(std::string_view bytes, const std::optional<allowlist::Utf8>& decoded) {
  if (!decoded) return escaped(fmt::format("\\x{:02X}", static_cast<unsigned char>(bytes.front())));
  const auto c = decoded->character;
  if (c == '\n') return escaped("\\n");
  if (c == '\r') return escaped("\\r");
  if (c == '\t') return escaped("\\t");
  if (c < 0x20 || c == 0x7f) return escaped(fmt::format("\\x{:02X}", static_cast<unsigned>(c)));
  if (in(invisible, c)) return escaped(fmt::format("\\u{{{:04X}}}", static_cast<unsigned>(c)));
  return {std::string{bytes.substr(0, decoded->bytes)}, width(c)};
}

}  // namespace

std::string printable(std::string_view text, std::size_t longest) {
  // Nearly every text, of which reports and answers have thousands.
  const auto is_plain = [](char c) { return 0x20 <= c && c < 0x7f; };
  if (text.size() <= longest && std::ranges::all_of(text, is_plain)) return std::string{text};
  std::string result;
  std::size_t used = 0;
  // A base character with thousands of marks is one column wide and as tall as a screen.
  std::size_t marks = 0;
  constexpr std::size_t most_marks = 4;
  for (std::size_t at = 0; at < text.size();) {
    const auto decoded = allowlist::first_utf8(text.substr(at));
    auto shown = show(text.substr(at), decoded);
    marks = shown.columns == 0 ? marks + 1 : 0;
    if (marks > most_marks)
      shown = escaped(fmt::format("\\u{{{:04X}}}", static_cast<unsigned>(decoded->character)));
    if (used + shown.columns > longest) return result + fmt::format("… (+{} bytes)", text.size() - at);
    result += shown.text;
    used += shown.columns;
    at += decoded ? decoded->bytes : 1;
  }
  return result;
}

std::size_t columns(std::string_view text) {
  std::size_t count = 0;
  while (!text.empty()) {
    const auto decoded = allowlist::first_utf8(text);
    count += decoded ? width(decoded->character) : 1;
    text.remove_prefix(decoded ? decoded->bytes : 1);
  }
  return count;
}

std::string_view clipped(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  // A character has at most three continuation bytes; what is no UTF-8 anyway may be cut anywhere.
  for (std::size_t end = most; end + 3 >= most && end > 0; --end)
    if ((static_cast<unsigned char>(text[end]) & 0xc0U) != 0x80) return text.substr(0, end);
  return text.substr(0, most);
}

}  // namespace fwprobe::reports
