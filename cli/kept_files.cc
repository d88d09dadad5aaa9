#include "cli/kept_files.h"

namespace fwprobe::cli {
namespace {

/// XDG Base Directory Specification: a path that is not absolute does not count.
std::string absolute(const Variables& variables, const char* name) {
  const auto at = variables.find(name);
  return at != variables.end() && at->second.starts_with('/') ? at->second : std::string{};
}

std::string below(const Variables& variables, const char* base, const char* at_home, const char* own) {
  if (const auto folder = absolute(variables, base); !folder.empty()) return folder + own;
  const auto home = absolute(variables, "HOME");
  return home.empty() ? home : home + at_home + own;
}

}  // namespace

std::string kept_lists(const Variables& variables) {
  return below(variables, "XDG_DATA_HOME", "/.local/share", "/fwprobe/allowlists");
}

std::string kept_state(const Variables& variables) {
  // systemd.exec(5): one folder, as the unit names one.
  if (auto given = absolute(variables, "STATE_DIRECTORY"); !given.empty()) return given;
  return below(variables, "XDG_STATE_HOME", "/.local/state", "/fwprobe");
}

}  // namespace fwprobe::cli
