#pragma once
// Typed fields out of a JSON tree, for readers that have many of them.

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "allowlist/rules/json_tree.h"

namespace fwprobe::allowlist {

enum class KeyCase : std::uint8_t { exact, any };

/// A field that is absent or null has no value. The first field that is wrong becomes the complaint and has
/// no value either: a reader asks for all that it needs, and looks at the end whether there is a complaint.
class JsonFields {
 public:
  explicit JsonFields(const JsonTree& tree, KeyCase key_case = KeyCase::exact)
      : tree_{tree}, key_case_{key_case} {}

  const JsonNode* find(const JsonNode& object, std::string_view key);
  std::optional<std::string_view> text(const JsonNode& object, std::string_view key);
  /// From `least` to `most`; also as a string of digits.
  std::optional<std::int64_t> whole(const JsonNode& object, std::string_view key, std::int64_t least,
                                    std::int64_t most);
  std::optional<bool> flag(const JsonNode& object, std::string_view key);
  std::span<const JsonNode> array(const JsonNode& object, std::string_view key);
  /// A string, or an array of strings.
  std::vector<const JsonNode*> texts(const JsonNode& object, std::string_view key);

  /// Like text() and array(), and a complaint about the object when there is no such field. `advice`, as
  /// "take the whole list", stands behind it.
  std::string_view need_text(const JsonNode& object, std::string_view key);
  std::span<const JsonNode> need_array(const JsonNode& object, std::string_view key,
                                       std::string_view advice = {});

  /// What `parse` makes of a string; its error becomes the complaint.
  template <typename T>
  std::optional<T> parsed(const JsonNode& node, std::expected<T, std::string> (*parse)(std::string_view)) {
    const auto* text = node.as<std::string_view>();
    if (text == nullptr) {
      refuse_kind(node, "a string");
      return std::nullopt;
    }
    auto value = parse(*text);
    if (value) return std::move(*value);
    refuse(node, value.error());
    return std::nullopt;
  }

  /// A complaint when the field says where the next page is; `advice` as above.
  void refuse_page(const JsonNode& root, std::string_view key, std::string_view advice);
  /// Whether `node` is an object, and a complaint when it is not.
  bool need_object(const JsonNode& node);
  void refuse(const JsonNode& node, std::string_view message);
  const std::optional<Complaint>& complaint() const { return complaint_; }
  int line(const JsonNode& node) const { return tree_.place(node).line; }

 private:
  void refuse_kind(const JsonNode& node, std::string_view wanted);

  const JsonTree& tree_;
  KeyCase key_case_;
  std::optional<Complaint> complaint_;
};

}  // namespace fwprobe::allowlist
