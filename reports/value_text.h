#pragma once
// The values of measurements in the words that every report uses.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "allowlist/allowlist.h"
#include "checks/settings.h"
#include "probe/measurement.h"

namespace fwprobe::reports {

/// RFC 3339, UTC, milliseconds: "2026-01-31T09:30:00.123Z".
std::string rfc3339(probe::WallClock::time_point time);
/// "2026-01-31"
std::string date(probe::WallClock::time_point time);
std::string date(std::chrono::year_month_day day);
/// Milliseconds with three decimals: 12.345.
double milliseconds(std::chrono::nanoseconds duration);
/// For people: "0.4 ms", "12 ms", "5.0 s".
std::string duration_text(std::chrono::nanoseconds duration);
/// "192.0.2.1:443", "[2001:db8::1]:443"
std::string endpoint_text(const asio::ip::address& address, std::uint16_t port);
/// "ECONNREFUSED", "EOF", or "category:number" for what is no errno.
std::string error_name(const std::error_code& error);
/// "m4", empty for none.
std::string id_text(probe::MeasurementId id);

// Back again, strictly: nothing when the text is not of the form above.
std::optional<asio::ip::address> address_from(std::string_view text);
std::optional<std::pair<asio::ip::address, std::uint16_t>> endpoint_from(std::string_view text);
std::optional<probe::MeasurementId> id_from(std::string_view text);
std::optional<std::chrono::year_month_day> day_from(std::string_view text);
std::optional<probe::WallClock::time_point> time_from(std::string_view text);

// Names of enumerators; empty for a value that is none.
std::string_view name(probe::DnsType type);
std::string_view name(probe::DnsTransport transport);
std::string_view name(probe::DnsListen listen);
std::string_view name(probe::DnsStatus status);
std::string_view name(probe::TcpPurpose purpose);
std::string_view name(probe::PathFlow flow);
std::string_view name(probe::StepAnswer answer);
std::string_view name(probe::TlsPolicy policy);
std::string_view name(probe::OcspStatus status);
std::string_view name(probe::ProxyKind kind);
std::string_view name(probe::HttpFailure::Kind kind);
std::string_view name(probe::IcmpError::Family family);
std::string_view name(probe::Credential credential);
std::string_view name(probe::RequestForm form);
std::string_view name(probe::TrialPurpose purpose);
std::string_view name(probe::IdleUse use);
std::string_view name(checks::Family family);
std::string_view name(checks::NameScope scope);
std::string_view name(checks::ProxySource::Kind kind);
std::string_view name(allowlist::Direction direction);
std::string_view name(allowlist::Protocol protocol);
std::string_view name(allowlist::NameAddresses addresses);

/// The enumerators that have a name.
template <typename Enum>
std::vector<Enum> enumerators() {
  std::vector<Enum> found;
  for (int value = 0; value <= 255; ++value)
    if (!name(static_cast<Enum>(value)).empty()) found.push_back(static_cast<Enum>(value));
  return found;
}

/// The enumerator of this name; nothing when there is none.
template <typename Enum>
std::optional<Enum> from_name(std::string_view text) {
  static const auto values = enumerators<Enum>();  // asked for every row of a history
  for (const auto value : values)
    if (name(value) == text) return value;
  return std::nullopt;
}

}  // namespace fwprobe::reports
