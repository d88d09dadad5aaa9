#pragma once
// The rules that decide, as a user finds them in the files.

#include <span>
#include <string>
#include <vector>

#include "allowlist/rules/evaluate.h"

namespace fwprobe::checks {

/// "rules.nft:12 (handle 8, \"ci\"), in chain inet filter input: drop"
std::string describe(std::span<const allowlist::Ruleset> rulesets, const allowlist::Touch& touch);

/// Each once, for the first of the packets that it is about; at most three, and how many more.
std::vector<std::string> described(std::span<const allowlist::Ruleset> rulesets,
                                   std::span<const allowlist::Touch* const> touches);

/// "rules.nft:12"; what is about a whole file has no line.
std::string place(const allowlist::Ruleset& ruleset, int line);

}  // namespace fwprobe::checks
