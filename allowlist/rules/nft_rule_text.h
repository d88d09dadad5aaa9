#pragma once
// One rule of nftables' text.

#include <span>
#include <vector>

#include "allowlist/rules/nft_listing.h"
#include "allowlist/rules/nft_tokens.h"

namespace fwprobe::allowlist::nft {

/// What cannot be read becomes NotUnderstood, with its words.
RuleLine parse_rule(std::span<const Token> tokens);

/// "{ … }" from its bracket on; how many tokens it took. Elements of a map have decisions.
struct Braces {
  std::vector<Value> elements;
  std::vector<MapElement> verdicts;
  bool understood = true;
  std::size_t length = 0;
};
Braces parse_braces(std::span<const Token> tokens);

}  // namespace fwprobe::allowlist::nft
