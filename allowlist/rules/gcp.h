#pragma once
// Google Cloud: `gcloud compute firewall-rules list --format=json`.

#include "allowlist/rules/formats.h"

namespace fwprobe::allowlist {

bool is_gcp(std::string_view text);
/// One network's rules, network=NAME of several. A rule with target tags or target service accounts applies
/// to an instance that has one: tag=NAME and service-account=NAME say what the instance has; without them
/// whether it applies cannot be told.
std::expected<Ruleset, Complaint> read_gcp(std::string_view text, const RulesView& view);

}  // namespace fwprobe::allowlist
