#pragma once
// Characters that need care wherever text of others is shown.

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace fwprobe {

struct CharacterRange {
  char32_t first, last;
};

/// `ranges` are in order.
template <std::size_t Size>
constexpr bool in(const CharacterRange (&ranges)[Size], char32_t c) {
  if (c < ranges[0].first) return false;  // most text is ASCII
  const auto* const found = std::ranges::lower_bound(ranges, c, {}, &CharacterRange::last);
  return found != std::end(ranges) && found->first <= c;
}

/// Characters without a glyph of their own that change how others are shown: C1 controls, soft hyphen, bidi
/// controls (UAX #9), zero-width characters and joiners, line separators, fillers, annotations, private use,
/// tags.
inline constexpr CharacterRange invisible[] = {
    {0x7f, 0x9f},     {0xad, 0xad},     {0x34f, 0x34f},     {0x61c, 0x61c},      {0x115f, 0x1160},
    {0x17b4, 0x17b5}, {0x180b, 0x180f}, {0x200b, 0x200f},   {0x2028, 0x202e},    {0x2060, 0x206f},
    {0x3164, 0x3164}, {0xe000, 0xf8ff}, {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},    {0xffa0, 0xffa0},
    {0xfff0, 0xfffb}, {0xfffe, 0xffff}, {0x1d173, 0x1d17a}, {0xe0000, 0x10ffff},
};

}  // namespace fwprobe
