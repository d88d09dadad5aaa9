#pragma once

#include "cli/rules_options.h"
#include "cli/usage.h"

namespace fwprobe::cli {

/// `fwprobe rules verify`: whether rules let a published list through.
ExitCode run_rules_verify(const RulesArguments& arguments);

}  // namespace fwprobe::cli
