#include "monitor/web/target_page.h"

#include <algorithm>

#include <fmt/format.h>

#include "monitor/web/page.h"
#include "reports/html_marks.h"
#include "reports/layers.h"
#include "reports/value_text.h"

namespace fwprobe::monitor {
namespace {

using reports::duration_text;
using reports::element;
using reports::Html;
using reports::percent;
using reports::text;

constexpr std::size_t rows_of_a_table = 40;

Html fact(std::string_view name, const Html& value) {
  return element("div", {}, element("dt", {}, text(name)), element("dd", {}, value));
}

Html facts(const Watched& watched, const TargetState& state) {
  Html parts = fact("Address", text(watched.target.text(), 200));
  const auto& expect = watched.expect;
  parts += fact("Expected",
                text(fmt::format("{}{}", reports::status_word(expect.status),
                                 expect.cause ? fmt::format(" ({})", checks::row(*expect.cause).code) : "")));
  parts += fact("Measured every", text(duration_text(watched.interval)));
  if (!watched.group.empty()) parts += fact("Group", text(watched.group, 80));
  if (state.last) {
    const auto& last = *state.last;
    parts += fact("Last run", time_element(last.began));
    if (last.location) parts += fact("Where", text(reports::where_text(*last.location), 200));
    if (last.responsible) parts += fact("Who can fix it", text(reports::who_text(*last.responsible)));
    if (last.leaf_expiry) parts += fact("Certificate ends", time_element(*last.leaf_expiry));
    if (last.list_stale_at) parts += fact("Allowlist is stale from", time_element(*last.list_stale_at));
  }
  return element("dl", {{"class", "facts"}}, parts);
}

Html verdict_part(const Watched& watched, const TargetState& state, probe::WallClock::time_point now) {
  const auto verdict = verdict_of(state);
  const auto standing = standing_of(verdict);
  Html parts = element("h1", {}, text(watched.name, 120));
  Html line = standing_element(standing);
  if (verdict) line += text(fmt::format(": {}", verdict_title(*verdict)), 200);
  if (state.confirmed) line += text(fmt::format(", for {}", age_text(now - state.since)));
  parts += element("p", {}, line);
  if (state.last && !state.last->summary.empty()) parts += element("p", {}, text(state.last->summary, 400));
  parts += facts(watched, state);
  parts += element("p", {},
                   element("a", {{"href", target_path(watched) + "/report"}, {"id", "report"}},
                           "The full report of the last run that was kept"));
  return element("section", {{"class", "verdict " + reports::status_class(sign_of(standing))}}, parts);
}

Html changes_part(const TargetState& state, probe::WallClock::time_point now) {
  if (state.changes.empty()) return {};
  Html items;
  for (const auto& change : state.changes) {
    Html item = time_element(change.at);
    item += text(" ");
    item += standing_element(standing_of(change.to));
    item +=
        text(fmt::format(": {}", change.summary.empty() ? verdict_title(change.to) : change.summary), 300);
    items += element("li", {}, item);
  }
  return element("section", {{"aria-labelledby", "changes"}}, element("h2", {{"id", "changes"}}, "Changes"),
                 strip(state, now), element("ol", {{"class", "list"}}, items));
}

/// A bar for each run, the newest on the right; its height is how long the run took.
Html picture(const std::vector<Outcome>& history) {
  const auto longest =
      std::max(std::ranges::max(history, {}, &Outcome::took).took, probe::Clock::duration{1});
  const auto width = 1.0 / static_cast<double>(runs_of_a_page);
  Html bars;
  for (std::size_t i = 0; i < std::min(history.size(), runs_of_a_page); ++i) {
    const auto& run = history[i];
    const auto height =
        std::max(0.04, static_cast<double>(run.took.count()) / static_cast<double>(longest.count()));
    bars += element("rect", {{"class", reports::status_class(sign_of(standing_of(verdict_of(run))))},
                             {"x", percent(1 - width * static_cast<double>(i + 1))},
                             {"y", percent(1 - height)},
                             {"width", percent(width * 0.8)},
                             {"height", percent(height)}});
  }
  const auto wrong = std::ranges::count_if(history, [](const Outcome& run) { return !run.as_expected; });
  return element("svg",
                 {{"class", "history"},
                  {"role", "img"},
                  {"aria-label", fmt::format("{} runs, {} of them not as expected; the longest took {}",
                                             history.size(), wrong, duration_text(longest))}},
                 bars);
}

Html phases_text(const Phases& phases) {
  std::string all;
  for (const auto& phase : phase_table)
    if (const auto& took = phases.*phase.took)
      all += fmt::format("{}{} {}", all.empty() ? "" : ", ", phase.words, duration_text(*took));
  return text(all);
}

Html runs_table(const std::vector<Outcome>& history) {
  Html titles;
  for (const auto* const title : {"Began", "Result", "Took", "Phases"})
    titles += element("th", {{"scope", "col"}}, text(title));
  Html rows;
  for (std::size_t i = 0; i < std::min(history.size(), rows_of_a_table); ++i) {
    const auto& run = history[i];
    Html cells = element("td", {}, time_element(run.began));
    cells += element("td", {}, standing_element(standing_of(verdict_of(run))),
                     element("small", {}, text(verdict_title(verdict_of(run)), 120)));
    cells += element("td", {}, text(duration_text(run.took)));
    cells += element("td", {}, phases_text(run.phases));
    rows += element("tr", {}, cells);
  }
  return element("table", {{"class", "runs"}}, element("thead", {}, element("tr", {}, titles)),
                 element("tbody", {}, rows));
}

Html history_part(const std::expected<std::vector<Outcome>, std::string>& history) {
  Html parts = element("h2", {{"id", "runs"}}, "Runs");
  if (!history)
    parts += element("p", {}, text(fmt::format("The history cannot be read: {}", history.error()), 500));
  else if (history->empty())
    parts += element("p", {}, "None yet.");
  else {
    parts += picture(*history);
    parts += runs_table(*history);
  }
  return element("section", {{"aria-labelledby", "runs"}}, parts);
}

}  // namespace

Answer target_page(const Board& board, std::size_t place,
                   const std::expected<std::vector<Outcome>, std::string>& history,
                   probe::WallClock::time_point now) {
  const auto& watched = board.plan.targets[place];
  const auto& state = board.states[place];
  Html live = verdict_part(watched, state, now);
  live += changes_part(state, now);
  live += history_part(history);
  const auto title = fmt::format("{}: {}", watched.name, words(standing_of(verdict_of(state))));
  return page_answer(board, {title, {}, live}, now);
}

}  // namespace fwprobe::monitor
