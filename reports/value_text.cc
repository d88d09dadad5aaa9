#include "reports/value_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include <asio/error.hpp>
#include <fmt/format.h>

#include "text/date.h"
#include "text/enum_name.h"

namespace fwprobe::reports {

using probe::DnsStatus;

namespace {

template <typename Number>
std::optional<Number> number(std::string_view digits) {
  Number value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

/// Digits where `form` has 0, else what it has: "0000-00-00".
bool has_form(std::string_view text, std::string_view form) {
  return std::ranges::equal(
      text, form, [](char c, char wanted) { return wanted == '0' ? '0' <= c && c <= '9' : c == wanted; });
}

}  // namespace

std::string date(std::chrono::year_month_day day) { return full_date(day); }

std::string date(probe::WallClock::time_point time) {
  return date(std::chrono::year_month_day{std::chrono::floor<std::chrono::days>(time)});
}

std::string rfc3339(probe::WallClock::time_point time) {
  // In milliseconds, since nanoseconds do not reach to the beginning of the first day that they can tell.
  const auto precise = std::chrono::floor<std::chrono::milliseconds>(time);
  const std::chrono::hh_mm_ss clock{precise - std::chrono::floor<std::chrono::days>(precise)};
  return fmt::format("{}T{:02}:{:02}:{:02}.{:03}Z", date(time), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

double milliseconds(std::chrono::nanoseconds duration) {
  return std::round(static_cast<double>(duration.count()) / 1e3) / 1e3;
}

std::string duration_text(std::chrono::nanoseconds duration) {
  const double ms = milliseconds(duration);  // as JSON holds it, so that a report read back says the same
  if (ms < 10) return fmt::format("{:.1f} ms", ms);
  if (ms < 1000) return fmt::format("{:.0f} ms", ms);
  return fmt::format("{:.1f} s", ms / 1000);
}

std::string endpoint_text(const asio::ip::address& address, std::uint16_t port) {
  return fmt::format(fmt::runtime(address.is_v6() ? "[{}]:{}" : "{}:{}"), address.to_string(), port);
}

std::string error_name(const std::error_code& error) {
  if (error == asio::error::eof) return "EOF";
  const bool is_errno = error.category() == std::system_category() ||
                        error.category() == std::generic_category() ||
                        error.category() == asio::error::get_system_category();
  const char* symbol = is_errno ? ::strerrorname_np(error.value()) : nullptr;
  return symbol ? symbol : fmt::format("{}:{}", error.category().name(), error.value());
}

std::string id_text(probe::MeasurementId id) { return id ? fmt::format("m{}", id.number) : ""; }

std::optional<asio::ip::address> address_from(std::string_view text) {
  std::error_code error;
  auto address = asio::ip::make_address(std::string{text}, error);
  if (error) return std::nullopt;
  return address;
}

std::optional<std::pair<asio::ip::address, std::uint16_t>> endpoint_from(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == text.npos) return std::nullopt;
  const auto port = number<std::uint16_t>(text.substr(colon + 1));
  auto host = text.substr(0, colon);
  const bool brackets = host.starts_with('[') && host.ends_with(']');
  if (brackets) host = host.substr(1, host.size() - 2);
  const auto address = address_from(host);
  if (!port || !address || address->is_v6() != brackets) return std::nullopt;
  return std::pair{*address, *port};
}

std::optional<probe::MeasurementId> id_from(std::string_view text) {
  if (!text.starts_with('m')) return std::nullopt;
  const auto id = number<std::uint32_t>(text.substr(1));
  if (!id || *id == 0) return std::nullopt;
  return probe::MeasurementId{*id};
}

std::optional<std::chrono::year_month_day> day_from(std::string_view text) {
  if (!has_form(text, "0000-00-00")) return std::nullopt;
  const std::chrono::year_month_day day{std::chrono::year{*number<int>(text.substr(0, 4))},
                                        std::chrono::month{*number<unsigned>(text.substr(5, 2))},
                                        std::chrono::day{*number<unsigned>(text.substr(8, 2))}};
  if (!day.ok()) return std::nullopt;
  return day;
}

std::optional<probe::WallClock::time_point> time_from(std::string_view text) {
  using namespace std::chrono;
  constexpr std::size_t day_size = 10;
  const auto day = day_from(text.substr(0, day_size));
  if (!day || !has_form(text.substr(day_size), "T00:00:00.000Z")) return std::nullopt;
  const auto hour = *number<int>(text.substr(11, 2)), minute = *number<int>(text.substr(14, 2)),
             second = *number<int>(text.substr(17, 2)), ms = *number<int>(text.substr(20, 3));
  if (hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const auto time = sys_time<std::chrono::milliseconds>{sys_days{*day}} + hours{hour} + minutes{minute} +
                    seconds{second} + std::chrono::milliseconds{ms};
  // The clock counts nanoseconds, which end in the year 2262.
  using Time = probe::WallClock::time_point;
  if (time < ceil<std::chrono::milliseconds>(Time::min()) ||
      time > floor<std::chrono::milliseconds>(Time::max()))
    return std::nullopt;
  return Time{time};
}

std::string_view name(probe::DnsType type) {
  switch (type) {
    case probe::DnsType::a:
      return "A";
    case probe::DnsType::aaaa:
      return "AAAA";
    case probe::DnsType::ptr:
      return "PTR";
  }
  return {};
}
std::string_view name(probe::DnsTransport transport) { return enum_name({"udp", "tcp"}, transport); }
std::string_view name(probe::DnsListen listen) { return enum_name({"first", "all"}, listen); }
std::string_view name(probe::TrialPurpose purpose) {
  return enum_name({"idle", "upload", "method"}, purpose);
}
std::string_view name(probe::IdleUse use) { return enum_name({"hand_on", "keep_alive"}, use); }
std::string_view name(probe::TcpPurpose purpose) {
  return enum_name({"reach", "listen", "compare"}, purpose);
}
std::string_view name(probe::PathFlow flow) { return enum_name({"syn", "udp", "client_hello"}, flow); }
std::string_view name(probe::StepAnswer answer) {
  return enum_name({"silence", "expired", "unreachable", "accepted", "reset", "closed", "not_sent"}, answer);
}
std::string_view name(probe::TlsPolicy policy) {
  return enum_name({"standard", "permissive", "comparison"}, policy);
}
std::string_view name(probe::ProxyKind kind) { return enum_name({"http", "socks5"}, kind); }
std::string_view name(probe::IcmpError::Family family) { return enum_name({"icmp", "icmp6"}, family); }
std::string_view name(probe::Credential credential) { return enum_name({"none", "token"}, credential); }
std::string_view name(probe::RequestForm form) { return enum_name({"origin", "absolute"}, form); }
std::string_view name(checks::Family family) { return enum_name({"ipv4", "ipv6"}, family); }
std::string_view name(checks::NameScope scope) { return enum_name({"any", "public", "private"}, scope); }
std::string_view name(checks::ProxySource::Kind kind) {
  return enum_name({"none", "option", "environment"}, kind);
}
std::string_view name(allowlist::Direction direction) {
  return enum_name({"inbound", "outbound"}, direction);
}
std::string_view name(allowlist::Protocol protocol) { return enum_name({"tcp", "udp"}, protocol); }
std::string_view name(allowlist::NameAddresses addresses) { return enum_name({"listed", "any"}, addresses); }

std::string_view name(DnsStatus status) {
  switch (status) {
    case DnsStatus::answered:
      return "answered";
    case DnsStatus::nodata:
      return "nodata";
    case DnsStatus::nxdomain:
      return "nxdomain";
    case DnsStatus::servfail:
      return "servfail";
    case DnsStatus::refused:
      return "refused";
    case DnsStatus::formerr:
      return "formerr";
    case DnsStatus::notimp:
      return "notimp";
    case DnsStatus::other_rcode:
      return "other_rcode";
    case DnsStatus::timeout:
      return "timeout";
    case DnsStatus::unreachable:
      return "unreachable";
    case DnsStatus::malformed:
      return "malformed";
    case DnsStatus::alias_loop:
      return "alias_loop";
  }
  return {};
}

std::string_view name(probe::OcspStatus status) {
  switch (status) {
    case probe::OcspStatus::not_stapled:
      return "not_stapled";
    case probe::OcspStatus::good:
      return "good";
    case probe::OcspStatus::revoked:
      return "revoked";
    case probe::OcspStatus::unknown:
      return {};
    case probe::OcspStatus::invalid:
      return "invalid";
  }
  return {};
}

std::string_view name(probe::HttpFailure::Kind kind) {
  using Kind = probe::HttpFailure::Kind;
  switch (kind) {
    case Kind::transport:
      return "transport";
    case Kind::malformed:
      return "malformed";
    case Kind::headers_too_large:
      return "headers_too_large";
    case Kind::body_too_large:
      return "body_too_large";
    case Kind::bad_encoding:
      return "bad_encoding";
  }
  return {};
}

}  // namespace fwprobe::reports
