#include "cli/terminal.h"

#include <algorithm>

#include <sys/ioctl.h>

namespace fwprobe::cli {

int terminal_width(int descriptor) { return std::clamp(screen_size(descriptor).columns, 40, 200); }

ScreenSize screen_size(int descriptor) {
  winsize size{};
  ScreenSize screen;
  if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0) return screen;
  if (size.ws_col > 0) screen.columns = size.ws_col;
  if (size.ws_row > 0) screen.rows = size.ws_row;
  return screen;
}

}  // namespace fwprobe::cli
