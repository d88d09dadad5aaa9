#include "checks/list_findings.h"

#include <utility>

#include <fmt/format.h>

#include "checks/builders.h"

namespace fwprobe::checks {
namespace {

using allowlist::Allowlist;
using std::chrono::year_month_day;

Finding warning(std::string subject, Cause cause, std::string summary, const Facts& facts) {
  return problem(Status::warn, Check::allowlist, std::move(subject), cause, std::move(summary), {}, facts);
}

/// Host bits behind a prefix' length: many firewalls refuse such an entry, or cut it short in silence.
Finding not_canonical(const Allowlist& list, const allowlist::Entry& entry) {
  const auto& prefix = std::get<allowlist::Prefix>(entry.what);
  return warning(
      entry.published, Cause::allowlist_not_canonical,
      fmt::format("{} publishes {}, which has host bits set; it was read as {} ({} to {})", list.title,
                  entry.published, prefix.text(), prefix.network().to_string(), prefix.last().to_string()),
      {{"list", list.title}, {"published", entry.published}, {"prefix", prefix.text()}});
}

}  // namespace

std::optional<Finding> stale_finding(const Allowlist& list, year_month_day day) {
  const auto age = std::chrono::sys_days{day} - std::chrono::sys_days{list.retrieved};
  if (!list.fresh_for || age <= *list.fresh_for) return std::nullopt;
  return warning(
      list.name, Cause::allowlist_stale,
      fmt::format("{} is of {}, {} days old, and was to be renewed after {}: what its publisher has "
                  "added since is missing here",
                  list.title, date(list.retrieved), age.count(), list.fresh_for->count()),
      {{"list", list.name}});
}

std::vector<Finding> list_findings(const Allowlist& list, year_month_day day) {
  std::vector<Finding> findings;
  if (auto stale = stale_finding(list, day)) findings.push_back(std::move(*stale));
  for (const auto& entry : list.entries)
    if (entry.host_bits && allowlist::in_force(entry, day)) findings.push_back(not_canonical(list, entry));
  return findings;
}

}  // namespace fwprobe::checks
