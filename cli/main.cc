#include <csignal>
#include <exception>
#include <string_view>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "cli/application.h"
#include "cli/usage.h"

namespace {

fwprobe::cli::Variables read_environment() {
  fwprobe::cli::Variables variables;
  for (char** row = environ; *row != nullptr; ++row) {
    const std::string_view text{*row};
    const auto equals = text.find('=');
    if (equals != std::string_view::npos) variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

/// Where a standard stream is closed, the next socket would take its number, and a report or message would be
/// sent to the server. These stand-ins fail with EBADF instead, as the closed ones would.
void keep_standard_descriptors_taken() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(descriptor, F_GETFD) == -1)
      // open(2) gives the lowest number that is free; the streams before this one are open by now.
      static_cast<void>(::open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY));
}

}  // namespace

int main(int argc, char** argv) {
  keep_standard_descriptors_taken();
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of write(2), reported as such
  try {
    return fwprobe::cli::run(argc, argv, read_environment());
  } catch (const std::exception& error) {
    fwprobe::cli::complain(
        fmt::format("internal error: {}; nothing can be said about the targets", error.what()));
    return static_cast<int>(fwprobe::cli::ExitCode::not_measured);
  }
}
