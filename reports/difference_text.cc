// What changed between two runs, as text, JSON and Markdown.

#include <algorithm>

#include <fmt/format.h>

#include "reports/difference.h"
#include "reports/escape.h"
#include "reports/json_forms.h"
#include "reports/text_layout.h"

namespace fwprobe::reports {
namespace {

constexpr Trend trends[] = {Trend::worse, Trend::better, Trend::moved, Trend::same};

struct Look {
  const char* word;
  const char* mark;
  Color color;
};

Look look(Trend trend) {
  switch (trend) {
    case Trend::worse:
      return {"WORSE", "✗", Color::red};
    case Trend::better:
      return {"BETTER", "✓", Color::green};
    case Trend::moved:
      return {"MOVED", "~", Color::yellow};
    case Trend::same:
      break;
  }
  return {"SAME", "=", Color::dim};
}

bool in_both(const TargetDifference& target) { return target.before && target.after; }

/// "1 worse, 3 same"
std::string counts(const Difference& difference) {
  std::string text;
  for (const auto trend : trends) {
    const auto count = std::ranges::count_if(
        difference.targets, [&](const auto& target) { return in_both(target) && target.trend() == trend; });
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, name(trend));
  }
  const auto single = std::ranges::count(difference.targets, false, in_both);
  if (single > 0) text += fmt::format("{}{} only in one", text.empty() ? "" : ", ", single);
  return text;
}

std::string statuses(const TargetDifference& target) {
  if (!target.before) return fmt::format("{}, only in the second report", checks::name(*target.after));
  if (!target.after) return fmt::format("{}, only in the first report", checks::name(*target.before));
  if (target.before == target.after) return std::string{checks::name(*target.after)};
  return fmt::format("{} → {}", checks::name(*target.before), checks::name(*target.after));
}

std::string words(const Change& change) {
  const auto shown = [](const std::string& text) { return printable(text, prose); };
  if (change.before.empty()) return "new: " + shown(change.after);
  if (change.after.empty()) return "gone: " + shown(change.before);
  return shown(change.before) + " → " + shown(change.after);
}

std::string runs(const Difference& difference) {
  return fmt::format("from {} at {} to {} at {}", difference.before.vantage, difference.before.started,
                     difference.after.vantage, difference.after.started);
}

Json run_json(const Difference::Run& run) {
  return {{"id", run.id}, {"started", run.started}, {"vantage", run.vantage}};
}

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json status_json(const std::optional<checks::Status>& status) {
  return status ? Json(checks::name(*status)) : Json(nullptr);
}

}  // namespace

std::string render_difference_text(const Difference& difference, const TextStyle& style) {
  Page page{style};
  for (const auto& target : difference.targets) {
    const auto how = look(target.trend());
    page.item(fmt::format("{:<8}", in_both(target) ? how.word : "ONE"),
              fmt::format("{}: {}", printable(target.target), statuses(target)), how.color, Color::bold);
    for (const auto& change : target.changes)
      page.item(fmt::format("  {} {:<12}", look(change.trend).mark, change.what), words(change),
                look(change.trend).color);
  }
  page.blank();
  for (const auto& note : difference.notes) page.item("  - ", note);
  page.item("", counts(difference) + "; " + printable(runs(difference), prose), Color::none, Color::dim);
  return std::move(page).take();
}

std::string render_difference_json(const Difference& difference, const TextStyle&) {
  Json json{{"schema", "fwprobe/diff/v1"},         {"before", run_json(difference.before)},
            {"after", run_json(difference.after)}, {"worse", difference.got_worse()},
            {"notes", difference.notes},           {"targets", Json::array()}};
  for (const auto& target : difference.targets) {
    Json one{{"target", target.target},
             {"trend", name(target.trend())},
             {"before", status_json(target.before)},
             {"after", status_json(target.after)},
             {"changes", Json::array()}};
    for (const auto& change : target.changes)
      one["changes"].push_back({{"what", change.what},
                                {"trend", name(change.trend)},
                                {"before", text_or_null(change.before)},
                                {"after", text_or_null(change.after)}});
    json["targets"].push_back(std::move(one));
  }
  constexpr int indent = 2;
  return json.dump(indent, ' ', true, Json::error_handler_t::replace) + "\n";
}

std::string render_difference_markdown(const Difference& difference, const TextStyle&) {
  constexpr std::size_t comment_limit = 64'000;  // of 65,536: GitHub
  auto text =
      fmt::format("## fwprobe: {}\n\n| | target | what | before | after |\n| --- | --- | --- | --- | --- |\n",
                  counts(difference));
  std::size_t left_out = 0;
  for (const auto& target : difference.targets) {
    auto rows =
        fmt::format("| **{}** | {} | {} | | |\n", in_both(target) ? name(target.trend()) : "only in one",
                    markdown_code(target.target, 200), statuses(target));
    for (const auto& change : target.changes)
      rows += fmt::format("| {} | | {} | {} | {} |\n", name(change.trend), change.what,
                          change.before.empty() ? "" : markdown_code(change.before, 400),
                          change.after.empty() ? "" : markdown_code(change.after, 400));
    if (text.size() + rows.size() > comment_limit)
      ++left_out;
    else
      text += rows;
  }
  text += "\n";
  if (left_out > 0) text += fmt::format("… {} more targets; --format json has them\n\n", left_out);
  for (const auto& note : difference.notes) text += "- " + markdown_text(note) + "\n";
  return text + "\n" + markdown_code(runs(difference), 300) + "\n";
}

}  // namespace fwprobe::reports
