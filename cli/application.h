#pragma once

#include "cli/usage.h"

namespace fwprobe::cli {

/// The whole command line: parses, runs the verb, returns the process's exit status.
int run(int argc, const char* const* argv, const Variables& variables);

}  // namespace fwprobe::cli
