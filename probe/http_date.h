#pragma once
// Dates as seconds since 1970, without the time zone that mktime(3) and timegm(3) read from files, and
// without the limits of WallClock, which ends in 2262.

#include <chrono>
#include <ctime>
#include <optional>
#include <string_view>

namespace fwprobe::probe {

/// Of fields that say UTC.
std::chrono::sys_seconds utc(const std::tm& fields);

/// RFC 9110 §5.6.7, in each of its three forms: "Sun, 06 Nov 1994 08:49:37 GMT" and the two that are
/// obsolete.
std::optional<std::chrono::sys_seconds> http_date(std::string_view text);

}  // namespace fwprobe::probe
