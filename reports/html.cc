#include "reports/html.h"

namespace fwprobe::reports {
namespace {

bool is_left_out_when_empty(std::string_view name) {
  return name == "class" || name == "id" || name == "title";
}

}  // namespace

Html text(std::string_view text, std::size_t longest) { return Html{xml_text(text, longest)}; }

Html style_sheet(std::string_view css) { return Html{"<style>\n" + std::string{css} + "</style>\n"}; }

Html script(std::string_view code) { return Html{"<script>" + std::string{code} + "</script>\n"}; }

Html line_break() { return Html{"\n"}; }

Html empty_element(std::string_view name, Attributes attributes) {
  return Tag{name, attributes}.close_empty();
}

Tag::Tag(std::string_view name, Attributes attributes) : name_{name}, markup_{"<"} {
  markup_ += name;
  for (const auto& [key, value] : attributes) {
    if (value.empty() && is_left_out_when_empty(key)) continue;
    markup_ += ' ';
    markup_ += key;
    markup_ += "=\"" + xml_text(value) + '"';
  }
  markup_ += '>';
}

Html Tag::close() && {
  markup_ += "</";
  markup_ += name_;
  markup_ += '>';
  return Html{std::move(markup_)};
}

Html Tag::close_empty() && {
  markup_.insert(markup_.size() - 1, "/");
  return Html{std::move(markup_)};
}

}  // namespace fwprobe::reports
