#include "allowlist/rules/json_tree.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <tuple>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace fwprobe::allowlist {
namespace {

/// Reads the text for nlohmann's parser, which tells no places, and keeps how far it has come.
struct Cursor {
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  const char* at = nullptr;
  const char** reached = nullptr;

  reference operator*() const { return *at; }
  Cursor& operator++() {
    *reached = ++at;
    return *this;
  }
  Cursor operator++(int) {
    const auto before = *this;
    ++*this;
    return before;
  }
  bool operator==(const Cursor& other) const { return at == other.at; }
};

/// Where the parser stopped and why.
struct Stop {
  std::size_t offset = 0;
  std::string message;
};

/// The first key that the object has twice.
const JsonNode* repeated_key(const JsonObject& object) {
  constexpr std::size_t few = 8;
  const auto& all = object.members;
  if (all.size() <= few) {
    bool any = false;
    for (std::size_t i = 1; i < all.size(); ++i)
      for (std::size_t k = 0; k < i; ++k) any |= all[i].key == all[k].key;
    if (!any) return nullptr;
  }
  std::vector<const JsonNode*> members;
  members.reserve(object.members.size());
  for (const auto& node : object.members) members.push_back(&node);
  std::ranges::sort(members, {}, [](const JsonNode* node) { return std::tie(node->key, node->offset); });
  const auto twice = std::ranges::adjacent_find(members, {}, &JsonNode::key);
  return twice == members.end() ? nullptr : *std::next(twice);
}

enum class End : std::uint8_t { of_file, not_json };

/// What to say about a text of which the parser has read `read`.
std::string syntax_message(std::string_view read, End end) {
  constexpr const char* space = " \t\r\n";
  const auto last = read.find_last_not_of(space);
  if (end == End::of_file && last == std::string_view::npos) return "the file is empty; it should hold JSON";
  if (end == End::of_file) return "the file ends in the middle of a value: it was cut short";
  if (last != std::string_view::npos && last > 0 && (read[last] == ']' || read[last] == '}')) {
    const auto before = read.find_last_not_of(space, last - 1);
    if (before != std::string_view::npos && read[before] == ',')
      return fmt::format("a comma in front of '{}': JSON has none behind the last value", read[last]);
  }
  return "this is no JSON (RFC 8259)";
}

/// Builds the tree from the parser's events; false stops the parser.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  Builder(const JsonLimits& limits, std::string_view text) : limits_{limits}, text_{text} {}

  Cursor begin() { return {std::to_address(text_.begin()), &reached_}; }
  Cursor end() { return {std::to_address(text_.end()), &reached_}; }
  /// For a parser that does not read through a Cursor.
  void reach(const char* at) { reached_ = at; }
  JsonNode take() { return std::move(root_); }
  std::deque<std::string> take_unescaped() { return std::move(unescaped_); }
  Stop stop() && { return std::move(stop_); }

  bool null() override { return add(nullptr); }
  bool boolean(bool value) override { return add(value); }
  bool number_integer(number_integer_t value) override { return add_number(value); }
  bool number_unsigned(number_unsigned_t value) override {
    if (std::in_range<std::int64_t>(value)) return add_number(static_cast<std::int64_t>(value));
    return add_number(static_cast<double>(value));
  }
  bool number_float(number_float_t value, const string_t& /*written*/) override { return add_number(value); }
  bool string(string_t& value) override { return add(kept(value)); }
  bool binary(binary_t& /*value*/) override { return refuse("binary values are no JSON"); }
  bool start_object(std::size_t /*size*/) override { return open(JsonObject{}); }
  bool start_array(std::size_t /*size*/) override { return open(JsonArray{}); }
  bool end_array() override { return close(); }
  bool key(string_t& key) override {
    key_ = kept(key);
    return true;
  }
  /// The same of parts of the text itself.
  bool plain_string(std::string_view value) { return add(value); }
  void plain_key(std::string_view key) { key_ = key; }
  bool end_object() override {
    if (const auto* twice = repeated_key(std::get<JsonObject>(open_.back()->value)))
      return refuse(fmt::format("the object has the key {} twice", excerpt(twice->key)),
                    offset() - twice->offset);
    return close();
  }
  bool parse_error(std::size_t /*position*/, const std::string& /*token*/,
                   const nlohmann::json::exception& error) override {
    const std::string_view said = error.what();
    const bool cut = said.contains("unexpected end of input") || said.contains("missing closing quote");
    stop_ = {offset(), syntax_message(text_.substr(0, offset()), cut ? End::of_file : End::not_json)};
    return false;
  }

 private:
  std::size_t offset() const {
    return reached_ == nullptr ? 0 : static_cast<std::size_t>(reached_ - text_.data());
  }

  bool refuse(std::string message, std::size_t read_ahead = 0) {
    stop_ = {offset() - std::min(offset(), read_ahead), std::move(message)};
    return false;
  }

