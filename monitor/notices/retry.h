#pragma once
// How one attempt to send a message ended, and when the next one is made.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "probe/clock.h"

namespace fwprobe::monitor {

struct Attempt {
  std::optional<std::uint16_t> status;  ///< of the response, when there was one
  std::optional<std::chrono::seconds> retry_after;
  /// Why it was not taken: printable, without secrets; empty: it was.
  std::string trouble;
  bool hopeless = false;  ///< it will not be taken as long as the configuration is what it is

  bool taken() const { return trouble.empty(); }
};

inline constexpr std::chrono::seconds first_retry{5};
inline constexpr std::chrono::minutes longest_retry{5};
inline constexpr std::chrono::hours longest_retry_after{1};

/// Whether the same message may be taken later: after silence, 408, 429 and 5xx; what else a receiver says to
/// it stays true (RFC 9110 §15).
bool may_be_taken_later(const Attempt& attempt);

/// Doubled with every failure in a row, of which this is number `failures`, 1 or more. `jitter` from 0 to 1
/// takes up to half of it away, so that receivers are not asked by all at once. Never before Retry-After,
/// unless that is longer than an hour.
probe::Clock::duration retry_in(const Attempt& attempt, int failures, double jitter);

/// Retry-After: seconds, or the date when it is (RFC 9110 §10.2.3).
std::optional<std::chrono::seconds> read_retry_after(std::string_view text, probe::WallClock::time_point now);

}  // namespace fwprobe::monitor
