#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "reports/escape.h"
#include "reports/reach.h"
#include "reports/text_layout.h"
#include "reports/value_text.h"

namespace fwprobe::reports {
namespace {

using checks::EntryReach, checks::Reached, checks::Status;

constexpr std::size_t short_list = 40;    ///< entries of a list that is shown whole
constexpr std::size_t most_findings = 8;  ///< unless verbose
constexpr std::size_t most_remedies = 8;  ///< unless verbose

struct Look {
  const char* word;
  const char* mark;
  Color color;
};

Look look(Status status) {
  constexpr Look looks[] = {{"SKIP", "·", Color::dim},
                            {"PASS", "✓", Color::green},
                            {"WARN", "!", Color::yellow},
                            {"FAIL", "✗", Color::red},
                            {"ERROR", "?", Color::red}};
  return looks[static_cast<std::size_t>(status)];
}

std::size_t count(const ReachReport& report, Reached reach) {
  return static_cast<std::size_t>(std::ranges::count(report.survey.entries, reach, &EntryReach::reach));
}

std::string numbers(const ReachReport& report) {
  constexpr std::pair<Reached, const char*> words[] = {{Reached::reachable, "reachable"},
                                                       {Reached::partly, "partly reachable"},
                                                       {Reached::unreachable, "unreachable"},
                                                       {Reached::unknown, "cannot be told"},
                                                       {Reached::skipped, "skipped"}};
  std::string text;
  for (const auto& [reach, word] : words)
    if (const auto n = count(report, reach); n > 0)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", n, word);
  return text;
}

void entry_lines(Page& page, const EntryReach& entry) {
  const auto how = look(status_of(entry.reach));
  std::string text;
  if (const auto* way = entry.deciding(); way != nullptr && way->cause && entry.reach != Reached::skipped)
    text = fmt::format("{}: ", row(*way->cause).code);
  text += printable(entry.summary, 600);
  page.item(fmt::format("  {} {:<20} ", how.mark, printable(entry.entry->published)), text, how.color);
}

/// Nothing of it needs to be looked at: neither a fault nor an answer of which nobody knows whose it is.
bool is_settled(const EntryReach& entry) {
  if (entry.reach == Reached::skipped) return true;
  return entry.reach == Reached::reachable &&
         std::ranges::none_of(entry.ways, [](const checks::WayReach& way) {
           return way.reach == Reached::reachable && way.confidence == checks::Confidence::low;
         });
}

/// What is to be said of the list itself.
void finding_lines(Page& page, const ReachReport& report) {
  const auto& all = report.findings;
  const auto shown = page.style().verbose ? all.size() : std::min(all.size(), most_findings);
  for (const auto& finding : std::span{all}.first(shown)) {
    const auto how = look(finding.status);
    page.item(fmt::format("  {} ", how.mark),
              fmt::format("{}: {}", row(*finding.cause).code, printable(finding.summary, 600)), how.color);
  }
  if (shown < all.size())
    page.item("    ", fmt::format("and {} more: --verbose, or --format json", all.size() - shown),
              Color::none, Color::dim);
  if (!all.empty()) page.blank();
}

/// Each step once, in the order of the entries; then what the list itself needs.
std::vector<std::string_view> remedies(const ReachReport& report) {
  std::vector<std::string_view> all;
  const auto add = [&](std::string_view line) {
    if (all.size() <= most_remedies * most_remedies && std::ranges::find(all, line) == all.end())
      all.push_back(line);
  };
  for (const auto& entry : report.survey.entries)
    for (const auto& way : entry.ways)
      for (const auto& line : way.remedy) add(line);
  for (const auto& finding : report.findings)
    for (const auto& line : finding.remedy) add(line);
  return all;
}

void what_to_do(Page& page, const ReachReport& report) {
  const auto all = remedies(report);
  if (all.empty()) return;
  page.blank();
  page.item("", "What to do", Color::none, Color::bold);
  const auto shown = page.style().verbose ? all.size() : std::min(all.size(), most_remedies);
  for (std::size_t i = 0; i < shown; ++i) page.item(fmt::format("  {}. ", i + 1), printable(all[i], 600));
  if (shown < all.size()) page.item("  ", "and more: --verbose, or --format json", Color::none, Color::dim);
}

}  // namespace

checks::Status ReachReport::status() const {
  if (count(*this, Reached::unreachable) + count(*this, Reached::partly) > 0) return Status::fail;
  const bool probed = count(*this, Reached::reachable) > 0;
  const bool passed = probed && count(*this, Reached::unknown) == 0 && survey.complete;
  return passed ? checks::worst(findings) : Status::error;
}

std::string render_text(const ReachReport& report, const TextStyle& style) {
  Page page{style};
  const auto how = look(report.status());
  const auto& entries = report.survey.entries;
  page.item(
      fmt::format("{}  ", how.word),
      fmt::format("outbound list {} ({}): {}", printable(report.list->name), date(report.list->retrieved),
                  entries.empty() ? "no entry is in force" : numbers(report)),
      how.color);
  if (!report.survey.complete) page.item("      ", "stopped before everything was measured");
  page.blank();
  finding_lines(page, report);
  const bool whole = style.verbose || entries.size() <= short_list;
  std::size_t reachable = 0, skipped = 0;  // and not shown
  for (const auto& entry : entries)
    if (whole || !is_settled(entry))
      entry_lines(page, entry);
    else
      ++(entry.reach == Reached::skipped ? skipped : reachable);
  if (!whole) {
    page.item("  ",
              fmt::format("{} reachable and {} skipped entries are not shown; --verbose shows them",
                          reachable, skipped),
              Color::none, Color::dim);
  }
  what_to_do(page, report);
  page.blank();
  page.item("",
            fmt::format("{} connections in {}, from {}", report.survey.connections,
                        duration_text(report.finished - report.started), printable(report.vantage.host)),
            Color::none, Color::dim);
  return std::move(page).take();
}

}  // namespace fwprobe::reports
