#pragma once
// Whose packets come to a chain.

#include <cstdint>
#include <span>
#include <vector>

#include "allowlist/rules/formats.h"

namespace fwprobe::allowlist {

/// A chain of a file whose rules are not read yet.
struct ChainLinks {
  enum class Start : std::uint8_t { none, for_this_host, for_anyone };
  Start start = Start::none;           ///< of a base chain
  std::vector<std::size_t> targets{};  ///< of its jumps and gotos: their places
};

/// Behind the hook input everything is for this host; so is a connection to a service here before its
/// destination is translated.
ChainLinks::Start start_of(const BaseChain& base, const RulesView& view);

/// For each chain whether all packets that come to it are for this host.
std::vector<bool> only_for_this_host(std::span<const ChainLinks> chains);

}  // namespace fwprobe::allowlist
