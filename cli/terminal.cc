#include "cli/terminal.h"

#include <algorithm>

#include <sys/ioctl.h>

namespace fwprobe::cli {

int terminal_width(int descriptor) {
  winsize size{};
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return std::clamp<int>(size.ws_col, 40, 200);
}

ScreenSize screen_size(int descriptor) {
  winsize size{};
  const bool known = ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_row > 0;
  return {terminal_width(descriptor), known ? size.ws_row : 24};
}

}  // namespace fwprobe::cli
