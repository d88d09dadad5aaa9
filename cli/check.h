#pragma once

#include "cli/check_options.h"
#include "cli/usage.h"

namespace fwprobe::cli {

/// `fwprobe check`: measures, prints the report, writes the report files.
ExitCode run_check(const CheckArguments& arguments, const Variables& variables);

}  // namespace fwprobe::cli
