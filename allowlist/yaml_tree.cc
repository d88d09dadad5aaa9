#include "allowlist/yaml_tree.h"

#include <algorithm>
#include <optional>
#include <sstream>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "allowlist/utf8.h"

namespace fwprobe::allowlist {
namespace {

/// Thrown through yaml-cpp's parser, which has no other way to stop.
struct Refused {
  Complaint complaint;
};

Place place_of(const YAML::Mark& mark) {
  return mark.is_null() ? Place{} : Place{mark.line + 1, mark.column + 1};
}

/// Wildcards are where a '*' comes from in practice.
constexpr const char* no_alias =
    "an unquoted '*' begins an alias, which is not accepted; quote a wildcard: '*.example.com'";

/// Builds the tree from the parser's events, in which aliases are not yet resolved: nothing can multiply.
class Builder : public YAML::EventHandler {
 public:
  explicit Builder(const TreeLimits& limits) : limits_{limits} {}

  std::optional<YamlNode> take() && { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (root_) refuse(mark, "a second document begins; a file is one document");
  }
  void OnDocumentEnd() override {}
  void OnAnchor(const YAML::Mark& mark, const std::string&) override {
    refuse(mark, "anchors are not accepted; write the value itself");
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse(mark, no_alias); }
  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { add(node(mark, YamlNode::Kind::empty)); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& value) override {
    refuse_tag(mark, tag);
    auto scalar = node(mark, YamlNode::Kind::scalar);
    scalar.quoted = tag == "!";
    scalar.text = value;
    add(std::move(scalar));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, YamlNode::Kind::sequence);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, YamlNode::Kind::map);
  }
  void OnMapEnd() override { close(); }

 private:
  [[noreturn]] static void refuse(const YAML::Mark& mark, std::string message) {
    throw Refused{{place_of(mark), std::move(message)}};
  }

  /// yaml-cpp says "?" for a plain value and "!" for a quoted one.
  static void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!")
      refuse(mark, fmt::format("tags such as {} are not accepted", excerpt(tag)));
  }

  YamlNode node(const YAML::Mark& mark, YamlNode::Kind kind) {
    if (++count_ > limits_.nodes) refuse(mark, fmt::format("more than {} values", limits_.nodes));
    return {kind, false, place_of(mark), {}, {}};
  }

  void open(const YAML::Mark& mark, const std::string& tag, YamlNode::Kind kind) {
    refuse_tag(mark, tag);
    if (open_.size() >= limits_.depth) refuse(mark, "nested too deeply");
    if (expects_key()) refuse(mark, "a key is a word, not a list or a map");
    open_.push_back(node(mark, kind));
  }

  void close() {
    auto done = std::move(open_.back());
    open_.pop_back();
    add(std::move(done));
  }

  bool expects_key() const {
    return !open_.empty() && open_.back().kind == YamlNode::Kind::map &&
           open_.back().children.size() % 2 == 0;
  }

  void add(YamlNode done) {
    if (expects_key() && done.kind != YamlNode::Kind::scalar)
      throw Refused{{done.place, "a key is missing in front of ':'"}};
    if (open_.empty())
      root_ = std::move(done);
    else
      open_.back().children.push_back(std::move(done));
  }

  const TreeLimits& limits_;
  std::size_t count_ = 0;
  std::vector<YamlNode> open_;
  std::optional<YamlNode> root_;
};

/// What makes a text one that YAML readers would read differently, or not at all.
std::optional<Complaint> text_complaint(std::string_view text, std::string_view example) {
  Place place;
  bool indentation = true;
  for (std::size_t i = 0; i < text.size();) {
    const auto character = first_utf8(text.substr(i));
    if (!character) return Complaint{place, "not UTF-8; save the file as UTF-8"};
    const char c = text[i];
    const bool line_end = c == '\n' || (c == '\r' && text.substr(i + 1, 1) == "\n");
    if (c == '\t' && indentation)
      return Complaint{place, "a tab in the indentation; use spaces (YAML 1.2 §6.1)"};
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t' && !line_end) || c == 0x7f)
      return Complaint{place, fmt::format("control character 0x{:02x}", static_cast<unsigned char>(c))};
    indentation = c == '\n' || (indentation && c == ' ');
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
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  if (auto complaint = text_complaint(text, limits.example)) return std::unexpected{std::move(*complaint)};
  // Without anything behind the last newline, yaml-cpp 0.7 takes the end of the file for the end of a quoted
  // text.
  std::istringstream stream{std::string{text} + "# end"};
  Builder builder{limits};
  try {
    YAML::Parser parser{stream};
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Refused& refused) {
    return std::unexpected{refused.complaint};
  } catch (const YAML::Exception& error) {
    const bool alias = error.msg.starts_with(YAML::ErrorMsg::UNKNOWN_ANCHOR);
    return std::unexpected{Complaint{place_of(error.mark), alias ? no_alias : "not YAML: " + error.msg}};
  }
  auto root = std::move(builder).take();
  if (!root) return std::unexpected{Complaint{{}, fmt::format("the file is empty; {}", limits.example)}};
  return std::move(*root);
}

}  // namespace fwprobe::allowlist
