#pragma once

namespace fwprobe::cli {

/// Columns of the terminal behind a descriptor, between 40 and 200; 80 when it is none.
int terminal_width(int descriptor);

}  // namespace fwprobe::cli
