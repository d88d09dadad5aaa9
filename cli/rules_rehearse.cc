#include "cli/rules_rehearse.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "checks/rehearsal.h"
#include "cli/output.h"
#include "reports/rehearsal_report.h"
#include "reports/value_text.h"

namespace fwprobe::cli {
namespace {

using checks::Status;

std::string as_it_is(const std::string& text) { return text; }

/// nft lists maps in front of the chains that their elements jump to, and does not load them so (measured,
/// nftables 1.0.6).
std::string with_chains_first(const std::string& text) {
  using Json = nlohmann::ordered_json;
  auto listing = Json::parse(text);
  constexpr std::string_view first[] = {"metainfo", "table", "chain"};
  std::multimap<std::ptrdiff_t, Json> ordered;
  for (auto& object : listing["nftables"])
    ordered.emplace(std::ranges::find(first, object.begin().key()) - std::begin(first), std::move(object));
  auto place = listing["nftables"].begin();
  for (auto& [rank, object] : ordered) *place++ = std::move(object);
  return listing.dump();
}

/// What loads a format's files, by the family that they speak for.
struct Loader {
  std::string_view format;
  std::string_view program, program_v6;
  std::vector<std::string> arguments;
  std::string_view package;
  std::string (*input)(const std::string& text) = as_it_is;
};

const std::vector<Loader>& loaders() {
  static const std::vector<Loader> all{
      {"nftables (JSON)", "nft", "nft", {"-j", "-f", "-"}, "nftables", with_chains_first},
      {"nftables (text)", "nft", "nft", {"-f", "-"}, "nftables"},
      {"iptables-save", "iptables-restore", "ip6tables-restore", {}, "iptables"},
  };
  return all;
}

ExitCode not_possible(std::string_view message) {
  complain(message);
  return ExitCode::not_measured;
}

/// In the directories of PATH and the sbin beside each bin, which ordinary users seldom have in theirs.
std::string find_program(std::string_view name, const Variables& variables) {
  const auto path = variables.find("PATH");
  std::string_view rest = path == variables.end() ? std::string_view{} : path->second;
  while (!rest.empty()) {
    const auto directory = rest.substr(0, rest.find(':'));
    rest.remove_prefix(std::min(rest.size(), directory.size() + 1));
    if (!directory.starts_with('/')) continue;
    std::vector<std::string> places{fmt::format("{}/{}", directory, name)};
    if (directory.ends_with("/bin"))
      places.push_back(fmt::format("{}/sbin/{}", directory.substr(0, directory.size() - 4), name));
    for (auto& place : places)
      if (::access(place.c_str(), X_OK) == 0) return std::move(place);
  }
  return {};
}

std::string not_installed(std::string_view program, std::string_view package) {
  return fmt::format("a rehearsal needs the program {}, which is not in PATH (Debian: apt install {})",
                     program, package);
}

struct Unready {
  ExitCode code = ExitCode::not_measured;
  std::string message;
};

bool speaks_for_v6(const allowlist::Ruleset& ruleset) { return !ruleset.speaks_for.sources().v6().empty(); }

std::expected<probe::RuleLoad, Unready> load_of(const allowlist::Ruleset& ruleset, const std::string& text,
                                                const Variables& variables) {
  const auto loader = std::ranges::find(loaders(), ruleset.format, &Loader::format);
  if (loader == loaders().end())
    return std::unexpected{Unready{
        ExitCode::usage,
        fmt::format("--rules: {} is {}; only nftables and iptables-save can be rehearsed, as only they are "
                    "loaded into a kernel",
                    ruleset.origin, ruleset.format)}};
  const auto program = speaks_for_v6(ruleset) ? loader->program_v6 : loader->program;
  const auto path = find_program(program, variables);
  if (path.empty()) return std::unexpected{Unready{{}, not_installed(program, loader->package)}};
  probe::RuleLoad load{{path}, loader->input(text), ruleset.origin};
  std::ranges::copy(loader->arguments, std::back_inserter(load.command));
  return load;
}

/// What is the same for every service.
std::expected<probe::Rehearsal, Unready> prepare(const RulesJob& job, const RulesArguments& arguments,
                                                 const Variables& variables) {
  probe::Rehearsal rehearsal;
  std::set<std::string> programs;
  for (std::size_t i = 0; i < job.rulesets.size(); ++i) {
    auto load = load_of(job.rulesets[i], job.texts[i], variables);
    if (!load) return std::unexpected{load.error()};
    if (!programs.insert(load->command.front()).second)
      return std::unexpected{Unready{
          ExitCode::usage,
          fmt::format("--rules: {} cannot be loaded into one kernel beside the file before; give one file of "
                      "each kind",
                      load->origin)}};
    rehearsal.rules.push_back(std::move(*load));
  }
  rehearsal.ip = find_program("ip", variables);
  if (rehearsal.ip.empty()) return std::unexpected{Unready{{}, not_installed("ip", "iproute2")}};
  if (!arguments.interface.empty()) rehearsal.interface = arguments.interface;
  if (job.questions.front().position == allowlist::Position::behind)
    rehearsal.place = probe::ServicePlace::behind_firewall;
  return rehearsal;
}

/// As the kernel's dev_valid_name() has it, and none that the rehearsal's network has already.
bool is_usable_interface(std::string_view name) {
  constexpr std::size_t longest = 15;
  constexpr std::string_view taken[] = {"lo", "fwprobe1", "all", "default", ".", ".."};
  return name.size() <= longest && name.find_first_of("/: \t\n\v\f\r%") == std::string_view::npos &&
         std::ranges::find(taken, name) == std::end(taken);
}

std::expected<reports::RehearsalAnswer, Unready> answer(const RulesJob& job, checks::RulesQuestion question,
                                                        probe::Rehearsal rehearsal) {
  const auto failed = [](ExitCode code, std::string message) {
    return std::unexpected{Unready{code, std::move(message)}};
  };
  question.list = &job.list;
  auto computed = checks::judge_rules(job.rulesets, question);
  if (!computed) return failed(ExitCode::not_measured, computed.error());
  const auto plan = checks::plan_rehearsal(job.rulesets, question, *computed);
  if (!plan) return failed(ExitCode::not_measured, plan.error());
  rehearsal.service = *question.service;
  rehearsal.sources = plan->sources;
  rehearsal.translated = plan->translated;
  const auto result = probe::rehearse(rehearsal);
  if (!result) {
    const bool refused = result.error().kind == probe::RehearsalFailure::Kind::rules_refused;
    return failed(refused ? ExitCode::usage : ExitCode::not_measured, result.error().message);
  }
  reports::RehearsalAnswer answer;
  answer.list = job.list.name;
  answer.service = reports::endpoint_text(question.service->address(), question.service->port());
  for (const auto& ruleset : job.rulesets) answer.files.push_back(ruleset.origin);
  answer.interface = rehearsal.interface;
  answer.entries = checks::judge_rehearsal(*plan, *computed, *result);
  answer.computed = std::move(*computed);
  return answer;
}

ExitCode exit_code(const std::vector<reports::RehearsalAnswer>& answers) {
  bool failed = false;
  bool unknown = false;
  for (const auto& one : answers) {
    if (std::ranges::count(one.entries, checks::RehearsalVerdict::disagrees,
                           &checks::RehearsedEntry::verdict) > 0)
      return ExitCode::not_measured;
    failed |= checks::status(one.entries) == Status::fail;
    unknown |= checks::status(one.entries) == Status::error;
  }
  if (failed) return ExitCode::failed;
  return unknown ? ExitCode::not_measured : ExitCode::passed;
}

ExitCode fail(const Unready& unready) {
  return unready.code == ExitCode::usage ? wrong_usage(unready.message) : not_possible(unready.message);
}

}  // namespace

ExitCode run_rules_rehearse(const RulesArguments& arguments, const Variables& variables) {
  const auto job = understand(arguments);
  if (!job) return wrong_usage(job.error().message);
  if (job->list.direction != allowlist::Direction::inbound)
    return wrong_usage(
        "--direction: only inbound lists can be rehearsed; 'fwprobe rules verify' judges outbound ones");
  if (!is_usable_interface(arguments.interface))
    return wrong_usage(
        fmt::format("--interface: '{}' cannot be the name of an interface here", arguments.interface));
  const auto rehearsal = prepare(*job, arguments, variables);
  if (!rehearsal) return fail(rehearsal.error());
  std::vector<reports::RehearsalAnswer> answers;
  for (const auto& question : job->questions) {
    auto one = answer(*job, question, *rehearsal);
    if (!one) return fail(one.error());
    answers.push_back(std::move(*one));
  }
  std::string text;
  if (job->format == DocumentFormat::json)
    text = reports::rehearsal_json(answers);
  else
    for (const auto& one : answers) text += (text.empty() ? "" : "\n") + reports::rehearsal_text(one);
  if (const auto written = write_all(STDOUT_FILENO, text); !written)
    return not_possible("standard output: " + written.error());
  return exit_code(answers);
}

}  // namespace fwprobe::cli
