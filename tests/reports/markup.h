#pragma once
// A strict reader of markup: what it takes is well-formed XML 1.0 of the kind that the HTML report is,
// without comments, sections and entities of its own.

#include <expected>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "allowlist/utf8.h"

namespace fwprobe::tests {

struct Markup {
  std::multiset<std::string> elements;
  std::set<std::string> attributes;
  std::string text;  ///< of all elements, as it is shown
};

class MarkupReader {
 public:
  explicit MarkupReader(std::string_view rest) : rest_{rest} {}

  /// The error says what was expected, and what stands there.
  std::expected<Markup, std::string> read() && {
    if (!skip("<!DOCTYPE html>\n")) return expected("the document type");
    while (!rest_.empty()) {
      const bool good = skip("</") ? close() : skip("<") ? open() : text(found_.text, '<');
      if (!good) return expected(wanted_);
    }
    if (!open_.empty()) return expected("the end of " + open_.back());
    return std::move(found_);
  }

 private:
  bool skip(std::string_view token) {
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }
  bool want(std::string_view token) {
    wanted_ = token;
    return skip(token);
  }
  std::unexpected<std::string> expected(const std::string& what) const {
    return std::unexpected{what + " expected before: " + std::string{rest_.substr(0, 60)}};
  }

  std::string name() {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-";
    const auto end = std::min(rest_.find_first_not_of(letters), rest_.size());
    std::string found{rest_.substr(0, end)};
    rest_.remove_prefix(end);
    return found;
  }

  bool open() {
    auto element = name();
    wanted_ = "a name";
    if (element.empty()) return false;
    found_.elements.insert(element);
    std::set<std::string> own;
    while (skip(" ")) {
      auto attribute = name();
      std::string value;
      if (attribute.empty() || !want("=\"") || !text(value, '"') || !want("\"")) return false;
      wanted_ = "another attribute than " + attribute;
      if (!own.insert(attribute).second) return false;
      found_.attributes.insert(std::move(attribute));
    }
    if (skip("/>")) return true;
    open_.push_back(std::move(element));
    return want(">");
  }

  bool close() {
    const auto element = name();
    wanted_ = open_.empty() ? "nothing" : "</" + open_.back();
    if (open_.empty() || element != open_.back()) return false;
    open_.pop_back();
    return want(">");
  }

  /// Characters of XML 1.0 §2.2 and the predefined entities, up to `end`.
  bool text(std::string& into, char end) {
    while (!rest_.empty() && rest_.front() != end) {
      wanted_ = "a character or a predefined entity";
      if (rest_.front() == '&') {
        const std::string_view entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
        const std::string_view meant = "&<>\"'";
        std::size_t i = 0;
        while (i < meant.size() && !skip(entities[i])) ++i;
        if (i == meant.size()) return false;
        into += meant[i];
        continue;
      }
      const auto decoded = allowlist::first_utf8(rest_);
      if (!decoded || rest_.front() == '<' || decoded->character == 0xfffe || decoded->character == 0xffff)
        return false;
      if (decoded->character < 0x20 && rest_.front() != '\n') return false;
      into += rest_.substr(0, decoded->bytes);
      rest_.remove_prefix(decoded->bytes);
    }
    return true;
  }

  std::string_view rest_;
  Markup found_;
  std::vector<std::string> open_;
  std::string wanted_;
};

}  // namespace fwprobe::tests
