// URLs in HTML, read as browsers read it (WHATWG HTML §13.2.5): every byte sequence is a page.

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "checks/text_forms.h"
#include "checks/text_position.h"
#include "checks/url_collector.h"
#include "checks/url_scan.h"
#include "text/ascii.h"

namespace fwprobe::checks {
namespace {

constexpr auto npos = std::string_view::npos;

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is(std::string_view name, std::string_view other) { return equal_ignoring_case(name, other); }

bool is_one_of(std::string_view name, const auto& lower_case_names) {
  return std::ranges::any_of(lower_case_names, [&](std::string_view other) { return is(name, other); });
}

/// Their content is no markup; it ends at their own end tag only.
constexpr std::string_view raw_elements[] = {"script", "style",   "textarea", "title",
                                             "xmp",    "noembed", "noframes", "iframe"};
/// Code and output that is shown to people.
constexpr std::string_view shown_elements[] = {"code", "pre", "samp", "kbd"};
/// The whole value is one reference, which may go without a scheme.
constexpr std::string_view reference_attributes[] = {"href",       "src",  "action",     "formaction",
                                                     "poster",     "data", "manifest",   "codebase",
                                                     "background", "ping", "xlink:href", "longdesc"};
constexpr std::string_view left_out_attributes[] = {"placeholder", "title", "alt",
                                                    "label",       "cite",  "summary"};

/// A tag with more of them is read in pieces.
constexpr std::size_t attributes_limit = 1000;

bool is_left_out(std::string_view attribute) {
  const auto starts = [&](std::string_view prefix) { return is(attribute.substr(0, prefix.size()), prefix); };
  return is_one_of(attribute, left_out_attributes) || starts("aria-") || starts("xmlns");
}

struct Attribute {
  std::string_view name;
  std::string_view value;
};

struct Tag {
  std::string_view name;
  std::vector<Attribute> attributes;

  std::string_view value(std::string_view attribute) const {
    const auto at =
        std::ranges::find_if(attributes, [&](const Attribute& a) { return is(a.name, attribute); });
    return at == attributes.end() ? std::string_view{} : at->value;
  }
};

class Scanner {
 public:
  Scanner(std::string_view page, UrlCollector& into) : page_{page}, into_{into}, position_{page} {}

  void run() {
    std::size_t text = 0;
    while (at_ < page_.size()) {
      const auto open = page_.find('<', at_);
      if (open == npos) break;
      const char next = open + 1 < page_.size() ? page_[open + 1] : '\0';
      const bool closing = next == '/' && open + 2 < page_.size() && is_letter(page_[open + 2]);
      at_ = open + 1;
      if (!is_letter(next) && !closing && next != '!' && next != '?') continue;  // "a < b"
      scan_text_between(page_.substr(text, open - text));
      if (next == '!' || next == '?') {
        skip_declaration(open);
      } else if (closing) {
        at_ = open + 2;
        count_shown(read_tag().name, -1);
      } else {
        const auto& tag = read_tag();
        scan_attributes(tag);
        count_shown(tag.name, 1);
        if (is_one_of(tag.name, raw_elements)) scan_raw(tag.name);
      }
      text = at_;
    }
    scan_text_between(page_.substr(std::min(text, page_.size())));
  }

 private:
  void skip_declaration(std::size_t open) {
    const bool comment = page_.substr(open, 4) == "<!--";
    const auto end = comment ? page_.find("-->", open + 4) : page_.find('>', open);
    at_ = end == npos ? page_.size() : end + (comment ? 3 : 1);
  }

  void skip_spaces() {
    while (at_ < page_.size() && is_space(page_[at_])) ++at_;
  }
  std::string_view read_until(const auto& ends) {
    const auto begin = at_;
    while (at_ < page_.size() && !ends(page_[at_])) ++at_;
    return page_.substr(begin, at_ - begin);
  }

  /// From the tag's name to behind its ">".
  const Tag& read_tag() {
    tag_.attributes.clear();
    tag_.name = read_until([](char c) { return is_space(c) || c == '/' || c == '>'; });
    while (true) {
      while (at_ < page_.size() && (is_space(page_[at_]) || page_[at_] == '/')) ++at_;
      if (at_ >= page_.size() || page_[at_] == '>') break;
      read_attribute();
    }
    if (at_ < page_.size()) ++at_;
    return tag_;
  }

  void read_attribute() {
    const auto begin = at_++;  // a "=" at the beginning belongs to the name
    read_until([](char c) { return is_space(c) || c == '/' || c == '>' || c == '='; });
    Attribute attribute{page_.substr(begin, at_ - begin), {}};
    skip_spaces();
    if (at_ < page_.size() && page_[at_] == '=') {
      ++at_;
      skip_spaces();
      attribute.value = read_value();
    }
    if (tag_.attributes.size() == attributes_limit) {
      scan_attributes(tag_);
      tag_.attributes.clear();
    }
    tag_.attributes.push_back(attribute);
  }

