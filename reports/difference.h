#pragma once
// What changed between two runs of the same targets. Pure: two judged reports in, changes out.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "reports/report.h"

namespace fwprobe::reports {

/// `moved`: it is another now, and that is neither good nor bad.
enum class Trend : std::uint8_t { same, moved, better, worse };
std::string_view name(Trend trend);

struct Change {
  std::string_view what;  ///< "status", "cause", "problem", "addresses", "certificate", "place", "latency"
  Trend trend = Trend::moved;
  std::string before;  ///< empty: there was none
  std::string after;   ///< empty: there is none
};

struct TargetDifference {
  std::string target;
  std::optional<checks::Status> before;  ///< none: the earlier run lacks the target
  std::optional<checks::Status> after;   ///< none: the later run lacks it
  std::vector<Change> changes;
  Trend trend() const;  ///< worse when one change is, else better when one is, else moved when one is
};

struct Difference {
  struct Run {
    std::string id, started, vantage;
  };
  Run before, after;
  std::vector<std::string> notes;  ///< why the two can be compared only in part
  std::vector<TargetDifference> targets;
  bool got_worse() const;
};

/// A target of both is compared; a status, a root cause and a problem decide whether it got better or worse.
/// What could not be seen before, since the way ended earlier, is no worse for being seen now. Latency is
/// told in classes, and only when it is at least doubled or halved.
Difference difference(const Report& before, const Report& after);

std::string render_difference_text(const Difference& difference, const TextStyle& style);
std::string render_difference_json(const Difference& difference, const TextStyle& style);
std::string render_difference_markdown(const Difference& difference, const TextStyle& style);

}  // namespace fwprobe::reports