  /// The parser has to read the character behind a number to know that it ends.
  template <typename Number>
  bool add_number(Number value) {
    return add(value, 1);
  }

  template <typename Value>
  bool add(Value value, std::size_t read_ahead = 0) {
    if (++nodes_ > limits_.nodes)
      return refuse(fmt::format("more than {} values; split the file", limits_.nodes), read_ahead);
    last_ = &place();
    last_->value.emplace<Value>(std::move(value));
    last_->key = std::exchange(key_, {});
    last_->offset = offset() - std::min(offset(), read_ahead);
    return true;
  }

  JsonNode& place() {
    if (open_.empty()) return root_;
    auto& parent = open_.back()->value;
    auto* array = std::get_if<JsonArray>(&parent);
    return (array != nullptr ? *array : std::get<JsonObject>(parent).members).emplace_back();
  }

  std::string_view kept(std::string& text) { return unescaped_.emplace_back(std::move(text)); }

  template <typename Value>
  bool open(Value value) {
    if (open_.size() == limits_.depth)
      return refuse(fmt::format("more than {} levels of brackets", limits_.depth));
    constexpr std::size_t usual_members = 4;
    if (!add(std::move(value))) return false;
    if (auto* object = std::get_if<JsonObject>(&last_->value)) object->members.reserve(usual_members);
    open_.push_back(last_);
    return true;
  }

  bool close() {
    open_.pop_back();
    return true;
  }

  const JsonLimits& limits_;
  std::string_view text_;
  const char* reached_ = nullptr;
  std::size_t nodes_ = 0;
  JsonNode root_;
  std::deque<std::string> unescaped_;
  std::string_view key_;
  JsonNode* last_ = nullptr;
  std::vector<JsonNode*> open_;  ///< an open node is its parent's last, so that none moves
  Stop stop_;
};

/// Reads what publishers' lists consist of, five times as fast as the library: objects and arrays of ASCII
/// strings without escapes, short whole numbers, true, false and null. It gives up at anything else, and at
/// every error; then the library reads the text from its beginning and decides.
class QuickReader {
 public:
  QuickReader(std::string_view text, Builder& builder)
      : at_{text.data()}, end_{text.data() + text.size()}, builder_{builder} {}

  bool read() {
    skip_space();
    if (at_ == end_ || (*at_ != '{' && *at_ != '[') || !value()) return false;
    skip_space();
    return at_ == end_;
  }

 private:
  void skip_space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }
  bool skip(char c) {
    skip_space();
    if (at_ == end_ || *at_ != c) return false;
    builder_.reach(++at_);
    return true;
  }
  bool word(std::string_view wanted) {
    if (!std::string_view{at_, end_}.starts_with(wanted)) return false;
    builder_.reach(at_ += wanted.size());
    return true;
  }

  bool value() {
    skip_space();
    if (at_ == end_) return false;
    switch (*at_) {
      case '"':
        return text() && builder_.plain_string(text_);
      case '{':
        return object();
      case '[':
        return array();
      case 't':
        return word("true") && builder_.boolean(true);
      case 'f':
        return word("false") && builder_.boolean(false);
      case 'n':
        return word("null") && builder_.null();
      default:
        return number();
    }
  }

  /// The builder limits the depth.
  bool object() {
    skip('{');
    if (!builder_.start_object(0)) return false;
    if (skip('}')) return builder_.end_object();
    do {
      skip_space();
      if (at_ == end_ || *at_ != '"' || !text()) return false;
      builder_.plain_key(text_);
      if (!skip(':') || !value()) return false;
    } while (skip(','));
    return skip('}') && builder_.end_object();
  }
  bool array() {
    skip('[');
    if (!builder_.start_array(0)) return false;
    if (skip(']')) return builder_.end_array();
    do {
      if (!value()) return false;
    } while (skip(','));
    return skip(']') && builder_.end_array();
  }

  bool text() {
    const auto* begin = ++at_;
    while (at_ != end_ && 0x20 <= *at_ && *at_ < 0x7f && *at_ != '"' && *at_ != '\\') ++at_;
    if (at_ == end_ || *at_ != '"') return false;
    text_ = {begin, at_};
    builder_.reach(++at_);
    return true;
  }
  bool number() {
    constexpr std::ptrdiff_t longest = 9;
    const auto* begin = at_;
    std::uint64_t number = 0;
    for (; at_ != end_ && '0' <= *at_ && *at_ <= '9'; ++at_)
      number = number * 10 + static_cast<std::uint64_t>(*at_ - '0');
    const bool whole = at_ != end_ && std::string_view{",]} \t\r\n"}.contains(*at_);
    if (at_ == begin || at_ - begin > longest || (*begin == '0' && at_ - begin > 1) || !whole) return false;
    builder_.reach(at_ + 1);  // the library has read as far
    return builder_.number_unsigned(number);
  }

  const char* at_;
  const char* end_;
  Builder& builder_;
  std::string_view text_;
};

