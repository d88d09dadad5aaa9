#pragma once
// `fwprobe allowlist update`: a publisher's list, fetched and kept.

#include <string>

#include <CLI/App.hpp>

#include "cli/check_options.h"

namespace fwprobe::cli {

/// What the user typed.
struct AllowlistUpdateArguments {
  std::string name, url;
  bool accept = false, verbose = false;
  CheckArguments check;  ///< of its options those that say how a URL is reached
};

void define_allowlist_update(CLI::App& verb, AllowlistUpdateArguments& arguments);
ExitCode run_allowlist_update(const AllowlistUpdateArguments& arguments, const Variables& variables);

}  // namespace fwprobe::cli
