#pragma once
// The JSON form of each type that is one value: an address, a time, an enumerator. Structs are made of them
// (archive.h).

#include <chrono>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>

#include <nlohmann/json.hpp>

#include "allowlist/prefix.h"
#include "checks/target.h"
#include "probe/clock.h"
#include "probe/measurement_id.h"
#include "probe/url.h"
#include "reports/value_text.h"

namespace fwprobe::reports {

/// For writing: keys stay in the order in which they are written.
using Json = nlohmann::ordered_json;
/// For reading: finds a key in logarithmic time, however many a hostile object has.
using Document = nlohmann::json;

/// `write` makes the JSON, `read` takes it (false: it is not one) and `right()` says what would be right.
template <typename T>
struct Form;

template <typename T>
concept HasForm = requires { Form<T>::right(); };

/// What stands in a document, short enough for a message.
std::string excerpt(const Document& json);

template <>
struct Form<bool> {
  static Json write(bool value) { return value; }
  static bool read(const Document& json, bool& value) {
    if (!json.is_boolean()) return false;
    value = json.get<bool>();
    return true;
  }
  static std::string right() { return "true or false"; }
};

template <std::integral T>
struct Form<T> {
  static Json write(T value) { return value; }
  static bool read(const Document& json, T& value) {
    if (!json.is_number_integer()) return false;
    if (json.is_number_unsigned() ? !std::in_range<T>(json.get<std::uint64_t>())
                                  : !std::in_range<T>(json.get<std::int64_t>()))
      return false;
    value = json.get<T>();
    return true;
  }
  static std::string right() {
    return "an integer from " + std::to_string(std::numeric_limits<T>::min()) + " to " +
           std::to_string(std::numeric_limits<T>::max());
  }
};

/// Of a text that is read by a function; `From` gives something that is true when it could be read.
template <typename T, typename Assign>
bool read_text(const Document& json, T& value, Assign from) {
  if (!json.is_string()) return false;
  auto parsed = from(json.get_ref<const std::string&>());
  if (!parsed) return false;
  value = std::move(*parsed);
  return true;
}

template <>
struct Form<std::string> {
  static Json write(const std::string& value) { return value; }
  static bool read(const Document& json, std::string& value) {
    if (!json.is_string()) return false;
    value = json.get_ref<const std::string&>();
    return true;
  }
  static std::string right() { return "a text"; }
};

template <>
struct Form<std::string_view> {
  static Json write(std::string_view value) { return value; }
  static std::string right() { return "a text"; }
};

template <>
struct Form<asio::ip::address> {
  static Json write(const asio::ip::address& address) { return address.to_string(); }
  static bool read(const Document& json, asio::ip::address& address) {
    return read_text(json, address, address_from);
  }
  static std::string right() { return "an address, such as 192.0.2.1 or 2001:db8::1"; }
};

template <typename Protocol>
struct Form<asio::ip::basic_endpoint<Protocol>> {
  using Endpoint = asio::ip::basic_endpoint<Protocol>;
  static Json write(const Endpoint& endpoint) { return endpoint_text(endpoint.address(), endpoint.port()); }
  static bool read(const Document& json, Endpoint& endpoint) {
    return read_text(json, endpoint, [](std::string_view text) -> std::optional<Endpoint> {
      const auto parts = endpoint_from(text);
      if (!parts) return std::nullopt;
      return Endpoint{parts->first, parts->second};
    });
  }
  static std::string right() { return "an address with a port, such as 192.0.2.1:443 or [2001:db8::1]:443"; }
};

template <>
struct Form<probe::MeasurementId> {
  static Json write(probe::MeasurementId id) { return id ? Json(id_text(id)) : Json(nullptr); }
  static bool read(const Document& json, probe::MeasurementId& id) {
    id = {};
    return json.is_null() || read_text(json, id, id_from);
  }
  static std::string right() { return "null or the id of a measurement, such as \"m4\""; }
};

template <>
struct Form<probe::WallClock::time_point> {
  static Json write(probe::WallClock::time_point time) { return rfc3339(time); }
  static bool read(const Document& json, probe::WallClock::time_point& time) {
    return read_text(json, time, time_from);
  }
  static std::string right() { return "a time in UTC with milliseconds, such as 2026-01-31T09:30:00.123Z"; }
};

/// Durations that were measured are milliseconds; the key ends in "_ms".
template <typename Duration>
  requires std::same_as<Duration, probe::Clock::duration> || std::same_as<Duration, std::chrono::microseconds>
struct Form<Duration> {
  static Json write(Duration duration) { return milliseconds(duration); }
  static bool read(const Document& json, Duration& duration) {
    // Far beyond every deadline, and far from what the clocks' types can hold.
    constexpr double most = 30 * 24 * 3600 * 1e3;
    if (!json.is_number()) return false;
    const auto ms = json.get<double>();
    if (!(0 <= ms && ms <= most)) return false;
    duration = std::chrono::round<Duration>(std::chrono::duration<double, std::milli>{ms});
    return true;
  }
  static std::string right() { return "a duration in milliseconds, at most 30 days"; }
};

/// Lifetimes in whole units: a TTL in seconds, days of warning.
template <typename Duration>
  requires std::same_as<Duration, std::chrono::seconds> || std::same_as<Duration, std::chrono::days>
struct Form<Duration> {
  static Json write(Duration duration) { return duration.count(); }
  static bool read(const Document& json, Duration& duration) {
    std::uint32_t count = 0;
    constexpr auto most = std::same_as<Duration, std::chrono::days> ? 36500U : ~0U;
    if (!Form<std::uint32_t>::read(json, count) || count > most) return false;
    duration = Duration{count};
    return true;
  }
  static std::string right() { return "a number of seconds or days that can be"; }
};

template <>
struct Form<std::chrono::year_month_day> {
  static Json write(std::chrono::year_month_day day) { return date(day); }
  static bool read(const Document& json, std::chrono::year_month_day& day) {
    return read_text(json, day, day_from);
  }
  static std::string right() { return "a date, such as 2026-01-31"; }
};

template <>
struct Form<probe::Url> {
  static Json write(const probe::Url& url) { return url.text(); }
  static bool read(const Document& json, probe::Url& url) { return read_text(json, url, probe::parse_url); }
  static std::string right() { return "an absolute URL"; }
};

template <>
struct Form<probe::Host> {
  static Json write(const probe::Host& host) { return host.name; }
  static bool read(const Document& json, probe::Host& host) {
    if (!Form<std::string>::read(json, host.name)) return false;
    host.address = address_from(host.name);
    return true;
  }
  static std::string right() { return "a host name or address"; }
};

template <>
struct Form<allowlist::Prefix> {
  static Json write(const allowlist::Prefix& prefix) { return prefix.text(); }
  static bool read(const Document& json, allowlist::Prefix& prefix) {
    if (!json.is_string()) return false;
    const auto parsed = allowlist::parse_prefix(json.get_ref<const std::string&>());
    if (!parsed || parsed->host_bits) return false;
    prefix = parsed->prefix;
    return true;
  }
  static std::string right() { return "a prefix, such as 192.0.2.0/24"; }
};

/// Enumerators by their names in value_text.h.
template <typename Enum>
  requires std::is_enum_v<Enum>
struct Form<Enum> {
  static Json write(Enum value) { return name(value); }
  static bool read(const Document& json, Enum& value) { return read_text(json, value, from_name<Enum>); }
  static std::string right() {
    std::string names;
    for (const auto one : enumerators<Enum>())
      names += (names.empty() ? "one of " : ", ") + std::string{name(one)};
    return names;
  }
};

}  // namespace fwprobe::reports
