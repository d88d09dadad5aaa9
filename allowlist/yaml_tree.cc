#include "allowlist/yaml_tree.h"

#include <algorithm>
#include <array>
#include <new>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <yaml.h>

#include "allowlist/utf8.h"

namespace fwprobe::allowlist {
namespace {

/// Wildcards are where a '*' comes from in practice.
constexpr const char* no_alias =
    "an unquoted '*' begins an alias, which is not accepted; quote a wildcard: '*.example.com'";
constexpr const char* no_anchor = "anchors are not accepted; write the value itself";

/// libyaml counts characters; an editor is sent to the right byte. Its marks come nearly in order, so that
/// the way from one to the next is short.
class Places {
 public:
  explicit Places(std::string_view text)
      : text_{text}, ascii_{std::ranges::none_of(text, [](char c) { return is_high(c); })} {
    if (ascii_) return;
    for (std::size_t i = 0; i < text.size(); ++i)
      if (text[i] == '\n') lines_.push_back(i + 1);
  }

  Place of(const yaml_mark_t& mark) {
    const auto line = static_cast<int>(mark.line + 1);
    if (ascii_) return {line, static_cast<int>(mark.column + 1)};
    for (; index_ < mark.index && offset_ < text_.size(); ++index_) do
        ++offset_;
      while (offset_ < text_.size() && continues(text_[offset_]));
    for (; index_ > mark.index && offset_ > 0; --index_) do
        --offset_;
      while (offset_ > 0 && continues(text_[offset_]));
    return {line, static_cast<int>(offset_ - lines_.at(std::min(mark.line, lines_.size() - 1)) + 1)};
  }
  /// Of a byte.
  Place of(std::size_t offset) const {
    const auto before = text_.substr(0, offset);
    return {static_cast<int>(std::ranges::count(before, '\n') + 1),
            static_cast<int>(before.size() - (before.rfind('\n') + 1) + 1)};
  }

 private:
  static bool is_high(char c) { return static_cast<unsigned char>(c) >= 0x80; }
  static bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80; }

  std::string_view text_;
  bool ascii_;
  std::vector<std::size_t> lines_{0};  ///< where each begins
  std::size_t index_ = 0;              ///< the characters in front of offset_
  std::size_t offset_ = 0;
};

/// YAML 1.2.2 §10.3.2: what a plain value means that says nothing.
bool is_null(std::string_view plain) {
  constexpr std::array<std::string_view, 5> words{"", "~", "null", "Null", "NULL"};
  return std::ranges::find(words, plain) != words.end();
}

std::string_view view(const yaml_char_t* text, std::size_t length) {
  return {reinterpret_cast<const char*>(text), length};
}

/// The parser of libyaml over a text, and its events one by one. They keep aliases as they are: nothing can
/// multiply.
class Parser {
 public:
  explicit Parser(std::string_view text) {
    if (yaml_parser_initialize(&parser_) == 0) throw std::bad_alloc{};
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  ~Parser() {
    yaml_event_delete(&event_);
    yaml_parser_delete(&parser_);
  }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  /// Valid until the next call; nothing when the text is no YAML.
  const yaml_event_t* next() {
    yaml_event_delete(&event_);
    return yaml_parser_parse(&parser_, &event_) == 0 ? nullptr : &event_;
  }

  /// Why there was no event.
  Complaint complaint(Places& places) const {
    if (parser_.error == YAML_MEMORY_ERROR) throw std::bad_alloc{};
    const std::string_view problem = parser_.problem != nullptr ? parser_.problem : "";
    if (parser_.error == YAML_READER_ERROR)
      return {places.of(parser_.problem_offset), fmt::format("not YAML: {}", problem)};
    const std::string_view context = parser_.context != nullptr ? parser_.context : "";
    if (context == "while scanning an alias") return {places.of(parser_.context_mark), no_alias};
    if (context == "while scanning an anchor") return {places.of(parser_.context_mark), no_anchor};
    const auto place = places.of(parser_.problem_mark);
    const auto begun = places.of(parser_.context_mark);
    if (context.empty() || (begun.line == place.line && begun.column == place.column))
      return {place, fmt::format("not YAML: {}", problem)};
    return {place,
            fmt::format("not YAML: {}, {} that begins at {}:{}", problem, context, begun.line, begun.column)};
  }

 private:
  yaml_parser_t parser_{};
  yaml_event_t event_{};
};

/// Builds the tree from the parser's events; a complaint stops it.
class Builder {
 public:
  using Result = std::optional<Complaint>;

  Builder(const TreeLimits& limits, Places& places) : limits_{limits}, places_{places} {}

  std::optional<YamlNode> take() && { return std::move(root_); }

  Result take_event(const yaml_event_t& event) {
    const auto& data = event.data;
    switch (event.type) {
      case YAML_DOCUMENT_START_EVENT:
        if (root_) return refuse(event, "a second document begins; a file is one document");
        return {};
      case YAML_ALIAS_EVENT:
        return refuse(event, no_alias);
      case YAML_SCALAR_EVENT:
        if (auto wrong = properties(event, data.scalar.anchor, data.scalar.tag)) return wrong;
        return scalar(event);
      case YAML_SEQUENCE_START_EVENT:
        if (auto wrong = properties(event, data.sequence_start.anchor, data.sequence_start.tag)) return wrong;
        return open(event, YamlNode::Kind::sequence);
      case YAML_MAPPING_START_EVENT:
        if (auto wrong = properties(event, data.mapping_start.anchor, data.mapping_start.tag)) return wrong;
        return open(event, YamlNode::Kind::map);
      case YAML_SEQUENCE_END_EVENT:
      case YAML_MAPPING_END_EVENT:
        return close();
      default:
        return {};
    }
  }

