#pragma once
// The options of `fwprobe trace`: those of `check` that say how the network is asked, and its own.

#include "cli/check_options.h"

namespace fwprobe::cli {

struct TraceArguments {
  std::string target;
  CheckArguments check;  ///< but for its targets
  int hops = 30;
  bool no_names = false;
};

void define_trace_options(CLI::App& verb, TraceArguments& arguments);

/// A run with one target, whatever its URL's scheme the TCP port of it, asked directly and with its path.
std::expected<CheckJob, UsageError> understand(const TraceArguments& arguments, const Variables& variables);

}  // namespace fwprobe::cli
