#pragma once
// Families of Prometheus' text format 0.0.4, for files and for the service.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "probe/clock.h"

namespace fwprobe::reports {

inline constexpr std::string_view prometheus_content_type = "text/plain; version=0.0.4; charset=utf-8";

enum class FamilyKind : std::uint8_t { gauge, counter };

/// One family: HELP and TYPE once, then its series; nothing when it has none. A long one may be taken in
/// pieces.
class Family {
 public:
  /// `name` and `help` are fixed text.
  Family(std::string_view name, std::string_view help, FamilyKind kind = FamilyKind::gauge)
      : name_{name}, help_{help}, kind_{kind} {}

  /// `labels` as they stand between the braces: `target="x",status="pass"`; empty: none.
  void add(std::string_view labels, double value) {
    auto out = std::back_inserter(text_);
    if (!begun_)
      fmt::format_to(out, "# HELP {0} {1}\n# TYPE {0} {2}\n", name_, help_,
                     kind_ == FamilyKind::gauge ? "gauge" : "counter");
    begun_ = true;
    text_ += name_;
    if (!labels.empty()) fmt::format_to(out, "{{{}}}", labels);
    // As an integer where it is one: a timestamp in the shortest form of a double reads 1.7e+09.
    if (const auto whole = static_cast<std::int64_t>(value); value == static_cast<double>(whole))
      fmt::format_to(out, " {}\n", whole);
    else
      fmt::format_to(out, " {:.6f}\n", value);
  }

  /// What take() would give.
  std::size_t size() const { return text_.size(); }
  /// What was added since the last time.
  std::string take() { return std::exchange(text_, {}); }

 private:
  std::string_view name_, help_;
  FamilyKind kind_;
  bool begun_ = false;
  std::string text_;
};

/// A family of one series without labels.
inline std::string single(std::string_view name, std::string_view help, double value,
                          FamilyKind kind = FamilyKind::gauge) {
  Family family{name, help, kind};
  family.add({}, value);
  return family.take();
}

inline double seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>{duration}.count();
}

/// Seconds since the epoch.
inline double timestamp(probe::WallClock::time_point time) {
  return static_cast<double>(std::chrono::floor<std::chrono::milliseconds>(time).time_since_epoch().count()) /
         1e3;
}

}  // namespace fwprobe::reports
