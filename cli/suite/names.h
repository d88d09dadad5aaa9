#pragma once
// What targets are called in a suite, and what is expected of them.

#include <string>
#include <string_view>

#include "checks/expectation.h"
#include "cli/values.h"

namespace fwprobe::cli {

/// "pass", "fail", "fail tcp.rejected".
Parsed<checks::Expectation> parse_expectation(std::string_view text);

/// An id as a suite gives it: lower-case letters, digits, '.', '_' and '-'; at most 100.
Parsed<std::string> parse_id(std::string_view text);
/// An id made of a target's text: the same whatever else the suite holds. What an id cannot spell is told
/// apart by a number made of the text.
std::string id_of(std::string_view target);

/// A tag or a group's name: at most 100 bytes without control characters.
Parsed<std::string> parse_label(std::string_view text);

}  // namespace fwprobe::cli
