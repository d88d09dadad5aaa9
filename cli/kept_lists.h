#pragma once

#include <string>

#include "cli/usage.h"

namespace fwprobe::cli {

/// The directory of the lists that were fetched (XDG Base Directory Specification); empty without a home.
std::string kept_lists(const Variables& variables);

}  // namespace fwprobe::cli