  std::string_view read_value() {
    const char quote = at_ < page_.size() ? page_[at_] : '\0';
    if (quote != '"' && quote != '\'') return read_until([](char c) { return is_space(c) || c == '>'; });
    ++at_;
    const auto value = read_until([quote](char c) { return c == quote; });
    if (at_ < page_.size()) ++at_;
    return value;
  }

  void scan_attributes(const Tag& tag) {
    const bool meta = is(tag.name, "meta");
    if (meta && (is(tag.value("name"), "description") || is(tag.value("name"), "keywords"))) return;
    const bool refresh = meta && is(tag.value("http-equiv"), "refresh");
    for (const auto& attribute : tag.attributes) {
      if (attribute.value.empty() || is_left_out(attribute.name)) continue;
      if (refresh && is(attribute.name, "content")) {
        scan_refresh(attribute);
      } else if (is(attribute.name, "srcset") || is(attribute.name, "imagesrcset")) {
        scan_source_set(attribute);
      } else {
        const bool reference = is_one_of(attribute.name, reference_attributes);
        scan_value(attribute, attribute.value, reference ? Form::reference : Form::prose);
      }
    }
  }

  /// "5; url=//host/" (WHATWG HTML §4.2.5.3).
  void scan_refresh(const Attribute& attribute) {
    constexpr std::string_view marker = "url=";
    const auto found =
        std::ranges::search(attribute.value, marker, {}, [](char c) { return ascii_lower(c); });
    if (found.empty()) return scan_value(attribute, attribute.value, Form::prose);
    auto reference = attribute.value.substr(static_cast<std::size_t>(found.end() - attribute.value.begin()));
    if (reference.starts_with('"') || reference.starts_with('\'')) reference.remove_prefix(1);
    scan_value(attribute, reference, Form::reference);
  }

  /// "a.png 1x, //host/b.png 2x" (WHATWG HTML §4.8.4.2.1).
  void scan_source_set(const Attribute& attribute) {
    auto rest = attribute.value;
    while (!rest.empty()) {
      const auto comma = rest.find(',');
      scan_value(attribute, rest.substr(0, comma), Form::reference);
      rest.remove_prefix(comma == npos ? rest.size() : comma + 1);
    }
  }

  void scan_value(const Attribute& attribute, std::string_view value, Form form) {
    constexpr std::size_t shown_name = 32;
    look_into(value, form, [&] {
      const auto tag = tag_.name.substr(0, shown_name);
      const auto name = attribute.name.substr(0, shown_name);
      return fmt::format(" ({} {})", tag, name);
    });
  }

  void scan_text_between(std::string_view text) {
    if (shown_depth_ == 0) look_into(text, Form::prose, [] { return std::string{}; });
  }

  /// The content of an element up to its end tag; all the rest when there is none.
  void scan_raw(std::string_view name) {
    const auto begin = at_;
    auto end = page_.size();
    for (auto open = page_.find("</", at_); open != npos; open = page_.find("</", open + 2)) {
      if (!is(page_.substr(open + 2, name.size()), name)) continue;
      end = open;
      break;
    }
    at_ = end;
    const auto content = page_.substr(begin, end - begin);
    // In scripts and styles an ampersand is an ampersand.
    const bool script = is(name, "script") || is(name, "style");
    if (!script) return look_into(content, Form::prose, [] { return std::string{}; });
    for (const auto& kept : into_.look_into(content))
      into_.name_place(kept, fmt::format("{} ({})", position_.place(begin + kept.offset), name));
  }

  /// `text` is a part of the page; `label` is what the place is called besides its line and column.
  void look_into(std::string_view text, Form form, const auto& label) {
    const auto offset = static_cast<std::size_t>(text.data() - page_.data());
    if (!text.contains('&')) {
      for (const auto& kept : into_.look_into(text, Role::mention, form))
        into_.name_place(kept, position_.place(offset + kept.offset) + label());
      return;
    }
    const auto decoded = decode_entities(text);
    for (const auto& kept : into_.look_into(decoded.text, Role::mention, form))
      into_.name_place(kept, position_.place(offset + decoded.original(kept.offset)) + label());
  }

  void count_shown(std::string_view name, int change) {
    if (is_one_of(name, shown_elements)) shown_depth_ = std::max(shown_depth_ + change, 0);
  }

  std::string_view page_;
  UrlCollector& into_;
  TextPosition position_;
  std::size_t at_ = 0;
  Tag tag_;
  int shown_depth_ = 0;
};

}  // namespace

void scan_html(std::string_view body, UrlCollector& into) { Scanner{body, into}.run(); }

}  // namespace fwprobe::checks
