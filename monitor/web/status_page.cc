#include "monitor/web/status_page.h"

#include <algorithm>
#include <numeric>
#include <set>

#include <fmt/format.h>

#include "monitor/web/page.h"
#include "reports/html_marks.h"

namespace fwprobe::monitor {
namespace {

using reports::element;
using reports::Html;
using reports::text;

constexpr std::size_t most_changes = 15;
constexpr std::size_t most_options = 200;

std::string link_to(const Selection& selection, std::optional<Standing> standing, std::size_t page) {
  std::string query;
  const auto add = [&query](std::string_view key, std::string_view value) {
    query += fmt::format("{}{}={}", query.empty() ? "?" : "&", key, percent_encoded(value));
  };
  if (selection.group) add("group", *selection.group);
  if (selection.tag) add("tag", *selection.tag);
  if (standing) add("state", name(*standing));
  if (page > 1) add("page", std::to_string(page));
  return "/" + query;
}

Html option(std::string_view value, std::string_view shown, std::string_view chosen) {
  if (value == chosen)
    return element("option", {{"value", std::string{value}}, {"selected", "selected"}}, text(shown, 80));
  return element("option", {{"value", std::string{value}}}, text(shown, 80));
}

Html choice(std::string_view label, std::string_view key, const std::set<std::string_view>& values,
            std::string_view chosen) {
  Html options = option("", "all", chosen);
  std::size_t shown = 0;
  for (const auto value : values)
    if (++shown <= most_options || value == chosen) options += option(value, value, chosen);
  return element("label", {}, text(label), element("select", {{"name", std::string{key}}}, options));
}

Html filter_form(const Board& board, const Selection& selection) {
  std::set<std::string_view> groups, tags;
  for (const auto& target : board.plan.targets) {
    if (!target.group.empty()) groups.insert(target.group);
    tags.insert(target.tags.begin(), target.tags.end());
  }
  Html fields;
  if (!groups.empty()) fields += choice("Group", "group", groups, selection.group.value_or(""));
  if (!tags.empty()) fields += choice("Tag", "tag", tags, selection.tag.value_or(""));
  Html states = option("", "all", selection.standing ? name(*selection.standing) : "");
  for (const auto standing : standings)
    states += option(name(standing), words(standing), selection.standing ? name(*selection.standing) : "");
  fields += element("label", {}, text("State"), element("select", {{"name", "state"}}, states));
  fields += element("button", {{"type", "submit"}}, "Show");
  return element("form", {{"class", "filter"}, {"method", "get"}, {"action", "/"}}, fields);
}

Html counts(const Selected& selected, const Selection& selection) {
  Html items;
  for (const auto standing : standings) {
    const auto count = selected.counts[static_cast<std::size_t>(standing)];
    if (count == 0) continue;
    Html item = reports::mark(sign_of(standing));
    item += element("a", {{"href", link_to(selection, standing, 1)}},
                    text(fmt::format("{} {}", count, words(standing))));
    items += element("li", {{"class", reports::status_class(sign_of(standing))}}, item);
  }
  return element("ul", {{"class", "counts"}}, items);
}

Html state_cell(const TargetState& state, probe::WallClock::time_point now) {
  const auto verdict = verdict_of(state);
  Html cell = standing_element(standing_of(verdict));
  if (!verdict) return cell;
  cell += element("small", {}, text(verdict_title(*verdict), 120));
  if (state.confirmed)
    cell += element("small", {}, text(fmt::format("for {}, since ", age_text(now - state.since))),
                    time_element(state.since));
  if (state.last && verdict_of(*state.last) != *verdict)
    cell += element("small", {}, text("the last run says something else; not confirmed yet"));
  return cell;
}

Html row(const Watched& watched, const TargetState& state, probe::WallClock::time_point now) {
  Html who =
      element("a", {{"href", target_path(watched)}, {"id", "t-" + watched.id}}, text(watched.name, 80));
  if (const auto address = watched.target.text(); address != watched.name)
    who += element("small", {}, text(address, 80));
  if (!watched.group.empty()) who += element("small", {}, text("in " + watched.group, 80));
  const auto last =
      state.last ? fmt::format("{} ago", age_text(now - state.last->began)) : std::string{"none yet"};
  Html cells = element("th", {{"scope", "row"}}, who);
  cells += element("td", {}, state_cell(state, now));
  cells += element("td", {{"class", "strip"}}, strip(state, now));
  cells += element("td", {}, element("span", {{"class", "small"}}, text(last)));
  return element("tr", {}, cells);
}

Html table(const Board& board, std::span<const std::size_t> places, probe::WallClock::time_point now) {
  Html titles;
  for (const auto title : {"Target", "State", "Last 24 hours", "Last run"})
    titles += element(
        "th", {{"scope", "col"}, {"class", std::string_view{title} == "Last 24 hours" ? "strip" : ""}},
        text(title));
  Html rows;
  for (const auto place : places) rows += row(board.plan.targets[place], board.states[place], now);
  return element("table", {{"class", "targets"}}, element("thead", {}, element("tr", {}, titles)),
                 element("tbody", {}, rows));
}

Html pages(const Selection& selection, std::size_t page, std::size_t last) {
  if (last <= 1) return {};
  Html parts;
  if (page > 1)
    parts +=
        element("a", {{"href", link_to(selection, selection.standing, page - 1)}, {"rel", "prev"}}, "Before");
  parts += element("span", {}, text(fmt::format("page {} of {}", page, last)));
  if (page < last)
    parts +=
        element("a", {{"href", link_to(selection, selection.standing, page + 1)}, {"rel", "next"}}, "Next");
  return element("nav", {{"class", "pages"}, {"aria-label", "Pages"}}, parts);
}

struct Recent {
  const Watched* watched;
  const Change* change;
};

/// Of the whole board, the newest first.
std::vector<Recent> recent_changes(const Board& board) {
  std::vector<Recent> recent;
  for (std::size_t i = 0; i < board.plan.targets.size(); ++i)
    for (const auto& change : board.states[i].changes)
      if (change.from) recent.push_back({&board.plan.targets[i], &change});
  const auto most = recent.begin() + static_cast<std::ptrdiff_t>(std::min(recent.size(), most_changes));
  std::ranges::partial_sort(recent, most, std::ranges::greater{},
                            [](const Recent& one) { return one.change->at; });
  recent.erase(most, recent.end());
  return recent;
}

Html changes(const Board& board) {
  Html items;
  for (const auto& [watched, change] : recent_changes(board)) {
    Html item = time_element(change->at);
    item += text(" ");
    item += element("a", {{"href", target_path(*watched)}}, text(watched->name, 80));
    item += text(" ");
    item += standing_element(standing_of(change->to));
    item += text(fmt::format(": {}", change->summary), 300);
    items += element("li", {}, item);
  }
  if (items.empty()) return {};
  return element("section", {{"aria-labelledby", "changes"}},
                 element("h2", {{"id", "changes"}}, "Last changes"),
                 element("ol", {{"class", "list"}}, items));
}

}  // namespace

Answer status_page(const Board& board, const Request& request, probe::WallClock::time_point now) {
  const auto selection = read_selection(request);
  if (!selection) return selection.error();
  const auto selected = select(board, *selection);
  const auto last =
      std::max<std::size_t>(1, (selected.places.size() + targets_of_a_page - 1) / targets_of_a_page);
  const auto asked = read_number(request, "page", 1, 1'000'000, 1);
  if (!asked) return asked.error();
  const auto page = std::min(*asked, last);

  const auto places = std::span{selected.places}.subspan((page - 1) * targets_of_a_page);
  const auto trouble = selected.counts[static_cast<std::size_t>(Standing::wrong)];
  const auto all = std::accumulate(selected.counts.begin(), selected.counts.end(), std::size_t{0});
  const auto title = fmt::format("{} of {} targets not as expected", trouble, all);
  Html overview = element("h1", {}, text(title));
  overview += counts(selected, *selection);
  Html live = element("section", {{"class", "overview"}}, overview);
  Html list = places.empty() ? element("p", {}, "No target is like that.")
                             : table(board, places.first(std::min(places.size(), targets_of_a_page)), now);
  list += pages(*selection, page, last);
  live += element("section", {}, element("h2", {}, "Targets"), list);
  live += changes(board);
  return page_answer(board, {title, filter_form(board, *selection), live}, now);
}

}  // namespace fwprobe::monitor
