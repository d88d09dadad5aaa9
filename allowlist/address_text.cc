#include "allowlist/address_text.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include <fmt/format.h>

#include "allowlist/yaml_tree.h"
#include "text/ascii.h"

namespace fwprobe::allowlist {
namespace {

/// The value of a hexadecimal digit, -1 for any other character.
constexpr auto hex_values = [] {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  std::int8_t value = 0;
  for (const char digit : std::string_view{"0123456789abcdef"})
    values[static_cast<unsigned char>(digit)] = value++;
  for (const char letter : std::string_view{"abcdef"})
    values[static_cast<unsigned char>(letter - 'a' + 'A')] = values[static_cast<unsigned char>(letter)];
  return values;
}();

constexpr int hex_value(char c) { return hex_values[static_cast<unsigned char>(c)]; }

/// The bytes that stand there, the first in the lowest bits.
template <typename Value>
Value bytes_at(const char* at) {
  Value bytes = 0;
  std::memcpy(&bytes, at, sizeof bytes);
  return std::endian::native == std::endian::little ? bytes : std::byteswap(bytes);
}

/// A bit for each of eight bytes that is no digit.
unsigned no_digits(std::uint64_t bytes) {
  constexpr std::uint64_t each = 0x0101010101010101;
  const auto values = bytes ^ each * '0';
  const auto above_nine = (((values & each * 0x7f) + each * (0x80 - 10)) | values) & each * 0x80;
  return static_cast<unsigned>((above_nine >> 7) * 0x0102040810204080 >> 56);  // one bit of each byte
}

struct QuickAddress {
  std::uint32_t address = 0;
  unsigned length = 0;  ///< 0: it must be read digit by digit
};

/// An IPv4 address and the byte behind it, in 16 bytes. How many digits a number has is by chance in a long
/// list, so that a branch for each would be mispredicted: there is one for all.
QuickAddress quick_ipv4(const char* text) {
  constexpr unsigned window = 16;
  constexpr unsigned longest_front = 12;  // "255.255.255."
  auto ends = no_digits(bytes_at<std::uint64_t>(text)) | no_digits(bytes_at<std::uint64_t>(text + 8)) << 8 |
              1U << window;
  std::uint32_t address = 0;
  unsigned begin = 0;
  unsigned end = 0;
  bool odd = false;
  for (int octet = 0; octet < 4; ++octet) {
    end = static_cast<unsigned>(std::countr_zero(ends));
    ends &= ends - 1;
    odd |= begin > longest_front;
    begin = std::min(begin, longest_front);
    const auto digits = end - begin;
    const auto read = bytes_at<std::uint32_t>(text + begin) ^ 0x30303030U;
    const auto right = read << (8 * (4 - digits) & 31U);  // the last digit in the highest byte
    const auto value = (right >> 24) + 10 * (right >> 16 & 255U) + 100 * (right >> 8 & 255U);
    odd |= digits - 1 > 2 || value > 255 || (digits > 1 && (read & 255U) == 0);
    odd |= octet < 3 && text[std::min(end, window - 1)] != '.';
    address = address << 8 | value;
    begin = end + 1;
  }
  return odd ? QuickAddress{} : QuickAddress{address, end};
}

/// Reads from the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : at_{text.data()}, end_{text.data() + text.size()} {}

