#pragma once
// `fwprobe allowlist check`: can this network reach everything on an outbound list?

#include <CLI/App.hpp>

#include "cli/check_options.h"

namespace fwprobe::cli {

/// What the user typed.
struct AllowlistCheckArguments {
  std::string list;
  bool all = false;
  int sample = 5, at_once = 1000, port = 443;
  std::string rate = "1000/s";
  CheckArguments check;  ///< of its options those that every measuring verb has
};

void define_allowlist_check(CLI::App& verb, AllowlistCheckArguments& arguments);
ExitCode run_allowlist_check(const AllowlistCheckArguments& arguments, const Variables& variables);

}  // namespace fwprobe::cli
