#pragma once
// What this process uses, as exporters tell it of themselves (proc(5)).

#include <chrono>
#include <cstdint>
#include <optional>

namespace fwprobe::monitor {

struct ProcessFigures {
  std::optional<double> cpu_seconds;
  std::optional<std::uint64_t> resident_bytes, virtual_bytes;
  std::optional<std::uint64_t> open_descriptors, most_descriptors;
  std::optional<std::uint64_t> threads;
};

/// What cannot be read is left out.
ProcessFigures process_figures();

}  // namespace fwprobe::monitor
