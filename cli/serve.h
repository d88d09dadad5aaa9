#pragma once
// `fwprobe serve`: a suite's targets on schedule, with pages, metrics and notices, until a signal ends it.

#include <string>
#include <vector>

#include <CLI/App.hpp>

#include "cli/usage.h"

namespace fwprobe::cli {

struct ServeArguments {
  std::string config;
  std::string log_format = "logfmt";
  std::vector<std::string> listen;  ///< in place of the suite's
  std::string web_config;           ///< in place of the suite's
};

void define_serve_options(CLI::App& verb, ServeArguments& arguments);
ExitCode run_serve(const ServeArguments& arguments, const Variables& variables);

}  // namespace fwprobe::cli
