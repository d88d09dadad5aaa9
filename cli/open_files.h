#pragma once
#include <cstddef>

#include "monitor/plan.h"

namespace fwprobe::cli {

inline constexpr std::size_t most_descriptors = 4;  ///< of any target

/// What is open at the same time for a target. An address that is only connected to has its connection; names
/// have both families, their resolvers and what is compared besides.
std::size_t descriptors(const monitor::Watched& watched);

/// As many targets at once as there are file descriptors for: the soft limit is raised as far as it may, and
/// standard error says when that does not suffice.
std::size_t affordable(std::size_t jobs, std::size_t descriptors_of_a_target);

}  // namespace fwprobe::cli
