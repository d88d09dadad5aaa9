#include "monitor/notices/retry.h"

#include <algorithm>

#include "probe/http_date.h"
#include "text/ascii.h"

namespace fwprobe::monitor {

using std::chrono::seconds;

bool may_be_taken_later(const Attempt& attempt) {
  constexpr int request_timeout = 408, too_many_requests = 429, server_error = 500;
  if (attempt.hopeless) return false;
  if (!attempt.status) return true;
  return attempt.status == request_timeout || attempt.status == too_many_requests ||
         *attempt.status >= server_error;
}

probe::Clock::duration retry_in(const Attempt& attempt, int failures, double jitter) {
  // 5 s × 2^6 is above the limit already.
  const auto doubled = first_retry * (1 << std::clamp(failures - 1, 0, 6));
  const auto longest = std::min<std::chrono::duration<double>>(doubled, longest_retry);
  const auto wait = std::chrono::duration_cast<probe::Clock::duration>(longest * (1 - jitter / 2));
  const auto asked = std::min<seconds>(attempt.retry_after.value_or(seconds{0}), longest_retry_after);
  return std::max<probe::Clock::duration>(wait, asked);
}

std::optional<seconds> read_retry_after(std::string_view text, probe::WallClock::time_point now) {
  text = trimmed(text);
  const bool digits = is_digits(text);
  // Nine digits are 31 years: what is longer means the same.
  if (digits) return seconds{whole_number<std::int64_t>(text.substr(0, 9)).value_or(0)};
  const auto at = probe::http_date(text);
  if (!at) return std::nullopt;
  return std::max(seconds{0}, *at - std::chrono::floor<seconds>(now));
}

}  // namespace fwprobe::monitor
