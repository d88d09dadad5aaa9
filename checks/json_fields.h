#pragma once
// The few scalars that a check needs out of a JSON answer, without building the answer in memory.

#include <cstddef>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace fwprobe::checks {

/// What was found in one JSON text (RFC 8259). Whatever a server sends, this stays small: at most 20,000
/// values of at most 8 KiB each; more than that is left out and sets `cut`.
struct JsonFields {
  bool valid = false;      ///< the text is one complete JSON value
  bool is_object = false;  ///< and that value is an object
  bool cut = false;        ///< more was wanted than is kept

  /// By JSON pointer (RFC 6901, without its escapes): "/value/0/id". Numbers as written, true and false as
  /// words; an array that was asked for as its length.
  std::map<std::string, std::string, std::less<>> values;

  std::optional<std::string_view> at(std::string_view pointer) const;
};

/// Reads the places that `wanted` names. In these pointers "*" is any one index or key:
/// "/value/*/project/name".
JsonFields read_json(std::string_view text, std::span<const std::string_view> wanted);

}  // namespace fwprobe::checks
