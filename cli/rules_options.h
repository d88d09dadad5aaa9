#pragma once
// The options of `fwprobe rules verify` and `rehearse`.

#include <string>
#include <vector>

#include <CLI/App.hpp>

#include "allowlist/rules/formats.h"
#include "checks/rules_verdict.h"
#include "cli/output_options.h"
#include "cli/usage.h"

namespace fwprobe::cli {

/// What the user typed.
struct RulesArguments {
  std::vector<std::string> rules, services, sources;
  std::string allowlist, direction, interface, format = "text";
  bool behind = false, strict = false;
};

/// What can be judged: everything is read.
struct RulesJob {
  std::vector<allowlist::Ruleset> rulesets;
  std::vector<std::string> texts;  ///< of the files, without a byte order mark
  allowlist::Allowlist list;
  std::vector<checks::RulesQuestion> questions;  ///< one for each service; their `list` is not set
  DocumentFormat format = DocumentFormat::text;
  bool strict = false;
};

/// Those that both verbs have.
void define_rules_options(CLI::App& verb, RulesArguments& arguments);
/// And those that only `verify` has.
void define_verify_options(CLI::App& verb, RulesArguments& arguments);
std::expected<RulesJob, UsageError> understand(const RulesArguments& arguments);

}  // namespace fwprobe::cli
