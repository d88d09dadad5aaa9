#pragma once
#include <string>

#include "cli/values.h"

namespace fwprobe::cli {

inline constexpr std::string_view standard_input = "-";

/// A file's content, or standard input's; at most one byte more than `limit`, which shows that it is too
/// large.
Parsed<std::string> read_input(const std::string& path, std::size_t limit);

}  // namespace fwprobe::cli
