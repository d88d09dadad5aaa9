#pragma once
// Reports of earlier runs, as arguments name them.

#include <string>

#include "cli/read_input.h"
#include "cli/values.h"
#include "reports/report.h"

namespace fwprobe::cli {

/// The report of a file or of standard input, with its targets judged anew. The error names the file.
Parsed<reports::Report> read_judged(const std::string& path);

}  // namespace fwprobe::cli
