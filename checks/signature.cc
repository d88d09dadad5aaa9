#include "checks/signature.h"

#include "text/ascii.h"

namespace fwprobe::checks {

bool is_like(std::string_view text, std::string_view pattern) {
  // The usual two cursors: on a mismatch the last star takes one character more. No recursion, since both may
  // come from the network in the end.
  std::size_t at = 0, sign = 0, taken = 0;
  auto star = std::string_view::npos;
  while (at < text.size()) {
    if (sign < pattern.size() && pattern[sign] == '*') {
      star = sign++;
      taken = at;
    } else if (sign < pattern.size() && ascii_lower(pattern[sign]) == ascii_lower(text[at])) {
      ++sign;
      ++at;
    } else if (star != std::string_view::npos) {
      sign = star + 1;
      at = ++taken;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', sign) == std::string_view::npos;
}

}  // namespace fwprobe::checks
