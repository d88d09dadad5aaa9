#include "checks/cause.h"

#include <algorithm>
#include <array>

#include "text/enum_name.h"

namespace fwprobe::checks {
namespace {

constexpr CauseRow rows[] = {
#define CAUSE(layer, reason, responsible, title, meaning, told_apart, remedy) \
  {Cause::layer##_##reason, #layer "." #reason, Responsible::responsible, title, meaning, told_apart, remedy},
#include "checks/causes.inc"
#undef CAUSE
};

/// The line with its placeholders filled; nothing when a fact is unknown.
std::optional<std::string> filled(std::string_view line, const Facts& facts) {
  std::string text;
  while (true) {
    const auto open = line.find('{');
    text += line.substr(0, open);
    if (open == std::string_view::npos) return text;
    const auto close = line.find('}', open);
    const auto name = line.substr(open + 1, close - open - 1);
    const auto fact = std::ranges::find(facts, name, [](const auto& known) { return known.first; });
    if (fact == facts.end() || fact->second.empty()) return std::nullopt;
    text += fact->second;
    line.remove_prefix(close + 1);
  }
}

}  // namespace

std::span<const CauseRow> causes() { return rows; }

// The table and the enumeration come from the same rows, so a cause's number is its place.
const CauseRow& row(Cause cause) { return rows[static_cast<std::size_t>(cause)]; }

std::optional<Cause> cause_from(std::string_view code) {
  const auto* at = std::ranges::find(rows, code, &CauseRow::code);
  if (at == std::end(rows)) return std::nullopt;
  return at->cause;
}

std::string_view name(Responsible responsible) {
  constexpr std::string_view names[] = {"network", "server", "dns", "client", "vendor"};
  return enum_name(names, responsible);
}

std::vector<std::string> remedy(Cause cause, const Facts& facts) {
  std::vector<std::string> steps;
  auto text = row(cause).remedy;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    if (auto line = filled(text.substr(0, end), facts)) steps.push_back(std::move(*line));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return steps;
}

}  // namespace fwprobe::checks
