#pragma once

#include <string>

#include <CLI/App.hpp>

#include "cli/output_options.h"
#include "cli/usage.h"

namespace fwprobe::cli {

/// What the user typed.
struct JudgeArguments {
  std::string report;   ///< a file; "-" for standard input
  std::string control;  ///< empty: none
  bool redact = false;
  OutputArguments output;
};

void define_judge_options(CLI::App& verb, JudgeArguments& arguments);

/// `fwprobe judge`: judges the measurements of an earlier report, without a network.
ExitCode run_judge(const JudgeArguments& arguments, const Variables& variables);

}  // namespace fwprobe::cli
