#include "cli/run.h"

#include <algorithm>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>

#include "cli/allowlist.h"
#include "cli/measure.h"
#include "cli/open_files.h"
#include "cli/progress.h"
#include "cli/reading.h"
#include "cli/suite/suite.h"
#include "reports/escape.h"
#include "text/ascii.h"

namespace fwprobe::cli {
namespace {

/// So many targets at once when neither the suite nor the command line says it.
constexpr std::size_t usual_jobs = 200;

Parsed<std::size_t> parse_jobs(std::string_view text) {
  constexpr std::size_t most = 100'000;
  const auto count = whole_number<std::size_t>(text);
  if (count && *count >= 1 && *count <= most) return *count;
  return std::unexpected{fmt::format("'{}' is not a number from 1 to {}", text, most)};
}

/// What of the plan is asked for; the error names a word that chooses nothing.
Parsed<std::vector<const monitor::Watched*>> chosen(const monitor::Plan& plan,
                                                    const std::vector<std::string>& only) {
  const auto is_called = [](const monitor::Watched& watched, const std::string& word) {
    return watched.id == word || watched.group == word ||
           std::ranges::find(watched.tags, word) != watched.tags.end();
  };
  for (const auto& word : only) {
    if (std::ranges::any_of(plan.targets, [&](const auto& watched) { return is_called(watched, word); }))
      continue;
    std::vector<std::string> known;
    for (const auto& watched : plan.targets) {
      known.insert(known.end(), {watched.id, watched.group});
      known.insert(known.end(), watched.tags.begin(), watched.tags.end());
    }
    const auto meant = nearest(word, known);
    return std::unexpected{
        fmt::format("'{}' is no tag, group or id of the suite; {}", word,
                    meant.empty() ? "--dry-run lists them" : fmt::format("did you mean '{}'?", meant))};
  }
  std::vector<const monitor::Watched*> all;
  for (const auto& watched : plan.targets)
    if (only.empty() || std::ranges::any_of(only, [&](const auto& word) { return is_called(watched, word); }))
      all.push_back(&watched);
  return all;
}

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

/// One line: how it is called, what is measured, what is expected, and how.
std::string line(const monitor::Watched& watched) {
  auto text =
      fmt::format("{}  {}  expect {}", watched.id, watched.target.text(), checks::text(watched.expect));
  if (!watched.group.empty()) text += "  group " + watched.group;
  if (!watched.tags.empty()) text += "  tags " + joined(watched.tags);
  if (!watched.manner.options->empty()) text += "  " + *watched.manner.options;
  return reports::printable(text, 2000) + "\n";
}

ExitCode show_plan(const std::vector<const monitor::Watched*>& targets, const Work& work) {
  std::string text;
  for (const auto* watched : targets) text += line(*watched);
  text += fmt::format(
      "{} target{}, at most {} at the same time and {} to one host and port; nothing was measured\n",
      targets.size(), targets.size() == 1 ? "" : "s", work.jobs, work.per_destination);
  return show(text);
}

}  // namespace

void define_run_options(CLI::App& verb, RunArguments& a) {
  verb.add_option("SUITE", a.suite, "the suite file (docs/suites.md)")->type_name("FILE")->required();
  repeatable(
      verb.add_option("--only", a.only, "only targets with this tag, group or id (repeatable: any of these)")
          ->type_name("TAG|GROUP|ID"));
  verb.add_option("--jobs", a.jobs, "so many targets at the same time; default: the suite's, else 200")
      ->type_name("N");
  verb.add_flag("--dry-run", a.dry_run, "print what would be measured, and measure nothing");
  define_output_options(verb, a.output);
}

ExitCode run_suite(const RunArguments& arguments, const Variables& variables) {
  Reading read;
  Output output;
  understand_output(arguments.output, read, output);
  std::optional<std::size_t> jobs;
  read.one(
      "--jobs", arguments.jobs,
      [](std::string_view text) -> Parsed<std::optional<std::size_t>> { return parse_jobs(text); }, jobs);
  if (read.error()) return wrong_usage(read.error()->message);
  const auto suite = read_suite(arguments.suite, variables);
  if (!suite) return wrong_usage(suite.error().message);
  const auto& plan = suite->plan;
  const auto targets = chosen(plan, arguments.only);
  if (!targets) return wrong_usage("--only: " + targets.error());
  for (const auto& note : suite->notes) complain(note);

  Work work;
  work.jobs = std::min(jobs.value_or(plan.jobs == 0 ? usual_jobs : plan.jobs), targets->size());
  work.per_destination = plan.per_destination;
  if (arguments.dry_run) return show_plan(*targets, work);
  std::size_t each = 1;
  for (const auto* watched : *targets) {
    each = std::max(each, descriptors(*watched));
    work.items.push_back({&watched->target, watched->manner.settings.get(), watched->manner.contexts.get(),
                          watched->manner.limits, watched->expect});
  }
  work.jobs = affordable(work.jobs, each);

  Progress progress{LiveLines::mode(output.quiet), targets->size()};
  auto measured = measure(work, progress);
  progress.clear();
  for (std::size_t i = 0; i < targets->size(); ++i)
    measured.report.targets[i].settings = (*targets)[i]->manner.settings;
  measured.report.vantage.egress = targets->front()->manner.settings->egress;
  if (!plan.site.empty()) measured.report.vantage.site = plan.site;
  return deliver(output, measured, variables);
}

}  // namespace fwprobe::cli
