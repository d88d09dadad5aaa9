#pragma once
// At which hook packets have been that come to a chain.

#include <cstdint>
#include <span>
#include <vector>

namespace fwprobe::allowlist {

/// A chain of a file whose rules are not read yet.
struct ChainLinks {
  enum class Start : std::uint8_t { none, input, elsewhere };
  Start start = Start::none;           ///< of a base chain: its hook
  std::vector<std::size_t> targets{};  ///< of its jumps and gotos: their places
};

/// For each chain whether packets come to it from the hook input, and from no other.
std::vector<bool> only_from_input(std::span<const ChainLinks> chains);

}  // namespace fwprobe::allowlist
