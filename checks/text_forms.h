#pragma once
// How texts are written: UTF-8 and HTML's character references.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace fwprobe::checks {

/// The length of the UTF-8 sequence at `at` (RFC 3629 §4); 0 when there is none.
std::size_t utf8_length(std::string_view text, std::size_t at);
bool is_valid_utf8(std::string_view text);

/// A text with its character references replaced, and where its parts stood before.
struct Decoded {
  struct Reference {
    std::size_t decoded_end = 0;   ///< behind the replacement
    std::size_t original_end = 0;  ///< behind the reference
  };
  std::string text;
  std::vector<Reference> references;  ///< in order

  /// Where the character at `offset` of `text` stood in the original.
  std::size_t original(std::size_t offset) const;
};

/// HTML's character references replaced: numeric ones, and the named ones of the characters that URLs are
/// made of (WHATWG HTML §13.5). Others stay as they are.
Decoded decode_entities(std::string_view text);

}  // namespace fwprobe::checks
