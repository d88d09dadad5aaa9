#pragma once
// What every verb that makes a report does with it.

#include <string>
#include <vector>

#include "checks/finding.h"
#include "cli/output_options.h"
#include "cli/usage.h"
#include "reports/report.h"

namespace fwprobe::cli {

/// A report in one format, and where it goes: standard output when it has no path.
struct Document {
  std::string path;
  std::string text;
};

/// Columns of a text in a file.
inline constexpr int file_width = 100;

/// One that cannot be written does not keep the others from being written; it is said on standard error, and
/// nothing has passed then.
ExitCode deliver(const std::vector<Document>& documents, checks::Status status, bool strict);

/// To standard output and to the files that were asked for.
ExitCode deliver(const Output& output, const reports::Report& report, const Variables& variables);

}  // namespace fwprobe::cli
