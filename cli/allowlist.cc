#include "cli/allowlist.h"

#include <algorithm>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "cli/kept_files.h"
#include "cli/output.h"

namespace fwprobe::cli {
namespace {

constexpr AllowlistVerb verbs[] = {
    {"list", "the lists that are built in, and those that can be fetched", define_lists, run_lists},
    {"show", "what a list says: where it is from, and its entries", define_show, run_show},
    {"contains", "whether a list holds addresses, and by which entry", define_contains, run_contains},
    {"merge", "the addresses of all lists, as the fewest prefixes", define_merge, run_merge},
    {"intersect", "the addresses that are in both lists", define_pair, run_intersect},
    {"subtract", "the addresses of the first list that are not in the second", define_pair, run_subtract},
    {"diff", "which addresses were added and removed between two lists", define_diff, run_diff},
    {"export", "a list as rules that a firewall can load", define_export, run_export},
    {"check", "whether this network can reach every entry of an outbound list",
     [](CLI::App& verb, AllowlistArguments& arguments) { define_allowlist_check(verb, arguments.check); },
     [](const AllowlistArguments& arguments, const Variables& variables) {
       return run_allowlist_check(arguments.check, variables);
     }},
    {"update", "fetch a publisher's list, keep it, and say what changed",
     [](CLI::App& verb, AllowlistArguments& arguments) { define_allowlist_update(verb, arguments.update); },
     [](const AllowlistArguments& arguments, const Variables& variables) {
       return run_allowlist_update(arguments.update, variables);
     }},
};

constexpr auto footer =
    "LIST is the name of a list (fwprobe allowlist list), a file, or - for standard input. A file may be "
    "our\n"
    "YAML, a publisher's own JSON (AWS, Azure service tags, GitHub, Atlassian, Google, Cloudflare, Fastly,\n"
    "Oracle, Microsoft 365, Buildkite), CSV with a header, or plain text. Filters choose a part:\n"
    "'aws.json#service=EC2|S3,region=eu-west-1'.\n";

}  // namespace

void define_allowlist_options(CLI::App& verb, AllowlistArguments& arguments, std::string_view asked) {
  verb.require_subcommand(1);
  verb.footer(footer);
  for (const auto& row : verbs) {
    auto* one = verb.add_subcommand(std::string{row.name}, row.what);
    if (asked.empty() || asked == row.name) row.define(*one, arguments);
    one->footer(footer);
  }
}

ExitCode run_allowlist(const CLI::App& verb, const AllowlistArguments& arguments,
                       const Variables& variables) {
  const auto name = verb.get_subcommands().front()->get_name();
  return std::ranges::find(verbs, name, &AllowlistVerb::name)->run(arguments, variables);
}

std::chrono::year_month_day today() {
  return std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now());
}

void show_notes(std::string_view list, const std::vector<std::string>& notes) {
  for (const auto& note : notes) complain(fmt::format("warning: {}: {}", list, note));
}

std::expected<allowlist::Allowlist, UsageError> load_list(const std::string& name, const Variables& variables,
                                                          allowlist::Entries entries) {
  auto list = allowlist::load(name, {kept_lists(variables), entries});
  if (!list) return std::unexpected{UsageError{std::move(list.error().message)}};
  show_notes(name, list->notes);
  return std::move(*list);
}

std::expected<allowlist::PrefixSet, UsageError> load_addresses(const std::string& name,
                                                               const Variables& variables) {
  auto loaded = allowlist::load_set(name, {kept_lists(variables), allowlist::Entries::all}, today());
  if (!loaded) return std::unexpected{UsageError{std::move(loaded.error().message)}};
  show_notes(name, loaded->notes);
  return std::move(loaded->addresses);
}

ExitCode show(std::string_view text, ExitCode code) {
  if (const auto written = write_all(STDOUT_FILENO, text); !written) {
    complain("standard output: " + written.error());
    return ExitCode::not_measured;
  }
  return code;
}

}  // namespace fwprobe::cli
