#pragma once
// Structured lines about what the service does: logfmt or JSON, one a line, escaped. A probe::Secret is no
// value that a field takes.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

#include "probe/clock.h"

namespace fwprobe::monitor {

enum class LogFormat : std::uint8_t { logfmt, json };
enum class LogLevel : std::uint8_t { info, warn, error };

struct LogField {
  std::string_view key;  ///< a word of ours: lower-case letters and '_'
  std::variant<std::string_view, std::int64_t> value;
};

/// One line with its end; texts are made printable and cut at 1,000 columns.
std::string log_line(LogFormat format, probe::WallClock::time_point time, LogLevel level,
                     std::string_view event, std::initializer_list<LogField> fields);

class Log {
 public:
  /// Writes to `descriptor`, which stays the caller's.
  Log(LogFormat format, int descriptor) : format_{format}, descriptor_{descriptor} {}

  /// Never waits for a reader. What exceeds the rate, or what nobody reads, is left out; the next line that
  /// is written says how many (`left_out`).
  void write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

 private:
  LogFormat format_;
  int descriptor_;
  double allowance_ = 200;
  probe::Clock::time_point last_ = probe::Clock::now();
  std::int64_t left_out_ = 0;
};

}  // namespace fwprobe::monitor
