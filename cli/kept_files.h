#pragma once
// Where the program keeps files of its own (XDG Base Directory Specification); empty without a home.

#include <string>

#include "cli/usage.h"

namespace fwprobe::cli {

/// The directory of the lists that were fetched.
std::string kept_lists(const Variables& variables);
/// The directory of what a service remembers.
std::string kept_state(const Variables& variables);

}  // namespace fwprobe::cli
