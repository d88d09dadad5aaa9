#include "cli/usage.h"

#include <fmt/format.h>
#include <unistd.h>

#include "cli/output.h"
#include "reports/escape.h"

namespace fwprobe::cli {

void complain(std::string_view message) {
  constexpr std::size_t longest = 2000;
  static_cast<void>(
      write_all(STDERR_FILENO, fmt::format("fwprobe: {}\n", reports::printable(message, longest))));
}

ExitCode wrong_usage(std::string_view message) {
  complain(message);
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
