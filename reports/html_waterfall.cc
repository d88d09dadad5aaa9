// When each measurement began and how long it took.

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "reports/html_marks.h"
#include "reports/html_sections.h"
#include "reports/measurement_json.h"
#include "reports/value_text.h"

namespace fwprobe::reports {
namespace {

using probe::Measurement;
using std::chrono::nanoseconds;

constexpr std::size_t most_rows = 60;

// As precise as JSON holds them, so that a report that was read back gives the same page.
probe::WallClock::time_point started(const Measurement& measured) {
  return std::chrono::floor<std::chrono::milliseconds>(measured.time.started);
}
nanoseconds precise(nanoseconds duration) {
  return std::chrono::microseconds{std::llround(milliseconds(duration) * 1000)};
}

struct Scale {
  probe::WallClock::time_point begin;
  nanoseconds length{1};

  double part(nanoseconds duration) const {
    return static_cast<double>(duration.count()) / static_cast<double>(length.count());
  }
};

bool came_to_nothing(const probe::Fact& fact) {
  return std::visit(
      [](const auto& one) {
        if constexpr (requires { one.result.has_value(); }) return !one.result.has_value();
        if constexpr (requires { one.ended.has_value(); }) return one.ended.has_value();
        if constexpr (std::is_same_v<std::decay_t<decltype(one)>, probe::DnsLookup>)
          return one.status != probe::DnsStatus::answered && one.status != probe::DnsStatus::nodata;
        return false;
      },
      fact);
}

/// 1, 2 or 5 of a power of ten, so that at most five steps fill the scale.
nanoseconds step_of(nanoseconds length) {
  const auto least = static_cast<double>(length.count()) / 5;
  const auto power = std::pow(10, std::floor(std::log10(std::max(least, 1.0))));
  for (const double factor : {1.0, 2.0, 5.0})
    if (power * factor >= least) return nanoseconds{static_cast<std::int64_t>(power * factor)};
  return nanoseconds{static_cast<std::int64_t>(power * 10)};
}

std::string tick_text(nanoseconds at) {
  const auto ms = static_cast<double>(at.count()) / 1e6;
  return ms < 1000 ? fmt::format("{:g} ms", ms) : fmt::format("{:g} s", ms / 1000);
}

Html ticks(const Scale& scale, bool named) {
  Html drawn;
  const auto step = step_of(scale.length);
  for (nanoseconds at{}; at <= scale.length; at += step) {
    const bool minor = at > nanoseconds{} && at + step * 2 <= scale.length;
    const auto x = percent(scale.part(at));
    drawn += element("line", {{"class", "tick"}, {"x1", x}, {"x2", x}, {"y1", "0"}, {"y2", "100%"}});
    if (named && scale.part(at) < 0.9)
      drawn += element("text", {{"class", minor ? "minor" : ""}, {"x", x}, {"y", "17"}, {"dx", "3"}},
                       tick_text(at));
  }
  return drawn;
}

Html bar(std::string kind, double from, double length) {
  return element("rect", {{"class", "bar " + std::move(kind)},
                          {"x", percent(from)},
                          {"y", "8"},
                          {"width", percent(std::max(length, 0.001))},
                          {"height", "10"},
                          {"rx", "2"}});
}

Html bars(const Scale& scale, const Measurement& measured) {
  const auto from = scale.part(started(measured) - scale.begin);
  const auto took = scale.part(precise(measured.time.elapsed));
  auto kind = came_to_nothing(measured.fact) ? std::string{"fail"} : std::string{kind_name(measured.fact)};
  const auto* http = std::get_if<probe::HttpExchange>(&measured.fact);
  if (http == nullptr || !http->first_byte || precise(*http->first_byte) > precise(measured.time.elapsed))
    return bar(std::move(kind), from, took);
  // Waiting for the first byte, then the rest of the response.
  const auto wait = scale.part(precise(*http->first_byte));
  Html both = bar(kind + " wait", from, wait);
  return both += bar(std::move(kind), from + wait, took - wait);
}

Html row(const Section& section, const Scale& scale, const Measurement& measured) {
  Html name = element("code", {}, id_text(measured.id));
  name += text(fmt::format(" {} {}", kind_name(measured.fact), subject_of(measured, section.target.evidence)),
               120);
  Html chart = ticks(scale, false);
  chart += bars(scale, measured);
  auto took = duration_text(measured.time.elapsed);
  Html figure = text(took);
  if (came_to_nothing(measured.fact)) figure += element("span", {{"class", "unseen"}}, ", without success");
  return element("tr", {}, element("th", {{"scope", "row"}}, name),
                 element("td", {{"class", "chart"}}, element("svg", {{"aria-hidden", "true"}}, chart)),
                 element("td", {{"class", "took"}}, figure));
}

std::vector<const Measurement*> by_start(const checks::Evidence& evidence) {
  std::vector<const Measurement*> all;
  // What this machine brings along was read, not waited for.
  for (const auto& measured : evidence.measurements())
    if (!std::holds_alternative<probe::Environment>(measured.fact)) all.push_back(&measured);
  std::ranges::sort(all, {}, [](const Measurement* one) { return std::pair{started(*one), one->id}; });
  return all;
}

}  // namespace

Html timings_section(const Section& section) {
  const auto all = by_start(section.target.evidence);
  if (all.empty()) return {};
  Scale scale{started(*all.front())};
  for (const auto* one : all)
    scale.length =
        std::max<nanoseconds>(scale.length, started(*one) - scale.begin + precise(one->time.elapsed));
  Html rows;
  for (std::size_t i = 0; i < std::min(all.size(), most_rows); ++i) rows += row(section, scale, *all[i]);
  const auto head = element("thead", {},
                            element("tr", {}, element("th", {{"scope", "col"}}, "Measurement"),
                                    element("th", {{"scope", "col"}, {"class", "chart"}},
                                            element("span", {{"class", "unseen"}}, "When"),
                                            element("svg", {{"aria-hidden", "true"}}, ticks(scale, true))),
                                    element("th", {{"scope", "col"}, {"class", "took"}}, "Took")));
  Html content = element("table", {{"class", "waterfall"}}, head, element("tbody", {}, rows));
  if (all.size() > most_rows)
    content += element("p", {{"class", "more"}},
                       text(fmt::format("… {} more in the JSON report", all.size() - most_rows)));
  return titled(section, "timings", "Timings", content);
}

}  // namespace fwprobe::reports
