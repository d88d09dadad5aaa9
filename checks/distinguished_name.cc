#include "checks/distinguished_name.h"

#include <algorithm>
#include <charconv>

#include "text/ascii.h"

namespace fwprobe::checks {
namespace {

/// RFC 2253 §2.4: a backslash stands before a special character, or before two hexadecimal digits.
std::string unescaped(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      plain.push_back(text[i]);
      continue;
    }
    unsigned value = 0;
    const auto* digits = text.data() + i + 1;
    if (i + 2 < text.size() && std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2) {
      plain.push_back(static_cast<char>(value));
      i += 2;
    } else {
      plain.push_back(text[++i]);
    }
  }
  return plain;
}

/// Where the part that begins at `at` ends: at a comma or plus that is not escaped.
std::size_t end_of_part(std::string_view text, std::size_t at) {
  for (; at < text.size(); ++at) {
    if (text[at] == '\\')
      ++at;
    else if (text[at] == ',' || text[at] == '+')
      return at;
  }
  return text.size();
}

}  // namespace

std::vector<NameAttribute> parse_name(std::string_view text) {
  std::vector<NameAttribute> parts;
  for (std::size_t at = 0; at < text.size();) {
    const auto end = end_of_part(text, at);
    const auto part = text.substr(at, end - at);
    at = end + 1;
    const auto sign = part.find('=');
    if (sign == std::string_view::npos) continue;
    parts.push_back({std::string{trimmed(part.substr(0, sign))}, unescaped(trimmed(part.substr(sign + 1)))});
  }
  return parts;
}

std::string short_name(std::string_view text) {
  const auto parts = parse_name(text);
  for (const std::string_view type : {"CN", "OU", "O"}) {
    const auto at = std::ranges::find(parts, type, &NameAttribute::type);
    if (at != parts.end() && !at->value.empty()) return at->value;
  }
  return std::string{text};
}

}  // namespace fwprobe::checks
