#pragma once
// `nft list ruleset`, and files for `nft -f` that are written in blocks.

#include <expected>
#include <string_view>

#include "allowlist/rules/formats.h"
#include "allowlist/rules/nft_listing.h"

namespace fwprobe::allowlist::nft {

std::expected<Listing, Complaint> parse_text(std::string_view text);

bool is_text(std::string_view text);
std::expected<Ruleset, Complaint> read_text(std::string_view text, const RulesView& view);

}  // namespace fwprobe::allowlist::nft
