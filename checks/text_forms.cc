#include "checks/text_forms.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <optional>
#include <utility>

namespace fwprobe::checks {
namespace {

unsigned byte(std::string_view text, std::size_t at) { return static_cast<unsigned char>(text[at]); }

/// Lower and upper bound of the second byte, and the sequence's length, by the first byte: RFC 3629 §4.
struct Lead {
  unsigned first = 0, last = 0;
  std::size_t length = 0;
  unsigned low = 0x80, high = 0xBF;
};
constexpr Lead leads[] = {
    {0xC2, 0xDF, 2}, {0xE0, 0xE0, 3, 0xA0}, {0xE1, 0xEC, 3}, {0xED, 0xED, 3, 0x80, 0x9F},
    {0xEE, 0xEF, 3}, {0xF0, 0xF0, 4, 0x90}, {0xF1, 0xF3, 4}, {0xF4, 0xF4, 4, 0x80, 0x8F},
};

constexpr std::pair<std::string_view, std::string_view> named[] = {
    {"amp", "&"},  {"lt", "<"},       {"gt", ">"},     {"quot", "\""},  {"apos", "'"},   {"colon", ":"},
    {"sol", "/"},  {"bsol", "\\"},    {"period", "."}, {"commat", "@"}, {"lsqb", "["},   {"lbrack", "["},
    {"rsqb", "]"}, {"rbrack", "]"},   {"percnt", "%"}, {"quest", "?"},  {"num", "#"},    {"nbsp", " "},
    {"Tab", "\t"}, {"NewLine", "\n"}, {"lowbar", "_"}, {"hyphen", "-"}, {"equals", "="}, {"semi", ";"},
};

void append_utf8(std::string& text, std::uint32_t point) {
  const auto tail = [&](int shift) { text.push_back(static_cast<char>(0x80U | ((point >> shift) & 0x3FU))); };
  if (point < 0x80) {
    text.push_back(static_cast<char>(point));
  } else if (point < 0x800) {
    text.push_back(static_cast<char>(0xC0U | (point >> 6)));
    tail(0);
  } else if (point < 0x10000) {
    text.push_back(static_cast<char>(0xE0U | (point >> 12)));
    tail(6);
    tail(0);
  } else {
    text.push_back(static_cast<char>(0xF0U | (point >> 18)));
    tail(12);
    tail(6);
    tail(0);
  }
}

/// "&#x2F;" or "&#47", the semicolon may be missing; appended to `into`. The length in `text`, 0 when it is
/// none.
std::size_t numeric_reference(std::string_view text, std::string& into) {
  const bool hexadecimal = text.size() > 2 && (text[2] == 'x' || text[2] == 'X');
  const auto digits = text.substr(hexadecimal ? 3 : 2).substr(0, 16);
  std::uint32_t point = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), point, hexadecimal ? 16 : 10);
  if (error != std::errc{} || point == 0 || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF))
    return 0;
  append_utf8(into, point);
  const auto length = static_cast<std::size_t>(end - text.data());
  return length < text.size() && text[length] == ';' ? length + 1 : length;
}

std::size_t named_reference(std::string_view text, std::string& into) {
  const auto end = text.substr(0, 12).find(';');
  if (end == std::string_view::npos) return 0;
  const auto at = std::ranges::find(named, text.substr(1, end - 1),
                                    &std::pair<std::string_view, std::string_view>::first);
  if (at == std::end(named)) return 0;
  into.append(at->second);
  return end + 1;
}

}  // namespace

std::size_t utf8_length(std::string_view text, std::size_t at) {
  const unsigned first = byte(text, at);
  if (first < 0x80) return 1;
  const auto* lead =
      std::ranges::find_if(leads, [&](const Lead& l) { return l.first <= first && first <= l.last; });
  if (lead == std::end(leads) || at + lead->length > text.size()) return 0;
  if (byte(text, at + 1) < lead->low || byte(text, at + 1) > lead->high) return 0;
  for (std::size_t i = 2; i < lead->length; ++i)
    if ((byte(text, at + i) & 0xC0U) != 0x80U) return 0;
  return lead->length;
}

bool is_valid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    // Eight ASCII characters at a time: nearly all of JSON is ASCII.
    std::uint64_t eight = 0;
    if (i + sizeof eight <= text.size()) {
      std::memcpy(&eight, text.data() + i, sizeof eight);
      if ((eight & 0x8080808080808080U) == 0) {
        i += sizeof eight;
        continue;
      }
    }
    const auto length = utf8_length(text, i);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

std::size_t Decoded::original(std::size_t offset) const {
  const auto next = std::ranges::upper_bound(references, offset, {}, &Reference::decoded_end);
  if (next == references.begin()) return offset;
  const auto& before = *std::prev(next);
  return before.original_end + (offset - before.decoded_end);
}

Decoded decode_entities(std::string_view text) {
  Decoded decoded;
  decoded.text.reserve(text.size());
  for (std::size_t at = 0;;) {
    const auto ampersand = text.find('&', at);
    decoded.text.append(text.substr(at, ampersand - at));
    if (ampersand == std::string_view::npos) return decoded;
    const auto rest = text.substr(ampersand);
    const bool numeric = rest.size() > 2 && rest[1] == '#';
    const auto length = numeric ? numeric_reference(rest, decoded.text) : named_reference(rest, decoded.text);
    at = ampersand + std::max<std::size_t>(length, 1);
    if (length == 0)
      decoded.text.push_back('&');
    else
      decoded.references.push_back({decoded.text.size(), at});
  }
}

}  // namespace fwprobe::checks