/// A line is looked up for each part of the text, and lines are counted in it.
constexpr std::size_t part_bytes = 256;

int ends_of_lines(std::string_view text) { return static_cast<int>(std::ranges::count(text, '\n')); }

/// Of the character in front of `offset` in a text that begins with a line.
Place place_in(std::string_view text, std::size_t offset) {
  const auto before = text.substr(0, offset - std::min<std::size_t>(offset, 1));
  // Without an end of a line, npos is one less than 0.
  return {1 + ends_of_lines(before), static_cast<int>(before.size() - before.rfind('\n'))};
}

/// Windows PowerShell 5.1 writes UTF-16 with `>`.
bool is_utf16(std::string_view text) { return text.starts_with("\xff\xfe") || text.starts_with("\xfe\xff"); }

/// A key as RFC 6901 writes it, for a line of a terminal.
std::string escaped(std::string_view key) {
  constexpr std::size_t longest = 60;
  std::string text;
  for (const char c : key.substr(0, longest))
    text += c == '~'               ? "~0"
            : c == '/'             ? "~1"
            : c < 0x20 || c > 0x7e ? fmt::format("\\x{:02x}", static_cast<unsigned char>(c))
                                   : std::string{c};
  return text;
}

}  // namespace

const JsonNode* member(const JsonNode& node, std::string_view key) {
  const auto* object = node.as<JsonObject>();
  if (object == nullptr) return nullptr;
  const auto found = std::ranges::find(object->members, key, &JsonNode::key);
  return found == object->members.end() ? nullptr : &*found;
}

std::string_view kind(const JsonNode& node) {
  static constexpr std::array<std::string_view, 7> words{"null",     "true or false", "a number", "a number",
                                                         "a string", "an array",      "an object"};
  return words.at(node.value.index());
}

JsonTree::JsonTree(std::string_view text, std::deque<std::string> unescaped, JsonNode root)
    : text_{text}, unescaped_{std::move(unescaped)}, root_{std::move(root)} {
  lines_.reserve(text.size() / part_bytes + 1);
  lines_.emplace_back();
  for (std::size_t end = part_bytes; end <= text.size(); end += part_bytes) {
    const auto part = text.substr(end - part_bytes, part_bytes);
    auto line = lines_.back();
    if (const auto last = part.rfind('\n'); last != std::string_view::npos)
      line = {line.number + ends_of_lines(part), end - part_bytes + last + 1};
    lines_.push_back(line);
  }
}

std::expected<JsonTree, Complaint> JsonTree::parse(std::string_view text, const JsonLimits& limits) {
  if (text.size() > limits.bytes)
    return std::unexpected{Complaint{{}, fmt::format("larger than {} MiB", limits.bytes / (1024 * 1024))}};
  if (is_utf16(text))
    return std::unexpected{
        Complaint{{}, "the file is UTF-16; write UTF-8: in PowerShell, | Out-File -Encoding utf8 FILE"}};
  if (Builder quick{limits, text}; QuickReader{text, quick}.read()) return JsonTree{text, {}, quick.take()};
  Builder builder{limits, text};
  if (nlohmann::json::sax_parse(builder.begin(), builder.end(), &builder))
    return JsonTree{text, builder.take_unescaped(), builder.take()};
  auto stop = std::move(builder).stop();
  return std::unexpected{Complaint{place_in(text, stop.offset), std::move(stop.message)}};
}

Place JsonTree::place(const JsonNode& node) const {
  const auto last = node.offset - std::min<std::size_t>(node.offset, 1);
  const auto& line = lines_[last / part_bytes];
  const auto part = text_.substr(0, last).substr(last / part_bytes * part_bytes);
  const auto end = part.rfind('\n');
  const auto begin = end == std::string_view::npos ? line.begin : last - part.size() + end + 1;
  return {line.number + ends_of_lines(part), static_cast<int>(last - begin + 1)};
}

std::string JsonTree::pointer(const JsonNode& node) const {
  std::string text;
  const auto* at = &root_;
  while (at != &node) {
    const auto* array = at->as<JsonArray>();
    const auto* object = at->as<JsonObject>();
    if (array == nullptr && object == nullptr) break;
    const auto& children = array != nullptr ? *array : object->members;
    // A child's offset is in front of what is in it.
    const auto behind = std::ranges::upper_bound(children, node.offset, {}, &JsonNode::offset);
    if (behind == children.begin()) break;
    at = &*std::prev(behind);
    text += array != nullptr ? fmt::format("/{}", at - children.data()) : "/" + escaped(at->key);
  }
  return text;
}

Complaint JsonTree::complaint(const JsonNode& node, std::string_view message) const {
  const auto where = pointer(node);
  return {place(node), where.empty() ? std::string{message} : fmt::format("{}: {}", where, message)};
}

}  // namespace fwprobe::allowlist
