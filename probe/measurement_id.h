#pragma once
#include <compare>
#include <cstdint>

namespace fwprobe::probe {

/// Names a measurement inside one investigation: 1 is "m1" in the report. 0 names none.
struct MeasurementId {
  std::uint32_t number = 0;
  auto operator<=>(const MeasurementId&) const = default;
  explicit operator bool() const { return number != 0; }
};

}  // namespace fwprobe::probe
