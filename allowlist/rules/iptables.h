#pragma once
// iptables-save and ip6tables-save, also both in one file.

#include <expected>
#include <string_view>

#include "allowlist/rules/formats.h"

namespace fwprobe::allowlist {

bool is_iptables(std::string_view text);
std::expected<Ruleset, Complaint> read_iptables(std::string_view text, const RulesView& view);

}  // namespace fwprobe::allowlist
