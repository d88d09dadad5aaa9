#pragma once
// Rules as a plain table, for firewalls whose export no other reader knows (docs/firewall-rules.md).

#include "allowlist/rules/formats.h"

namespace fwprobe::allowlist {

bool is_csv(std::string_view text);
/// The first row that matches decides; what none matches is dropped.
std::expected<Ruleset, Complaint> read_csv_rules(std::string_view text, const RulesView& view);

}  // namespace fwprobe::allowlist
