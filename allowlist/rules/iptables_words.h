#pragma once
// A line of iptables-save as words, and a rule's options out of them.

#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fwprobe::allowlist::iptables {

/// Split at spaces; "…" with backslashes is one word. The error is a sentence.
std::expected<std::vector<std::string>, std::string> split(std::string_view line);

struct Option {
  std::string name;  ///< "-s" and "--source" are both "source"
  bool negated = false;
  std::vector<std::string> values;
};

/// What stands behind "-A CHAIN".
std::vector<Option> options_of(std::span<const std::string> words);

}  // namespace fwprobe::allowlist::iptables
