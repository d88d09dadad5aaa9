#pragma once

#include <chrono>
#include <string>

#include <fmt/format.h>

namespace fwprobe {

/// "2026-01-31", RFC 3339's full-date.
inline std::string full_date(std::chrono::year_month_day day) {
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                     static_cast<unsigned>(day.day()));
}

}  // namespace fwprobe
