#pragma once
#include <cstddef>

namespace fwprobe::cli {

/// As many targets at once as there are file descriptors for: the soft limit is raised as far as it may, and
/// standard error says when that does not suffice.
std::size_t affordable(std::size_t jobs);

}  // namespace fwprobe::cli
