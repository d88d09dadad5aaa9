#pragma once
// nftables' text (nft(8), "INPUT FILE FORMATS") as words and signs.

#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "allowlist/yaml_tree.h"

namespace fwprobe::allowlist::nft {

struct Token {
  enum class Kind : std::uint8_t { word, text /* in quotes */, sign, end /* of a statement */ };
  Kind kind = Kind::end;
  std::string text;
  Place place;
};

struct Tokens {
  std::vector<Token> all;
  std::map<int, std::string> handles;  ///< by line: "handle 8", of the comment "# handle 8" by nft -a
};

/// With the values of "define" in place of "$name"; "include" is refused, as its file is elsewhere.
std::expected<Tokens, Complaint> tokens_of(std::string_view text);

}  // namespace fwprobe::allowlist::nft
