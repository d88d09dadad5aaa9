#pragma once

namespace fwprobe::cli {

struct ScreenSize {
  int columns = 80;
  int rows = 24;
};

/// Columns for a text on the terminal behind a descriptor, between 40 and 200; 80 when it is none.
int terminal_width(int descriptor);
/// Columns and rows of the terminal, for lines that must not be broken.
ScreenSize screen_size(int descriptor);

}  // namespace fwprobe::cli
