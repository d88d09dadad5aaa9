#pragma once
// Chains that jump to each other in a circle.

#include "allowlist/rules/ruleset.h"

namespace fwprobe::allowlist {

/// A chain that packets come back to from itself; nullptr: there is none. The kernel refuses those that a
/// base chain leads to (nft_chain_validate(), mark_source_chains()), and looks at no others.
const Chain* jump_loop(const Ruleset& ruleset);

}  // namespace fwprobe::allowlist
