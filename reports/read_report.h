#pragma once
// Reads a JSON report back into measurements and settings; what was judged is left behind.

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "reports/report.h"

namespace fwprobe::reports {

/// More is no report of ours.
inline constexpr std::size_t report_limit = 64 * 1024 * 1024;

/// The targets have settings and evidence, and no findings yet: checks::conclude() gives them. A report comes
/// from anywhere: at most report_limit bytes, 64 levels, 4 million values, 256 MiB of unpacked bodies, and
/// 10,000 measurements of a target. The error is "origin:line:column: what" where it is no JSON, else
/// "origin: /pointer: what" (RFC 6901), with what would be right.
std::expected<Report, std::string> read_report(std::string_view text, std::string_view origin);

}  // namespace fwprobe::reports
