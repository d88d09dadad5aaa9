#include "cli/usage.h"

#include <fmt/format.h>

#include "reports/escape.h"

namespace fwprobe::cli {

ExitCode wrong_usage(std::string_view message) {
  constexpr std::size_t longest = 2000;
  fmt::print(stderr, "fwprobe: {}\n", reports::printable(message, longest));
  return ExitCode::usage;
}

}  // namespace fwprobe::cli
