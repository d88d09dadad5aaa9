#pragma once
// `fwprobe serve`: a suite's targets on schedule, until a signal ends it.

#include <expected>
#include <functional>
#include <string>
#include <vector>

#include <CLI/App.hpp>

#include "cli/usage.h"
#include "monitor/service.h"

namespace fwprobe::cli {

struct ServeArguments {
  std::string config;
  std::string log_format = "logfmt";
  std::vector<std::string> listen;  ///< in place of the suite's
};

void define_serve_options(CLI::App& verb, ServeArguments& arguments);

/// Called at the start and for each reload.
using PlanReader = std::function<std::expected<monitor::Plan, UsageError>()>;

/// `accompany` adds what runs beside the service: pages, notices.
ExitCode run_serve(const ServeArguments& arguments, const Variables& variables, const PlanReader& read_plan,
                   const std::function<void(monitor::Service&)>& accompany);

}  // namespace fwprobe::cli