  const char* at() const { return at_; }
  bool done() const { return at_ == end_; }
  bool skip(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  void skip_space() {
    while (at_ != end_ && *at_ == ' ') ++at_;
  }

  /// Decimal, without leading zeros, at most `most`; -1 for anything else.
  int number(int most) {
    if (at_ == end_ || !is_digit(*at_)) return -1;
    int value = *at_++ - '0';
    if (value == 0) return at_ != end_ && is_digit(*at_) ? -1 : 0;
    while (at_ != end_ && is_digit(*at_)) {
      value = value * 10 + (*at_++ - '0');
      if (value > most) return -1;
    }
    return value <= most ? value : -1;
  }

  std::optional<std::uint32_t> ipv4() {
    if (end_ - at_ >= 16)
      if (const auto quick = quick_ipv4(at_); quick.length > 0) {
        at_ += quick.length;
        return quick.address;
      }
    constexpr int octet = 255;
    const int a = number(octet);
    if (a < 0 || !skip('.')) return std::nullopt;
    const int b = number(octet);
    if (b < 0 || !skip('.')) return std::nullopt;
    const int c = number(octet);
    if (c < 0 || !skip('.')) return std::nullopt;
    const int d = number(octet);
    if (d < 0) return std::nullopt;
    return static_cast<std::uint32_t>(a) << 24 | static_cast<std::uint32_t>(b) << 16 |
           static_cast<std::uint32_t>(c) << 8 | static_cast<std::uint32_t>(d);
  }

  /// RFC 4291 §2.2: groups of four hexadecimal digits, "::" once, and IPv4 in the last 32 bits.
  std::optional<Uint128> ipv6() {
    constexpr int groups = 8;
    std::array<std::uint16_t, groups> values{};
    int count = 0;
    int gap = -1;
    if (skip(':')) {
      if (!skip(':')) return std::nullopt;
      gap = 0;
    }
    while (count < groups) {
      const auto* begin = at_;
      unsigned value = 0;
      for (int digit = 0; at_ != end_ && at_ - begin < 5 && (digit = hex_value(*at_)) >= 0; ++at_)
        value = value << 4 | static_cast<unsigned>(digit);
      if (at_ == begin) {
        if (gap == count) break;  // "::" ends it
        return std::nullopt;
      }
      if (at_ != end_ && *at_ == '.') {
        at_ = begin;
        const auto low = ipv4();
        if (!low || count > groups - 2) return std::nullopt;
        values[static_cast<std::size_t>(count++)] = static_cast<std::uint16_t>(*low >> 16);
        values[static_cast<std::size_t>(count++)] = static_cast<std::uint16_t>(*low);
        break;
      }
      if (at_ - begin > 4) return std::nullopt;
      values[static_cast<std::size_t>(count++)] = static_cast<std::uint16_t>(value);
      if (count == groups || !skip(':')) break;
      if (skip(':')) {
        if (gap >= 0) return std::nullopt;
        gap = count;
      }
    }
    if (gap < 0 ? count != groups : count == groups) return std::nullopt;
    if (gap >= 0) {  // what stands behind it goes to the end
      std::move_backward(values.begin() + gap, values.begin() + count, values.end());
      std::fill_n(values.begin() + gap, groups - count, std::uint16_t{0});
    }
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    for (std::size_t i = 0; i < groups / 2; ++i) {
      high = high << 16 | values[i];
      low = low << 16 | values[i + groups / 2];
    }
    return Uint128{high} << 64 | low;
  }

 private:
  const char* at_;
  const char* end_;
};

/// Every bit behind a prefix' length.
template <typename Value>
Value host_mask(int length) {
  constexpr int bits = sizeof(Value) * 8;
  return length == bits ? Value{0} : static_cast<Value>(static_cast<Value>(~Value{0}) >> length);
}

template <typename Value>
std::optional<NumberRange> rest_of_range(Scanner& scanner, std::optional<Value> address,
                                         std::optional<Value> (Scanner::*another)()) {
  constexpr int bits = sizeof(Value) * 8;
  if (!address) return std::nullopt;
  NumberRange range{*address, *address, bits == 128, false};
  if (scanner.done()) return range;
  if (scanner.skip('/')) {
    const int length = scanner.number(bits);
    if (length < 0 || !scanner.done()) return std::nullopt;
    const auto mask = host_mask<Value>(length);
    range.host_bits = (*address & mask) != 0;
    range.first = static_cast<Value>(*address & static_cast<Value>(~mask));
    range.last = static_cast<Value>(*address | mask);
    return range;
  }
  scanner.skip_space();
  if (!scanner.skip('-')) return std::nullopt;
  scanner.skip_space();
  const auto last = (scanner.*another)();
  if (!last || !scanner.done() || *last < *address) return std::nullopt;
  range.last = *last;
  return range;
}

/// Why read_range() gives nothing.
std::string why_no_range(std::string_view text) {
  const auto shown = excerpt(text);
  const auto dash = text.find('-');
  if (dash != std::string_view::npos) {
    const auto first = read_range(trimmed(text.substr(0, dash), " "));
    const auto last = read_range(trimmed(text.substr(dash + 1), " "));
    const bool plain = first && last && text.find('/') == std::string_view::npos;
    if (plain && first->ipv6 != last->ipv6)
      return fmt::format("{}: the ends of a range are of the same family", shown);
    if (plain && last->first < first->first)
      return fmt::format("{}: the range runs backwards; write the lower address first", shown);
    return fmt::format("{} is not a range; write 192.0.2.1-192.0.2.9", shown);
  }
  const auto parsed = parse_prefix(text);
  return parsed ? fmt::format("{} is not a prefix; write 192.0.2.0/24, 2001:db8::/32 or an address", shown)
                : parsed.error();
}

constexpr auto two_digits = [] {
  std::array<char, 200> digits{};
  for (std::size_t i = 0; i < 100; ++i) {
    digits[2 * i] = static_cast<char>('0' + i / 10);
    digits[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return digits;
}();

/// Writes into a buffer that is known to be large enough.
char* put_number(char* to, unsigned value) {
  if (value >= 100) {
    *to++ = static_cast<char>('0' + value / 100);
    value %= 100;
    *to++ = two_digits[2 * value];
    *to++ = two_digits[2 * value + 1];
  } else if (value >= 10) {
    *to++ = two_digits[2 * value];
    *to++ = two_digits[2 * value + 1];
  } else {
    *to++ = static_cast<char>('0' + value);
  }
  return to;
}

char* put_address(char* to, std::uint32_t address) {
  to = put_number(to, address >> 24);
  *to++ = '.';
  to = put_number(to, address >> 16 & 255U);
  *to++ = '.';
  to = put_number(to, address >> 8 & 255U);
  *to++ = '.';
  return put_number(to, address & 255U);
}

char* put_hex(char* to, unsigned value) {
  constexpr char digits[] = "0123456789abcdef";
  if (value >= 0x1000) *to++ = digits[value >> 12];
  if (value >= 0x100) *to++ = digits[value >> 8 & 15U];
  if (value >= 0x10) *to++ = digits[value >> 4 & 15U];
  *to++ = digits[value & 15U];
  return to;
}

/// RFC 5952 §4: the longest run of at least two zero groups, the first of equals, is "::".
char* put_address(char* to, Uint128 address) {
  constexpr int groups = 8;
  const bool has_ipv4_form = address >> 32 == 0 || address >> 32 == 0xffff;
  if (has_ipv4_form) {  // rare, and inet_ntop(3) has rules of its own
    const auto text = address_v6(address).to_string();
    return std::ranges::copy(text, to).out;
  }
  const auto group = [&](int i) {
    return static_cast<unsigned>(address >> (16 * (groups - 1 - i))) & 0xffffU;
  };
  int best = -1;
  int longest = 1;
  for (int i = 0; i < groups;) {
    int end = i;
    while (end < groups && group(end) == 0) ++end;
    if (end - i > longest) {
      best = i;
      longest = end - i;
    }
    i = end + 1;
  }
  for (int i = 0; i < groups;) {
    if (i == best) {
      *to++ = ':';
      *to++ = ':';
      i += longest;
      continue;
    }
    if (i > 0 && (best < 0 || i != best + longest)) *to++ = ':';
    to = put_hex(to, group(i));
    ++i;
  }
  return to;
}

template <typename Value>
void append_cover(std::string& text, Range<Value> range) {
  constexpr int bits = sizeof(Value) * 8;
  constexpr std::size_t longest_line =
      52;  // 39 of an address, or 45 with IPv4 in it; "/128" and the line's end
  for (;;) {
    const int free = host_bits(range);
    const auto before = text.size();
    text.resize_and_overwrite(before + longest_line, [&](char* begin, std::size_t) {
      char* to = put_address(begin + before, range.first);
      *to++ = '/';
      to = put_number(to, static_cast<unsigned>(bits - free));
      *to++ = '\n';
      return static_cast<std::size_t>(to - begin);
    });
    const auto end =
        static_cast<Value>(range.first + (free == bits ? static_cast<Value>(~Value{0})
                                                       : static_cast<Value>((Value{1} << free) - 1)));
    if (end == range.last) return;
    range.first = static_cast<Value>(end + 1);
  }
}

}  // namespace

std::optional<NumberRange> read_range(std::string_view text) {
  constexpr std::size_t longest = 100;
  if (text.empty() || text.size() > longest) return std::nullopt;
  Scanner scanner{text};
  // Which family it is stands in the first group.
  if (text.substr(0, 5).find(':') == std::string_view::npos)
    return rest_of_range(scanner, scanner.ipv4(), &Scanner::ipv4);
  return rest_of_range(scanner, scanner.ipv6(), &Scanner::ipv6);
}

bool is_mapped(const NumberRange& range) {
  constexpr Uint128 first = Uint128{0xffff} << 32;
  constexpr Uint128 last = first | 0xffffffffU;
  constexpr Uint128 first_around = first & ~(Uint128{1} << 32);
  const bool around = range.first <= first_around && last <= range.last;
  return range.ipv6 && range.first <= last && first <= range.last && !around;
}

std::expected<NumberRange, std::string> parse_range(std::string_view text) {
  auto range = read_range(text);
  if (!range) return std::unexpected{why_no_range(text)};
  if (is_mapped(*range))
    return std::unexpected{
        fmt::format("{} holds IPv4 in IPv6 form (RFC 4291 §2.5.5.2); write the IPv4 prefix", excerpt(text))};
  return *range;
}

LeadingRange leading_ipv4(std::string_view text) {
  Scanner scanner{text};
  const auto address = scanner.ipv4();
  if (!address) return {};
  std::uint32_t mask = 0;
  const bool is_prefix = scanner.skip('/');
  if (is_prefix) {
    const int length = scanner.number(32);
    if (length < 0) return {};
    mask = host_mask<std::uint32_t>(length);
  }
  return {{*address & ~mask, *address | mask},
          static_cast<std::uint32_t>(scanner.at() - text.data()),
          is_prefix,
          (*address & mask) != 0};
}

LeadingAddress leading_ipv6(std::string_view text) {
  Scanner scanner{text};
  const auto address = scanner.ipv6();
  if (!address) return {};
  return {*address, static_cast<std::uint32_t>(scanner.at() - text.data())};
}

void append_address(std::string& text, std::uint32_t address) {
  std::array<char, 16> buffer;
  text.append(buffer.data(), put_address(buffer.data(), address));
}

void append_address(std::string& text, Uint128 address) {
  std::array<char, 48> buffer;
  text.append(buffer.data(), put_address(buffer.data(), address));
}

void append_lines(std::string& text, const Range<std::uint32_t>& range) { append_cover(text, range); }
void append_lines(std::string& text, const Range<Uint128>& range) { append_cover(text, range); }

}  // namespace fwprobe::allowlist
