#include "reports/hop_lines.h"

#include <algorithm>

#include <fmt/format.h>

#include "checks/hop_names.h"
#include "reports/measurement_text.h"
#include "reports/value_text.h"

namespace fwprobe::reports {
namespace {

using probe::PathStep;
using probe::StepAnswer;

/// A hop with nothing of its own to say: several of them are one line.
bool is_quiet(const PathStep* step) {
  return step == nullptr || step->answer == StepAnswer::silence || step->answer == StepAnswer::not_sent;
}

std::string words(const PathStep* step, std::string_view name) {
  return step == nullptr ? "no answer" : answer_text(*step, name);
}

std::string line(int first, int last, const std::string& text) {
  const auto number = first == last ? std::to_string(first) : fmt::format("{}-{}", first, last);
  return fmt::format("{:>6}  {}\n", number, text);
}

}  // namespace

bool is_own_path(const checks::Target& target, const probe::PathQuestion& question) {
  return question.flow == probe::PathFlow::syn && question.remote.port() == target.port;
}

void HopLines::end(const probe::PathTrace& trace) {
  steps_ = trace.steps;
  ended_ = true;
}

/// The one that says most, of a lifetime that was tried twice.
const PathStep* HopLines::answer(int lifetime) const {
  const PathStep* found = nullptr;
  for (const auto& step : steps_)
    if (step.lifetime == lifetime && (is_quiet(found) || found->answer == StepAnswer::silence)) found = &step;
  return found;
}

int HopLines::longest() const {
  int longest = 0;
  for (const auto& step : steps_) longest = std::max(longest, step.lifetime);
  return longest;
}

std::string HopLines::take_ready(const HopNames& names) {
  std::string text;
  const auto& remote = question_.remote;
  if (!headed_) text = fmt::format("\n{}\n", endpoint_text(remote.address(), remote.port()));
  headed_ = true;
  for (const auto last = longest(); !done_ && next_ <= last;) {
    const auto* step = answer(next_);
    if (is_quiet(step)) {
      if (!ended_) return text;
      const auto first = next_++;
      const auto said = words(step, {});
      while (next_ <= last && is_quiet(answer(next_)) && words(answer(next_), {}) == said) ++next_;
      text += line(first, next_ - 1, said);
      continue;
    }
    std::string name;
    if (step->icmp) {
      const auto at = names.find(probe::reverse_name(step->icmp->sender));
      if (at != names.end() && !at->second) return text;
      if (at != names.end()) name = *at->second;
    }
    text += line(next_, next_, words(step, name));
    ++next_;
    done_ = step->answer != StepAnswer::expired;
  }
  done_ = done_ || ended_;
  return text;
}

std::string hops_text(const Report& report) {
  std::string text;
  for (const auto& investigation : report.targets) {
    HopNames names;
    for (const auto& lookup : investigation.evidence.all<probe::DnsLookup>())
      if (!lookup->names.empty()) names[lookup->question.name] = lookup->names.front();
    for (const auto& trace : investigation.evidence.all<probe::PathTrace>()) {
      if (!is_own_path(investigation.target, trace->question)) continue;
      HopLines lines{trace->question};
      lines.end(*trace.fact);
      text += lines.take_ready(names);
    }
  }
  return text.empty() ? text : text + "\n";
}

}  // namespace fwprobe::reports
