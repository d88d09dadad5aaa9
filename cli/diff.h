#pragma once

#include <string>

#include <CLI/App.hpp>

#include "cli/usage.h"

namespace fwprobe::cli {

/// What the user typed.
struct DiffArguments {
  std::string before, after;  ///< files; "-" for standard input
  std::string format = "text";
  std::string color = "auto";
};

void define_diff_options(CLI::App& verb, DiffArguments& arguments);

/// `fwprobe diff`: what changed between two reports. Passed when nothing got worse.
ExitCode run_diff(const DiffArguments& arguments, const Variables& variables);

}  // namespace fwprobe::cli
