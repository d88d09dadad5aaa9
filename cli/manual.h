#pragma once
// The manual page, made of the command line's own definitions.

#include <string>
#include <string_view>

#include "cli/command_tree.h"

namespace fwprobe::cli {

/// groff_man(7), section 1, in ASCII.
std::string manual_page(const Verb& program, std::string_view version);

}  // namespace fwprobe::cli
