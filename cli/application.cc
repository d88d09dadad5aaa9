#include "cli/application.h"

#include <algorithm>
#include <array>
#include <ranges>
#include <span>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "allowlist/allowlist.h"
#include "checks/explain.h"
#include "cli/allowlist.h"
#include "cli/check.h"
#include "cli/check_options.h"
#include "cli/command_tree.h"
#include "cli/completion.h"
#include "cli/diff.h"
#include "cli/judge.h"
#include "cli/manual.h"
#include "cli/output.h"
#include "cli/rules.h"
#include "cli/rules_rehearse.h"
#include "cli/run.h"
#include "cli/serve.h"
#include "cli/trace.h"
#include "cli/values.h"
#include "version.h"

namespace fwprobe::cli {
namespace {

constexpr auto footer =
    "Exit codes: 0 passed, 1 failed (or warned, with --strict), 2 wrong usage, 3 could not be measured,\n"
    "130/143 interrupted; with --format nagios: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.\n"
    "HTTP/1.1 over TCP and TLS; HTTP/2, HTTP/3 and DNS over TLS or HTTPS are not spoken.\n";

std::vector<std::string> words_of(const CLI::App& app) {
  std::vector<std::string> words;
  for (const auto* option : app.get_options()) {
    for (const auto& name : option->get_lnames()) words.push_back("--" + name);
    for (const auto& name : option->get_snames()) words.push_back("-" + name);
  }
  for (const auto* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!sub->get_name().empty()) words.push_back(sub->get_name());
    if (sub->get_name().empty()) std::ranges::copy(words_of(*sub), std::back_inserter(words));
  }
  return words;
}

ExitCode refuse(std::string_view message, std::string_view help) {
  return wrong_usage(fmt::format("{} ('fwprobe {}--help' lists what there is)", message, help));
}

/// An option whose value is empty, as from a variable that is not set: it must not count as left out.
std::string empty_value(const CLI::App& verb) {
  for (const auto* option : verb.get_options())
    if (std::ranges::any_of(option->results(), &std::string::empty)) return option->get_name();
  for (const auto* group : verb.get_subcommands([](const CLI::App*) { return true; }))
    if (auto name = empty_value(*group); !name.empty()) return name;
  return {};
}

/// One line that says what is wrong and, where a word is nearly right, what was meant.
ExitCode explain_usage(const CLI::App& app, const CLI::ParseError& error, int argc, const char* const* argv) {
  const auto* verb = &app;
  std::string help;
  int depth = 1;  // where in argv the next verb would stand
  while (!verb->get_subcommands().empty()) {
    verb = verb->get_subcommands().front();
    help += verb->get_name() + " ";
    ++depth;
  }
  const bool wants_verb =
      !verb->get_subcommands([](const CLI::App* sub) { return !sub->get_name().empty(); }).empty();
  if (argc < 2) return refuse("no verb; write 'fwprobe check https://host/'", help);
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr || wants_verb) {
    const auto words = words_of(*verb);
    for (const std::string_view argument : std::span{argv + 1, static_cast<std::size_t>(argc - 1)}) {
      const auto word = argument.substr(0, argument.find('='));
      const bool is_verb_place = wants_verb && depth < argc && argument.data() == argv[depth];
      if (std::ranges::find(words, word) != words.end() || (!word.starts_with("-") && !is_verb_place))
        continue;
      const auto meant = nearest(word, words);
      const auto kind = word.starts_with("-") ? "option" : "verb";
      if (meant.empty()) return refuse(fmt::format("unknown {} '{}'", kind, word), help);
      return refuse(fmt::format("unknown {} '{}'; did you mean '{}'?", kind, word, meant), help);
    }
  }
  std::string message = error.what();
  std::ranges::replace(message, '\n', ' ');
  return refuse(message, help);
}

