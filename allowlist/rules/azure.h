#pragma once
// Azure network security groups, as `az network nsg show|list`, `az network nsg rule list`, `az rest`,
// `az network nic list-effective-nsg` and PowerShell's Get-Az… | ConvertTo-Json write them.

#include "allowlist/rules/formats.h"

namespace fwprobe::allowlist {

bool is_azure(std::string_view text);
/// One group, nsg=NAME or nsg=RESOURCE-GROUP/NAME of several; of effective rules, those of the subnet and of
/// the interface, which both have to allow. Service tags are not resolved: see azure_tags.h.
std::expected<Ruleset, Complaint> read_azure(std::string_view text, const RulesView& view);

}  // namespace fwprobe::allowlist
