#pragma once
// A YAML file as a tree with places, and only the plain part of YAML: no anchors, aliases, tags or merge
// keys.

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace fwprobe::allowlist {

/// A place in a file; both count from 1, columns count bytes.
struct Place {
  int line = 1;
  int column = 1;
};

/// What is wrong, and where.
struct Complaint {
  Place place;
  std::string message;
};

struct YamlNode {
  enum class Kind : std::uint8_t { empty, scalar, sequence, map };
  Kind kind = Kind::empty;
  bool quoted = false;  ///< a scalar in quotes, or a block: never a number
  Place place;
  std::string text;                ///< of a scalar
  std::vector<YamlNode> children;  ///< of a map: key, value, key, value, …; keys are scalars
};

struct TreeLimits {
  std::string_view example = "docs/allowlists.md shows a list";  ///< what an empty file is told
  std::size_t bytes = 8 * 1024 * 1024;
  std::size_t nodes = 1'000'000;
  std::size_t depth = 8;
};

/// One document in UTF-8, with or without BOM, lines ended by LF or CRLF. Refuses what YAML readers disagree
/// about (tabs in the indentation, control characters) and a last line without an end, which is how a file
/// looks that was cut short.
std::expected<YamlNode, Complaint> read_tree(std::string_view text, const TreeLimits& limits = {});

/// A beginning of `text` in quotes for messages; what is not printable ASCII is escaped.
std::string excerpt(std::string_view text);

}  // namespace fwprobe::allowlist
