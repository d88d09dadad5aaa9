#include "cli/kept_lists.h"

namespace fwprobe::cli {

std::string kept_lists(const Variables& variables) {
  const auto absolute = [&](const char* name) {
    const auto at = variables.find(name);
    return at != variables.end() && at->second.starts_with('/') ? at->second : std::string{};
  };
  constexpr auto own = "/fwprobe/allowlists";
  if (const auto data = absolute("XDG_DATA_HOME"); !data.empty()) return data + own;
  const auto home = absolute("HOME");
  return home.empty() ? home : home + "/.local/share" + own;
}

}  // namespace fwprobe::cli
