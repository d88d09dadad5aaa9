#pragma once
// Exit codes and wrong usage, docs/exit-codes in README.

#include <expected>
#include <map>
#include <string>
#include <string_view>

namespace fwprobe::cli {

enum class ExitCode : int {
  passed = 0,
  failed = 1,
  usage = 2,
  not_measured = 3,
  interrupted = 130,
  terminated = 143
};

/// Why nothing was probed: one line, with what would be right.
struct UsageError {
  std::string message;
};

/// Says it on standard error, in one line: nothing in it, such as a mistyped word or a file's content, moves
/// the terminal's cursor.
ExitCode wrong_usage(std::string_view message);

/// The environment's variables, read once by main.
using Variables = std::map<std::string, std::string>;

}  // namespace fwprobe::cli
