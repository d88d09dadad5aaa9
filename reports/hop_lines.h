#pragma once
// The hops of a trace as lines for people, in their order, each as soon as it is known. Pure: answers in,
// lines out.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "probe/facts/path.h"
#include "reports/report.h"

namespace fwprobe::reports {

/// By reverse_name(): nothing while the answer may still come, empty when there is no name.
using HopNames = std::map<std::string, std::optional<std::string>>;

/// Whether a trace is that of the target's own port, not of a control flow.
bool is_own_path(const checks::Target& target, const probe::PathQuestion& question);

class HopLines {
 public:
  explicit HopLines(probe::PathQuestion question) : question_{std::move(question)} {}
  const probe::PathQuestion& question() const { return question_; }

  void add(const probe::PathStep& step) { steps_.push_back(step); }
  /// No more comes. Only a name that is asked for may still hold its line back.
  void end(const probe::PathTrace& trace);
  /// The same where the trace was cut short: what is known is all.
  void cut_short() { ended_ = true; }

  /// The lines that have become known since the last call. A hop that is silent holds back those behind it
  /// until the trace ends: it may still answer. The first answer of another kind than `expired` is the last
  /// line.
  std::string take_ready(const HopNames& names);
  /// Whether all lines were taken.
  bool done() const { return done_; }

 private:
  const probe::PathStep* answer(int lifetime) const;
  int longest() const;

  probe::PathQuestion question_;
  std::vector<probe::PathStep> steps_;
  int next_ = 1;
  bool headed_ = false, ended_ = false, done_ = false;
};

/// All of a report's paths, for a file; a blank line ends them.
std::string hops_text(const Report& report);

}  // namespace fwprobe::reports
