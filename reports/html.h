#pragma once
// Markup that is well-formed by construction, as HTML and as XML: what came from the network enters it only
// through `text` and attribute values, which escape it.

#include <initializer_list>
#include <string>
#include <string_view>

#include "reports/escape.h"

namespace fwprobe::reports {

class Html {
 public:
  Html() = default;
  Html& operator+=(const Html& more) {
    markup_ += more.markup_;
    return *this;
  }
  bool empty() const { return markup_.empty(); }
  std::size_t size() const { return markup_.size(); }
  const std::string& markup() const { return markup_; }

 private:
  explicit Html(std::string markup) : markup_{std::move(markup)} {}
  friend Html text(std::string_view text, std::size_t longest);
  friend Html style_sheet(std::string_view css);
  friend Html script(std::string_view code);
  friend Html line_break();
  friend class Tag;

  std::string markup_;
};

struct Attribute {
  std::string_view name;  ///< fixed text
  std::string value;      ///< escaped; an empty `class`, `id` or `title` is left out
};
using Attributes = std::initializer_list<Attribute>;

/// Printable, escaped, and cut at `longest` columns, with the cut shown (escape.h).
Html text(std::string_view text, std::size_t longest = prose);

/// `name` is fixed text. Parts follow one another.
template <typename... Parts>
Html element(std::string_view name, Attributes attributes, const Parts&... parts);
/// An element that has no content (HTML, void elements): "meta", "br".
Html empty_element(std::string_view name, Attributes attributes);
/// For preformatted text, whose lines `text` would not keep.
Html line_break();
/// The two places for text that is not escaped: fixed text without "<" and "&".
Html style_sheet(std::string_view css);
Html script(std::string_view code);

/// An element while it is written.
class Tag {
 public:
  Tag(std::string_view name, Attributes attributes);
  void add(const Html& part) { markup_ += part.markup_; }
  void add(std::string_view fixed) { markup_ += text(fixed).markup_; }
  Html close() &&;
  Html close_empty() &&;

 private:
  std::string_view name_;
  std::string markup_;
};

template <typename... Parts>
Html element(std::string_view name, Attributes attributes, const Parts&... parts) {
  Tag tag{name, attributes};
  (tag.add(parts), ...);
  return std::move(tag).close();
}

}  // namespace fwprobe::reports
