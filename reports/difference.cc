#include "reports/difference.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "checks/resolution.h"
#include "reports/certificate_view.h"
#include "reports/layers.h"
#include "reports/value_text.h"

namespace fwprobe::reports {
namespace {

using checks::Cause;
using checks::Check;
using checks::Investigation;
using checks::Status;
using std::literals::operator""s;
using namespace std::chrono_literals;

bool went_well(Status status) { return status == Status::pass || status == Status::warn; }

// ---- status and causes

Trend trend_of(Status before, Status after) {
  if (before == after) return Trend::same;
  // What could not be measured may be as it was.
  if (before == Status::fail && after == Status::error) return Trend::moved;
  return after < before ? Trend::better : Trend::worse;
}

/// How far a request comes that meets this cause.
std::size_t distance(Cause cause) {
  const auto code = checks::row(cause).code;
  const auto layer = code.substr(0, code.find('.'));
  for (auto check = Check::environment; check < Check::allowlist;
       check = static_cast<Check>(static_cast<int>(check) + 1))
    if (checks::name(check) == layer) return static_cast<std::size_t>(check);
  return layer == "local" ? 0 : static_cast<std::size_t>(Check::allowlist);
}

std::optional<Cause> root_of(const Investigation& target) {
  const auto* diagnosis = trouble(target);
  return diagnosis ? diagnosis->cause : std::nullopt;
}

Trend trend_of_roots(const Investigation& before, const Investigation& after) {
  const auto was = root_of(before), is = root_of(after);
  if (was && is && before.status == after.status && distance(*was) != distance(*is))
    return distance(*was) < distance(*is) ? Trend::better : Trend::worse;
  const auto status = trend_of(before.status, after.status);
  return status == Trend::same ? Trend::moved : status;
}

using Problem = std::pair<Check, Cause>;

/// All causes that the findings name, but for `roots`.
std::set<Problem> problems(const Investigation& target, const std::set<Cause>& roots) {
  std::set<Problem> found;
  for (const auto& finding : target.findings)
    if (finding.cause && finding.status >= Status::warn && !roots.contains(*finding.cause))
      found.insert({finding.check, *finding.cause});
  return found;
}

bool was_looked_at(const Investigation& target, Check check) {
  return status_of(target, check).value_or(Status::skip) != Status::skip;
}

void compare_verdicts(const Investigation& before, const Investigation& after, std::vector<Change>& changes) {
  if (before.status != after.status)
    changes.push_back({"status", trend_of(before.status, after.status),
                       std::string{checks::name(before.status)}, std::string{checks::name(after.status)}});
  std::set<Cause> roots;
  // A warning is one problem of several; what stops the way is the cause.
  if (!went_well(before.status) || !went_well(after.status)) {
    const auto was = root_of(before), is = root_of(after);
    if (was) roots.insert(*was);
    if (is) roots.insert(*is);
    if (was != is)
      changes.push_back({"cause", trend_of_roots(before, after), std::string{checks::code_of(was)},
                         std::string{checks::code_of(is)}});
  }
  const auto had = problems(before, roots), has = problems(after, roots);
  for (const auto& problem : has)
    if (!had.contains(problem))
      changes.push_back({"problem", was_looked_at(before, problem.first) ? Trend::worse : Trend::moved, "",
                         std::string{checks::code_of(problem.second)}});
  for (const auto& problem : had)
    if (!has.contains(problem))
      changes.push_back({"problem", was_looked_at(after, problem.first) ? Trend::better : Trend::moved,
                         std::string{checks::code_of(problem.second)}, ""});
}

// ---- what moved

void moved(std::string_view what, std::string before, std::string after, std::vector<Change>& changes) {
  if (before != after && !before.empty() && !after.empty())
    changes.push_back({what, Trend::moved, std::move(before), std::move(after)});
}

std::string addresses_of(const Investigation& target) {
  if (!target.settings) return {};
  const checks::Case the_case{target.target, *target.settings, target.evidence};
  const auto resolution = checks::resolve_host(the_case, target.target.host);
  std::set<asio::ip::address> sorted{resolution.addresses.begin(), resolution.addresses.end()};
  std::string text;
  for (const auto& address : sorted) text += (text.empty() ? "" : ", ") + address.to_string();
  return text;
}

std::string certificates_of(const Investigation& target) {
  std::map<std::string, std::string> by_hash;
  for (const auto* leaf : own_certificates(target))
    by_hash[leaf->sha256] = fmt::format("{} by {}, {} to {}, SHA-256 {}", leaf->subject, leaf->issuer,
                                        date(leaf->not_before), date(leaf->not_after), leaf->sha256);
  std::string text;
  for (const auto& [hash, words] : by_hash) text += (text.empty() ? "" : "; ") + words;
  return text;
}

std::string place_of(const Investigation& target) {
  const auto* diagnosis = trouble(target);
  return diagnosis ? where_text(diagnosis->location) : "";
}

struct LatencyClass {
  std::chrono::nanoseconds below;
  const char* words;
};
constexpr LatencyClass classes[] = {
    {10ms, "under 10 ms"}, {50ms, "under 50 ms"}, {200ms, "under 200 ms"},
    {1s, "under 1 s"},     {5s, "under 5 s"},     {std::chrono::nanoseconds::max(), "5 s and more"}};

const LatencyClass& class_of(std::chrono::nanoseconds duration) {
  return *std::ranges::upper_bound(classes, duration, {}, &LatencyClass::below);
}

void compare_latency(const Investigation& before, const Investigation& after, std::vector<Change>& changes) {
  for (const auto& layer : layers()) {
    // How long a failure took is a matter of the options.
    if (!went_well(status_of(before, layer.check).value_or(Status::skip)) ||
        !went_well(status_of(after, layer.check).value_or(Status::skip)))
      continue;
    const auto was = time_of(before, layer.kind), is = time_of(after, layer.kind);
    if (!was || !is || &class_of(*was) == &class_of(*is)) continue;
    // At the edge of a class nothing has changed.
    if (std::max(*was, *is) < 2 * std::min(*was, *is)) continue;
    const auto words = [&](std::chrono::nanoseconds duration) {
      return fmt::format("{} {} ({})", layer.label, class_of(duration).words, duration_text(duration));
    };
    changes.push_back({"latency", Trend::moved, words(*was), words(*is)});
  }
}

TargetDifference compare(const Investigation& before, const Investigation& after) {
  TargetDifference difference{after.target.text(), before.status, after.status, {}};
  auto& changes = difference.changes;
  compare_verdicts(before, after, changes);
  moved("place", place_of(before), place_of(after), changes);
  moved("addresses", addresses_of(before), addresses_of(after), changes);
  moved("certificate", certificates_of(before), certificates_of(after), changes);
  compare_latency(before, after, changes);
  return difference;
}

// ---- the runs

Difference::Run run_of(const Report& report) {
  const auto& site = report.vantage.site;
  return {report.run_id, rfc3339(report.started), report.vantage.host + (site ? " (" + *site + ")" : ""s)};
}

std::vector<std::string> notes(const Report& before, const Report& after) {
  std::vector<std::string> notes;
  if (after.started < before.started) notes.emplace_back("the second report is older than the first");
  if (before.vantage.host != after.vantage.host || before.vantage.site != after.vantage.site)
    notes.emplace_back(
        "they were measured at different places: what changed may be the place ('fwprobe judge --control' "
        "compares places)");
  for (const auto* report : {&before, &after})
    if (!report->complete)
      notes.push_back(fmt::format("the {} run was interrupted", report == &before ? "first" : "second"));
  return notes;
}

/// A target may be asked for more than once: its first, its second, … stand for each other.
using Key = std::pair<std::string, std::size_t>;

std::map<Key, const Investigation*> by_key(const Report& report) {
  std::map<std::string, std::size_t> count;
  std::map<Key, const Investigation*> found;
  for (const auto& target : report.targets) {
    const auto text = target.target.text();
    found[{text, count[text]++}] = &target;
  }
  return found;
}

}  // namespace

std::string_view name(Trend trend) {
  switch (trend) {
    case Trend::moved:
      return "moved";
    case Trend::better:
      return "better";
    case Trend::worse:
      return "worse";
    case Trend::same:
      break;
  }
  return "same";
}

Trend TargetDifference::trend() const {
  Trend worst = Trend::same;
  for (const auto& change : changes) worst = std::max(worst, change.trend);
  return worst;
}

bool Difference::got_worse() const {
  return std::ranges::any_of(targets, [](const auto& target) { return target.trend() == Trend::worse; });
}

Difference difference(const Report& before, const Report& after) {
  Difference result{run_of(before), run_of(after), notes(before, after), {}};
  const auto earlier = by_key(before), later = by_key(after);
  for (const auto& [key, is] : later) {
    const auto was = earlier.find(key);
    if (was != earlier.end())
      result.targets.push_back(compare(*was->second, *is));
    else
      result.targets.push_back({key.first, std::nullopt, is->status, {}});
  }
  for (const auto& [key, was] : earlier)
    if (!later.contains(key)) result.targets.push_back({key.first, was->status, std::nullopt, {}});
  // What got worse first, else in the order of their names.
  const auto all = std::exchange(result.targets, {});
  for (const auto trend : {Trend::worse, Trend::better, Trend::moved, Trend::same})
    std::ranges::copy_if(all, std::back_inserter(result.targets),
                         [trend](const auto& target) { return target.trend() == trend; });
  return result;
}

}  // namespace fwprobe::reports
