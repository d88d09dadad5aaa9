#pragma once

#include "cli/rules_options.h"
#include "cli/usage.h"

namespace fwprobe::cli {

/// `fwprobe rules rehearse`: whether this machine's kernel, given the rules, lets a published list through.
ExitCode run_rules_rehearse(const RulesArguments& arguments, const Variables& variables);

}  // namespace fwprobe::cli
