#pragma once
// `nft -j list ruleset` (libnftables-json(5)).

#include <expected>
#include <string_view>

#include "allowlist/rules/formats.h"
#include "allowlist/rules/nft_listing.h"

namespace fwprobe::allowlist::nft {

std::expected<Listing, Complaint> parse_json(std::string_view text);

bool is_json(std::string_view text);
std::expected<Ruleset, Complaint> read_json(std::string_view text, const RulesView& view);

}  // namespace fwprobe::allowlist::nft