ExitCode run_explain(const std::string& code) {
  if (code.empty()) return show(checks::explain_all());
  if (const auto cause = checks::cause_from(code)) return show(checks::explain_text(checks::row(*cause)));
  std::vector<std::string> codes;
  for (const auto& row : checks::causes()) codes.emplace_back(row.code);
  const auto meant = nearest(code, codes);
  if (meant.empty())
    return refuse(fmt::format("unknown cause '{}'; 'fwprobe explain' lists them all", code), "explain ");
  return refuse(fmt::format("unknown cause '{}'; did you mean '{}'?", code, meant), "explain ");
}

/// With the values that the definitions name by a word only.
Verb describe_all(const CLI::App& app) {
  auto program = describe(app);
  std::vector<std::string> causes;
  for (const auto& row : checks::causes()) causes.emplace_back(row.code);
  give_words(program, "CAUSE", causes);
  const auto lists = allowlist::published_names();
  give_words(program, "NAME|FILE", {lists.begin(), lists.end()});
  return program;
}

ExitCode run_completion(const std::string& shell, const Verb& program) {
  if (shell == "bash") return show(bash_completion(program));
  if (shell == "zsh") return show(zsh_completion(program));
  if (shell == "fish") return show(fish_completion(program));
  return refuse(fmt::format("'{}' is not a shell that is known; write bash, zsh or fish", shell),
                "completion ");
}

/// What `--format` asks for, told without parsing, since wrong usage must be told in its way as well.
reports::ExitCodes convention_of(std::span<const char* const> arguments) {
  constexpr std::string_view option = "--format";
  for (std::size_t i = 1; i < arguments.size(); ++i) {
    std::string_view word = arguments[i];
    if (!word.starts_with(option)) continue;
    word.remove_prefix(option.size());
    if (word.starts_with("="))
      word.remove_prefix(1);
    else if (word.empty() && i + 1 < arguments.size())
      word = arguments[i + 1];
    if (const auto* format = reports::find_format(word)) return format->exit_codes;
  }
  return reports::ExitCodes::own;
}

/// Whose options are of use. Defining those of all verbs takes longer than everything else before the first
/// packet.
class AskedVerbs {
 public:
  /// Before the verbs' own options stand only --help and --version, which take no value.
  explicit AskedVerbs(std::span<const char* const> arguments) {
    for (const std::string_view argument : arguments.subspan(std::min<std::size_t>(1, arguments.size())))
      if (!argument.starts_with('-') && words_.size() < 2) words_.push_back(argument);
    words_.resize(2);
    everything_ = words_[0] == "completion" || words_[0] == "man";
  }
  bool has(std::string_view verb) const { return everything_ || words_[0] == verb; }
  /// The verb of a verb; empty for all of them.
  std::string_view below() const { return everything_ ? std::string_view{} : words_[1]; }

 private:
  std::vector<std::string_view> words_;
  bool everything_ = false;
};

/// What CLI11 parses, the last word first. It would take "-#service=EC2", standard input with a filter, for
/// options of one letter; with a blank behind the dash it is a word.
std::vector<std::string> words_to_parse(std::span<const char* const> arguments) {
  std::vector<std::string> words;
  for (const std::string_view argument : arguments | std::views::drop(1) | std::views::reverse)
    words.push_back(argument.starts_with("-#") ? fmt::format("- {}", argument.substr(1))
                                               : std::string{argument});
  return words;
}