 private:
  Result refuse(const yaml_event_t& event, std::string message) {
    return Complaint{places_.of(event.start_mark), std::move(message)};
  }

  Result properties(const yaml_event_t& event, const yaml_char_t* anchor, const yaml_char_t* tag) {
    if (anchor != nullptr) return refuse(event, no_anchor);
    if (tag == nullptr) return {};
    const std::string_view name = reinterpret_cast<const char*>(tag);
    return refuse(event, fmt::format("tags such as {} are not accepted", excerpt(name)));
  }

  Result scalar(const yaml_event_t& event) {
    const auto& data = event.data.scalar;
    const auto text = view(data.value, data.length);
    const bool quoted = data.style != YAML_PLAIN_SCALAR_STYLE;
    if (!quoted && is_null(text)) return add(event, YamlNode{});
    return add(event, {YamlNode::Kind::scalar, quoted, {}, std::string{text}, {}});
  }

  Result open(const yaml_event_t& event, YamlNode::Kind kind) {
    if (open_.size() >= limits_.depth) return refuse(event, "nested too deeply");
    if (expects_key()) return refuse(event, "a key is a word, not a list or a map");
    open_.push_back({kind, false, places_.of(event.start_mark), {}, {}});
    if (kind == YamlNode::Kind::map) open_.back().children.reserve(2);
    return count(event);
  }

  Result close() {
    auto done = std::move(open_.back());
    open_.pop_back();
    place(std::move(done));
    return {};
  }

  Result add(const yaml_event_t& event, YamlNode node) {
    node.place = places_.of(event.start_mark);
    if (expects_key() && node.kind != YamlNode::Kind::scalar)
      return Complaint{node.place, "a key is missing in front of ':'"};
    place(std::move(node));
    return count(event);
  }

  Result count(const yaml_event_t& event) {
    return ++count_ > limits_.nodes ? refuse(event, fmt::format("more than {} values", limits_.nodes))
                                    : Result{};
  }

  bool expects_key() const {
    return !open_.empty() && open_.back().kind == YamlNode::Kind::map &&
           open_.back().children.size() % 2 == 0;
  }

  void place(YamlNode node) {
    if (open_.empty())
      root_ = std::move(node);
    else
      open_.back().children.push_back(std::move(node));
  }

  const TreeLimits& limits_;
  Places& places_;
  std::size_t count_ = 0;
  std::vector<YamlNode> open_;
  std::optional<YamlNode> root_;
};

/// What makes a text one that YAML readers would read differently, or not at all.
std::optional<Complaint> text_complaint(std::string_view text, std::string_view example) {
  Place place;
  bool indentation = true;
  for (std::size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c >= 0x20 && c < 0x7f) {  // nothing is wrong with it
      indentation = indentation && c == ' ';
      ++place.column;
      ++i;
      continue;
    }
    const auto character = first_utf8(text.substr(i));
    if (!character) return Complaint{place, "not UTF-8; save the file as UTF-8"};
    const bool line_end = c == '\n' || (c == '\r' && text.substr(i + 1, 1) == "\n");
    if (c == '\t' && indentation)
      return Complaint{place, "a tab in the indentation; use spaces (YAML 1.2 §6.1)"};
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t' && !line_end) || c == 0x7f)
      return Complaint{place, fmt::format("control character 0x{:02x}", static_cast<unsigned char>(c))};
    if (character->character == 0x85 || character->character == 0x2028 || character->character == 0x2029)
      return Complaint{
          place, fmt::format("U+{:04X} ends a line for some YAML readers only (1.2.2 §5.4); leave it out",
                             static_cast<std::uint32_t>(character->character))};
    indentation = c == '\n';
    place = c == '\n' ? Place{place.line + 1, 1}
                      : Place{place.line, place.column + static_cast<int>(character->bytes)};
    i += character->bytes;
  }
  if (text.find_first_not_of(" \r\n") == std::string_view::npos)
    return Complaint{{}, fmt::format("the file is empty; {}", example)};
  if (!text.ends_with('\n'))
    return Complaint{
        place, "the last line has no end: the file may be cut short; if it is whole, end it with a newline"};
  return std::nullopt;
}

}  // namespace

std::string excerpt(std::string_view text) {
  constexpr std::size_t longest = 60;
  std::string shown = "'";
  for (const char c : text.substr(0, longest)) {
    if (c >= 0x20 && c < 0x7f)
      shown += c;
    else
      shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  return shown + (text.size() > longest ? "…'" : "'");
}

std::expected<YamlNode, Complaint> read_tree(std::string_view text, const TreeLimits& limits) {
  if (text.size() > limits.bytes)
    return std::unexpected{Complaint{{}, fmt::format("larger than {} MiB", limits.bytes / (1024 * 1024))}};
  text = without_bom(text);
  if (auto complaint = text_complaint(text, limits.example)) return std::unexpected{std::move(*complaint)};
  Places places{text};
  Builder builder{limits, places};
  Parser parser{text};
  for (const yaml_event_t* event = nullptr; event == nullptr || event->type != YAML_STREAM_END_EVENT;) {
    event = parser.next();
    if (event == nullptr) return std::unexpected{parser.complaint(places)};
    if (auto complaint = builder.take_event(*event)) return std::unexpected{std::move(*complaint)};
  }
  auto root = std::move(builder).take();
  if (!root) return std::unexpected{Complaint{{}, fmt::format("the file is empty; {}", limits.example)}};
  return std::move(*root);
}

}  // namespace fwprobe::allowlist
