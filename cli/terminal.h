#pragma once

namespace fwprobe::cli {

struct ScreenSize {
  int columns = 80;
  int rows = 24;
};

/// Columns of the terminal behind a descriptor, between 40 and 200; 80 when it is none.
int terminal_width(int descriptor);
/// Its columns as above, and its rows.
ScreenSize screen_size(int descriptor);

}  // namespace fwprobe::cli
