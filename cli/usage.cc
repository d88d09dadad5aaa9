#include "cli/usage.h"

#include <fmt/format.h>

#include "reports/escape.h"

namespace fwprobe::cli {

ExitCode wrong_usage(std::string_view message) {
  constexpr std::size_t longest = 2000;
  fmt::print(stderr, "fwprobe: {}\n", reports::printable(message, longest));
  return ExitCode::usage;
}

int exit_status(ExitCode code, reports::ExitCodes convention) {
  if (convention == reports::ExitCodes::own) return code == ExitCode::warned ? 0 : static_cast<int>(code);
  switch (code) {
    case ExitCode::passed:
      return 0;
    case ExitCode::warned:
      return 1;
    case ExitCode::failed:
      return 2;
    default:
      return 3;
  }
}

}  // namespace fwprobe::cli
