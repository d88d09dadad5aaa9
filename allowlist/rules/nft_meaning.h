#pragma once
// What an nftables listing does with a TCP connection's packets.

#include <expected>

#include "allowlist/rules/formats.h"
#include "allowlist/rules/nft_listing.h"

namespace fwprobe::allowlist::nft {

std::expected<Ruleset, Complaint> ruleset_of(Listing listing, const RulesView& view);

}  // namespace fwprobe::allowlist::nft
