#pragma once
// UTF-8 (RFC 3629), one character at a time.

#include <cstddef>
#include <optional>
#include <string_view>

namespace fwprobe::allowlist {

struct Utf8 {
  char32_t character = 0;
  std::size_t bytes = 1;
};

/// The character at the beginning of a text that is not empty; nothing when the bytes there are no UTF-8:
/// overlong forms, surrogates and cut sequences included.
std::optional<Utf8> first_utf8(std::string_view text);

/// Without the byte order mark, which some editors put in front of UTF-8.
std::string_view without_bom(std::string_view text);

}  // namespace fwprobe::allowlist
