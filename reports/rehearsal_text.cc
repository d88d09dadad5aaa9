#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "checks/flow.h"
#include "reports/escape.h"
#include "reports/rehearsal_report.h"

namespace fwprobe::reports {
namespace {

using checks::RehearsalVerdict;
using checks::RehearsedEntry;

constexpr std::size_t longest_line = 400;
constexpr std::size_t most_listed = 50;

std::string shown(std::string_view text) { return printable(text, longest_line); }

std::size_t count(const RehearsalAnswer& answer, RehearsalVerdict verdict) {
  return static_cast<std::size_t>(std::ranges::count(answer.entries, verdict, &RehearsedEntry::verdict));
}

std::string headline(const RehearsalAnswer& answer) {
  constexpr std::string_view words[] = {"SKIP", "PASS", "WARN", "FAIL", "CANNOT TELL"};
  const auto disagreeing = count(answer, RehearsalVerdict::disagrees);
  auto text = fmt::format(
      "{}  {} of {} entries of {} connect to {} through this machine's kernel",
      disagreeing > 0 ? "DISAGREEMENT" : words[static_cast<std::size_t>(checks::status(answer.entries))],
      count(answer, RehearsalVerdict::connects),
      answer.entries.size() - count(answer, RehearsalVerdict::skipped), shown(answer.list), answer.service);
  if (const auto stopped = count(answer, RehearsalVerdict::stopped); stopped > 0)
    text += fmt::format("; {} do not", stopped);
  if (const auto unknown = count(answer, RehearsalVerdict::unknown); unknown > 0)
    text += fmt::format("; {} cannot be told", unknown);
  if (disagreeing > 0) text += fmt::format("; {} otherwise than computed", disagreeing);
  return text + "\n";
}

std::string example_line(const checks::RehearsedAddress& one) {
  if (one.kernel == probe::Passage::unusable)
    return fmt::format("{}: not tried, the kernel does not take it for a source", one.address.to_string());
  return fmt::format("{}: the kernel says {}, rules verify says {}", one.address.to_string(),
                     checks::name(one.kernel), name(one.computed));
}

std::string entry_lines(const checks::EntryResult& computed, const RehearsedEntry& entry) {
  const auto* prefix = std::get_if<allowlist::Prefix>(&computed.entry->what);
  auto text = fmt::format("{:<11} {:<20} ", name(entry.verdict),
                          prefix != nullptr ? checks::text(*prefix) : shown(computed.entry->published));
  const std::string indent(text.size(), ' ');
  if (entry.verdict == RehearsalVerdict::skipped) return text + shown(computed.reason) + "\n";
  if (entry.addresses == 0) return text + "no address of it can be the source of a connection\n";
  text += fmt::format("{} of {} addresses connect\n", entry.connecting, entry.addresses);
  if (entry.example) text += indent + example_line(*entry.example) + "\n";
  if (entry.verdict != RehearsalVerdict::connects)
    for (const auto& rule : computed.rules) text += indent + shown(rule) + "\n";
  return text;
}

bool depends_on_more(const RehearsedEntry& entry) {
  return entry.verdict == RehearsalVerdict::unknown && entry.example &&
         entry.example->computed == checks::EntryVerdict::unknown;
}

/// The worst first where not all are shown.
std::string entries(const RehearsalAnswer& answer) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < answer.entries.size(); ++i) order.push_back(i);
  if (order.size() > most_listed)
    std::ranges::sort(order, [&](auto a, auto b) {
      return std::pair{answer.entries[b].verdict, a} < std::pair{answer.entries[a].verdict, b};
    });
  std::string text;
  for (std::size_t i = 0; i < std::min(order.size(), most_listed); ++i)
    text += entry_lines(answer.computed.entries[order[i]], answer.entries[order[i]]);
  if (order.size() > most_listed)
    text += fmt::format("… and {} more; --format json lists all\n", order.size() - most_listed);
  return text;
}

}  // namespace

std::string rehearsal_text(const RehearsalAnswer& answer) {
  auto text = headline(answer) + "\n" + entries(answer);
  if (std::ranges::any_of(answer.entries, depends_on_more))
    text += fmt::format(
        "\nWhat cannot be told depends on more than the rules. Here the interface towards the sources was "
        "named {}\n(--interface says how the firewall names it), and no mark, set or time of the firewall's "
        "was in force.\n",
        answer.interface);
  if (count(answer, RehearsalVerdict::disagrees) > 0)
    text +=
        "\nThe kernel does otherwise than fwprobe computes. That is a bug of fwprobe: believe the kernel, "
        "and please report\nit with the rules' file.\n";
  return text;
}

}  // namespace fwprobe::reports