ExitCode run_verb(int argc, const char* const* argv, const Variables& variables) {
  CLI::App app{
      "fwprobe: can this client reach that service through every firewall in between, and if not, what "
      "stops\n"
      "it, where, and who must change what?",
      "fwprobe"};
  app.require_subcommand(1);
  app.set_version_flag("--version", "fwprobe " FWPROBE_VERSION);
  app.footer(footer);

  const AskedVerbs asked{{argv, static_cast<std::size_t>(argc)}};
  CheckArguments arguments;
  auto* check = app.add_subcommand("check", "measure one or more targets and say what stops them");
  if (asked.has("check")) define_check_options(*check, arguments);
  check->footer(footer);

  RunArguments run_arguments;
  auto* run =
      app.add_subcommand("run", "measure every target of a suite once, with what is expected of each");
  if (asked.has("run")) define_run_options(*run, run_arguments);
  run->footer(footer);

  ServeArguments serve_arguments;
  auto* serve = app.add_subcommand(
      "serve", "measure a suite's targets on schedule, with pages, metrics, history and notices");
  if (asked.has("serve")) define_serve_options(*serve, serve_arguments);

  TraceArguments trace_arguments;
  auto* trace =
      app.add_subcommand("trace", "print the hops to a port as they answer, and where the flow ends");
  if (asked.has("trace")) define_trace_options(*trace, trace_arguments);
  trace->footer(footer);

  JudgeArguments judge_arguments;
  auto* judge =
      app.add_subcommand("judge", "judge the measurements of an earlier JSON report, without a network");
  if (asked.has("judge")) define_judge_options(*judge, judge_arguments);
  judge->footer(footer);

  std::string shell;
  auto* completion = app.add_subcommand("completion", "print the completion script for a shell");
  completion->add_option("bash|zsh|fish", shell, "the shell")->required();
  auto* man = app.add_subcommand("man", "print the manual page, for: man -l -");

  AllowlistArguments allowlist_arguments;
  auto* allowlist = app.add_subcommand("allowlist", "read, compare and export published lists of addresses");
  if (asked.has("allowlist")) define_allowlist_options(*allowlist, allowlist_arguments, asked.below());

  RulesArguments rules_arguments;
  auto* rules = app.add_subcommand("rules", "judge a firewall's exported rules, without its network");
  rules->require_subcommand(1);
  auto* verify =
      rules->add_subcommand("verify", "say for each published address whether the rules let it through");
  if (asked.has("rules")) define_verify_options(*verify, rules_arguments);
  auto* rehearse = rules->add_subcommand(
      "rehearse",
      "try nftables or iptables rules with this machine's kernel: real connections from each address");
  if (asked.has("rules")) define_rules_options(*rehearse, rules_arguments);

  DiffArguments diff_arguments;
  auto* diff = app.add_subcommand("diff", "say what got better, got worse or moved between two JSON reports");
  if (asked.has("diff")) define_diff_options(*diff, diff_arguments);
  diff->footer("Exit codes: 0 nothing got worse, 1 something did, 2 wrong usage or an unusable report.\n");

  std::string code;
  auto* explain = app.add_subcommand("explain", "print a cause's page, or list all causes");
  explain->add_option("CAUSE", code, "such as tcp.filtered");

  try {
    app.parse(words_to_parse({argv, static_cast<std::size_t>(argc)}));
  } catch (const CLI::Success& success) {  // --help, --version
    app.exit(success);
    return ExitCode::passed;
  } catch (const CLI::ParseError& error) {
    return explain_usage(app, error, argc, argv);
  }
  for (const auto* verb : app.get_subcommands())
    if (const auto option = empty_value(*verb); !option.empty())
      return refuse(fmt::format("{}: the value is empty", option), verb->get_name() + " ");
  if (allowlist->parsed()) return run_allowlist(*allowlist, allowlist_arguments, variables);
  if (explain->parsed()) return run_explain(code);
  if (completion->parsed()) return run_completion(shell, describe_all(app));
  if (man->parsed()) return show(manual_page(describe_all(app), FWPROBE_VERSION));
  if (verify->parsed()) return run_rules_verify(rules_arguments);
  if (rehearse->parsed()) return run_rules_rehearse(rules_arguments, variables);
  if (diff->parsed()) return run_diff(diff_arguments, variables);
  if (run->parsed()) return run_suite(run_arguments, variables);
  if (serve->parsed()) return run_serve(serve_arguments, variables);
  if (trace->parsed()) return run_trace(trace_arguments, variables);
  return judge->parsed() ? run_judge(judge_arguments, variables) : run_check(arguments, variables);
}

}  // namespace

int run(int argc, const char* const* argv, const Variables& variables) {
  const auto code = run_verb(argc, argv, variables);
  return exit_status(code, convention_of({argv, static_cast<std::size_t>(argc)}));
}

}  // namespace fwprobe::cli
