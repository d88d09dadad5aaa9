#include "checks/challenge.h"

#include <algorithm>

namespace fwprobe::checks {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_space(char c) { return c == ' ' || c == '\t'; }

/// RFC 9110 §5.6.2, and what careless servers put into a value without quotes.
bool is_word_char(char c) { return !is_space(c) && c != ',' && c != '=' && c != '"'; }

/// Reads a header field's value from left to right.
class Words {
 public:
  explicit Words(std::string_view text) : text_{text} {}
  bool at_end() const { return text_.empty(); }

  void skip_spaces() {
    while (!text_.empty() && is_space(text_.front())) text_.remove_prefix(1);
  }
  bool skip(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  std::string_view word() {
    const auto end = static_cast<std::size_t>(std::ranges::find_if_not(text_, is_word_char) - text_.begin());
    const auto found = text_.substr(0, end);
    text_.remove_prefix(end);
    return found;
  }
  /// Behind the opening quote: RFC 9110 §5.6.4. One that does not end goes to the value's end.
  std::string quoted() {
    std::string found;
    while (!text_.empty() && !skip('"')) {
      skip('\\');
      if (text_.empty()) break;
      found.push_back(text_.front());
      text_.remove_prefix(1);
    }
    return found;
  }
  /// Up to the next comma or space: "=" may stand in it.
  std::string bare() {
    const auto end = std::min(text_.find_first_of(", \t"), text_.size());
    std::string found{text_.substr(0, end)};
    text_.remove_prefix(end);
    return found;
  }

 private:
  std::string_view text_;
};

}  // namespace

std::vector<std::string> realms(std::string_view value) {
  std::vector<std::string> found;
  Words words{value};
  while (!words.at_end()) {
    words.skip_spaces();
    const auto name = words.word();
    words.skip_spaces();
    if (!words.skip('=')) {
      // A scheme's name, a comma, or a stray quote: its content is no parameter.
      if (name.empty() && words.skip('"')) words.quoted();
      if (name.empty()) words.skip(',');
      continue;
    }
    words.skip_spaces();
    const auto text = words.skip('"') ? words.quoted() : words.bare();
    if (std::ranges::equal(name, std::string_view{"realm"}, {}, lower)) found.push_back(text);
  }
  return found;
}

}  // namespace fwprobe::checks
