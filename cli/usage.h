#pragma once
// Exit codes and wrong usage, docs/exit-codes in README.

#include <cstdint>
#include <expected>
#include <map>
#include <string>
#include <string_view>

#include "reports/formats.h"

namespace fwprobe::cli {

enum class ExitCode : std::uint8_t {
  passed = 0,
  failed = 1,
  usage = 2,
  not_measured = 3,
  interrupted = 130,
  terminated = 143,
  warned = 255,  ///< never a status of its own: see exit_status()
};

/// The process's exit status. A monitoring system knows 0 OK, 1 WARNING, 2 CRITICAL and 3 UNKNOWN, and takes
/// every other for CRITICAL: there wrong usage and interruption are unknown.
int exit_status(ExitCode code, reports::ExitCodes convention);

/// Why nothing was probed: one line, with what would be right.
struct UsageError {
  std::string message;
};

/// Says it on standard error, in one line: nothing in it, such as a mistyped word or a file's content, moves
/// the terminal's cursor. Where that is closed or full nobody is left to be told, and the work goes on.
void complain(std::string_view message);
ExitCode wrong_usage(std::string_view message);

/// The environment's variables, read once by main.
using Variables = std::map<std::string, std::string>;

}  // namespace fwprobe::cli
