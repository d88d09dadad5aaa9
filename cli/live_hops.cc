#include "cli/live_hops.h"

#include <algorithm>

#include <unistd.h>

#include "checks/hop_names.h"
#include "cli/output.h"

namespace fwprobe::cli {

void LiveHops::asking(const checks::Target& target, const probe::Question& question) {
  if (checks::is_optional(question)) names_[std::get<probe::DnsQuestion>(question).name] = std::nullopt;
  const auto* path = std::get_if<probe::PathQuestion>(&question);
  if (path == nullptr || !reports::is_own_path(target, *path)) return;
  paths_.emplace_back(*path);
  print();
}

void LiveHops::stepped(const checks::Target&, const probe::PathQuestion& question,
                       const probe::PathStep& step) {
  if (auto* lines = lines_of(question)) lines->add(step);
  print();
}

void LiveHops::answered(const checks::Target&, const probe::Measurement& measurement) {
  if (const auto* lookup = std::get_if<probe::DnsLookup>(&measurement.fact);
      lookup != nullptr && lookup->question.type == probe::DnsType::ptr)
    names_[lookup->question.name] = lookup->names.empty() ? "" : lookup->names.front();
  if (const auto* trace = std::get_if<probe::PathTrace>(&measurement.fact))
    if (auto* lines = lines_of(trace->question)) lines->end(*trace);
  print();
}

void LiveHops::finish() {
  for (auto& [address, name] : names_)
    if (!name) name = "";
  for (auto& lines : paths_) lines.cut_short();
  print();
  if (!paths_.empty()) write("\n");
}

void LiveHops::print() {
  for (auto& lines : paths_) {
    if (lines.done()) continue;
    write(lines.take_ready(names_));
    if (!lines.done()) return;
  }
}

void LiveHops::write(std::string_view text) {
  // A standard output that takes no more is said when the report is written to it.
  if (!broken_ && !text.empty()) broken_ = !write_all(STDOUT_FILENO, text);
}

reports::HopLines* LiveHops::lines_of(const probe::PathQuestion& question) {
  const auto at = std::ranges::find(paths_, question, &reports::HopLines::question);
  return at == paths_.end() ? nullptr : &*at;
}

}  // namespace fwprobe::cli
