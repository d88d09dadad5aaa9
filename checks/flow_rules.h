#pragma once
// A flow as rules that can be pasted: one row a format.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "checks/flow.h"

namespace fwprobe::checks {

/// Lines that end with '\n'. Whatever is not fixed text comes of addresses and numbers, so that no word of
/// the network's gets into a shell. Names that only the user knows are shell variables.
struct RuleFormat {
  std::string_view name;                    ///< "nftables"
  std::string_view title;                   ///< "AWS security group"
  std::string (*render)(const Flow& flow);  ///< empty when the format cannot say it
};
std::span<const RuleFormat> rule_formats();

struct Rules {
  std::string_view name;
  std::string_view title;
  std::string text;
};

/// Of its destinations: a rule is for one family.
std::size_t family_count(const Flow& flow);

/// In every format that can say it; none for flows that would need more than 1000 pairs of source and
/// destination: rules of that size come of lists, not of one diagnosis.
std::vector<Rules> rules_for(const Flow& flow);

}  // namespace fwprobe::checks
