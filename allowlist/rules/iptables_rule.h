#pragma once
// One rule of iptables: its conditions and its target.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "allowlist/rules/iptables_words.h"
#include "allowlist/rules/packet_match.h"

namespace fwprobe::allowlist::iptables {

struct Target {
  std::string name;  ///< "ACCEPT", a chain; empty: none
  bool go_to = false;
  std::vector<Option> options;
};

/// The rule's options that are no conditions.
struct Rest {
  Target target;
  std::string comment;
};

enum class Family : std::uint8_t { v4, v6 };

/// Whose word or address it is, if only one family has it.
std::optional<Family> family_of(const Option& option);

/// Adds the conditions to `packet`.
Rest add(const std::vector<Option>& options, PacketMatch& packet);

/// Targets after which the next rule is looked at.
bool goes_on(std::string_view target);

}  // namespace fwprobe::allowlist::iptables
