#pragma once
// Findings in one line, so that a check reads like the paragraph that explains it.

#include <chrono>
#include <string>
#include <vector>

#include "checks/finding.h"
#include "probe/clock.h"
#include "probe/endpoint.h"

namespace fwprobe::checks {

using Ids = std::vector<probe::MeasurementId>;

Finding pass(Check check, std::string subject, std::string summary, Ids evidence);
Finding skip(Check check, std::string subject, std::string summary, Ids evidence = {});
/// `status` is warn, fail or error; the remedy is the cause's, filled with `facts`.
Finding problem(Status status, Check check, std::string subject, Cause cause, std::string summary,
                Ids evidence, const Facts& facts);

/// "192.0.2.1:443", "[2001:db8::1]:443".
std::string text(const probe::TcpEndpoint& endpoint);
/// "host:443", with brackets where they belong.
std::string host_port(const std::string& host, std::uint16_t port);
/// "12 ms", "1.5 s".
std::string text(probe::Clock::duration duration);
/// "2026-01-31 09:30 UTC".
std::string date(probe::WallClock::time_point time);
/// "2026-01-31".
std::string date(std::chrono::year_month_day day);

}  // namespace fwprobe::checks
