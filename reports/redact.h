#pragma once
// A report that may be shown to outsiders.

#include <expected>
#include <string>
#include <string_view>

#include "reports/report.h"

namespace fwprobe::reports {

/// The report with pseudonyms (pseudonyms.h) in place of addresses, names of hosts, of certificates and of
/// people, URLs and tokens, wherever they stand, bodies included; judged anew. `key` is a secret of this one
/// redaction: the same key gives the same pseudonyms. The error says why it cannot be done without another
/// verdict.
std::expected<Report, std::string> redact(const Report& report, std::string_view key);

}  // namespace fwprobe::reports
