#pragma once
// A JSON file (RFC 8259) as a tree with places, strictly: no key twice in an object, nothing behind the
// value.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "allowlist/yaml_tree.h"

namespace fwprobe::allowlist {

struct JsonNode;
using JsonArray = std::vector<JsonNode>;
/// In the file's order; each node bears its key.
struct JsonObject {
  std::vector<JsonNode> members;
};

struct JsonNode {
  /// A whole number that std::int64_t cannot hold is a double.
  using Value =
      std::variant<std::nullptr_t, bool, std::int64_t, double, std::string_view, JsonArray, JsonObject>;
  Value value;
  std::string_view key;    ///< of an object's member
  std::size_t offset = 0;  ///< in the text: where the token ends that begins the value

  template <typename T>
  const T* as() const {
    return std::get_if<T>(&value);
  }
  bool is_null() const { return std::holds_alternative<std::nullptr_t>(value); }
};

/// Of an object; nothing when it has no such key or `node` is no object.
const JsonNode* member(const JsonNode& node, std::string_view key);

struct JsonLimits {
  std::size_t bytes = 50 * 1024 * 1024;
  std::size_t nodes = 3'000'000;
  std::size_t depth = 32;
};

class JsonTree {
 public:
  /// In UTF-8, with or without BOM. The text outlives the tree, and both outlive what they are asked for.
  static std::expected<JsonTree, Complaint> parse(std::string_view text, const JsonLimits& limits = {});

  const JsonNode& root() const { return root_; }
  /// Where the value stands; an object or array at its bracket, anything else at its last character.
  Place place(const JsonNode& node) const;
  /// "/SecurityGroups/0/IpPermissions" (RFC 6901) of a node of this tree.
  std::string pointer(const JsonNode& node) const;
  /// "POINTER: message" at its place.
  Complaint complaint(const JsonNode& node, std::string_view message) const;

 private:
  /// The line to which the first byte of a part of the text belongs.
  struct Line {
    int number = 1;
    std::size_t begin = 0;
  };
  JsonTree(std::string_view text, std::deque<std::string> unescaped, JsonNode root);

  std::string_view text_;
  std::deque<std::string> unescaped_;  ///< keys and strings that stand otherwise in the text
  JsonNode root_;
  std::vector<Line> lines_;  ///< of parts of one length
};

/// The words for what a value is: "an object", "a string", …
std::string_view kind(const JsonNode& node);

}  // namespace fwprobe::allowlist
