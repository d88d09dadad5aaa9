#pragma once
// `fwprobe run`: every target of a suite once, with the reports and exit codes of `check`.

#include <string>
#include <vector>

#include <CLI/App.hpp>

#include "cli/output_options.h"
#include "cli/usage.h"

namespace fwprobe::cli {

/// What the user typed.
struct RunArguments {
  std::string suite;
  std::vector<std::string> only;
  std::string jobs;
  bool dry_run = false;
  OutputArguments output;
};

void define_run_options(CLI::App& verb, RunArguments& arguments);
ExitCode run_suite(const RunArguments& arguments, const Variables& variables);

}  // namespace fwprobe::cli
