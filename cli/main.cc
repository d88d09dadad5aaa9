#include <csignal>
#include <exception>
#include <string_view>

#include <fmt/format.h>
#include <unistd.h>

#include "cli/application.h"

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

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an error of write(2), reported as such
  try {
    return static_cast<int>(fwprobe::cli::run(argc, argv, read_environment()));
  } catch (const std::exception& error) {
    fmt::print(stderr, "fwprobe: internal error: {}; nothing can be said about the targets\n", error.what());
    return static_cast<int>(fwprobe::cli::ExitCode::not_measured);
  }
}
