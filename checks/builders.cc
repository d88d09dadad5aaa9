#include "checks/builders.h"

#include <cmath>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "text/date.h"

namespace fwprobe::checks {
namespace {

Finding finding(Status status, Check check, std::string subject, std::string summary, Ids evidence) {
  Finding made;
  made.check = check;
  made.subject = std::move(subject);
  made.status = status;
  made.summary = std::move(summary);
  made.evidence = std::move(evidence);
  return made;
}

}  // namespace

Finding pass(Check check, std::string subject, std::string summary, Ids evidence) {
  return finding(Status::pass, check, std::move(subject), std::move(summary), std::move(evidence));
}

Finding skip(Check check, std::string subject, std::string summary, Ids evidence) {
  return finding(Status::skip, check, std::move(subject), std::move(summary), std::move(evidence));
}

Finding problem(Status status, Check check, std::string subject, Cause cause, std::string summary,
                Ids evidence, const Facts& facts) {
  auto made = finding(status, check, std::move(subject), std::move(summary), std::move(evidence));
  made.cause = cause;
  made.remedy = remedy(cause, facts);
  return made;
}

std::string host_port(const std::string& host, std::uint16_t port) {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

std::string text(const probe::TcpEndpoint& endpoint) {
  return host_port(endpoint.address().to_string(), endpoint.port());
}

std::string text(probe::Clock::duration duration) {
  // A report holds microseconds; judged again, it must read the same.
  const auto ms = std::round(static_cast<double>(duration.count()) / 1e3) / 1e3;
  if (ms >= 1000) return fmt::format("{:.1f} s", ms / 1000);
  return fmt::format("{:.{}f} ms", ms, ms < 10 ? 1 : 0);
}

std::string date(probe::WallClock::time_point time) {
  return fmt::format("{:%Y-%m-%d %H:%M} UTC", fmt::gmtime(probe::WallClock::to_time_t(time)));
}

std::string date(std::chrono::year_month_day day) { return full_date(day); }

}  // namespace fwprobe::checks
