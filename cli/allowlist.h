#pragma once
// `fwprobe allowlist`: published lists on the command line. A new verb is a file and a row of allowlist.cc.

#include <chrono>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/App.hpp>

#include "allowlist/allowlist.h"
#include "allowlist/load_set.h"
#include "cli/allowlist_check.h"
#include "cli/allowlist_update.h"
#include "cli/usage.h"

namespace fwprobe::cli {

/// What the user typed.
struct AllowlistArguments {
  std::string list;                    ///< NAME or FILE, as docs/allowlists.md has it
  std::string other;                   ///< the second one
  std::vector<std::string> lists;      ///< of merge
  std::vector<std::string> addresses;  ///< of contains
  std::string input;                   ///< of contains: a file of addresses
  std::string format, name;            ///< of export
  std::vector<std::string> ports;
  AllowlistCheckArguments check;
  AllowlistUpdateArguments update;
};

/// A row of allowlist.cc.
struct AllowlistVerb {
  std::string_view name;
  const char* what;
  void (*define)(CLI::App& verb, AllowlistArguments& arguments);
  ExitCode (*run)(const AllowlistArguments& arguments, const Variables& variables);
};

/// Defines the verbs, with the options of the one that is `asked`, of all when that is empty; parsing fills
/// `arguments`.
void define_allowlist_options(CLI::App& verb, AllowlistArguments& arguments, std::string_view asked);
/// Runs the verb that was parsed.
ExitCode run_allowlist(const CLI::App& verb, const AllowlistArguments& arguments, const Variables& variables);

void define_lists(CLI::App& verb, AllowlistArguments& arguments);
ExitCode run_lists(const AllowlistArguments& arguments, const Variables& variables);
void define_show(CLI::App& verb, AllowlistArguments& arguments);
ExitCode run_show(const AllowlistArguments& arguments, const Variables& variables);
void define_contains(CLI::App& verb, AllowlistArguments& arguments);
ExitCode run_contains(const AllowlistArguments& arguments, const Variables& variables);
void define_merge(CLI::App& verb, AllowlistArguments& arguments);
ExitCode run_merge(const AllowlistArguments& arguments, const Variables& variables);
void define_pair(CLI::App& verb, AllowlistArguments& arguments);
ExitCode run_intersect(const AllowlistArguments& arguments, const Variables& variables);
ExitCode run_subtract(const AllowlistArguments& arguments, const Variables& variables);
void define_diff(CLI::App& verb, AllowlistArguments& arguments);
ExitCode run_diff(const AllowlistArguments& arguments, const Variables& variables);
void define_export(CLI::App& verb, AllowlistArguments& arguments);
ExitCode run_export(const AllowlistArguments& arguments, const Variables& variables);

// ---- for the verbs

std::chrono::year_month_day today();
/// What a list's reader left out or warns of, on standard error.
void show_notes(std::string_view list, const std::vector<std::string>& notes);
/// A list, or the set of its addresses; what is remarkable is said.
std::expected<allowlist::Allowlist, UsageError> load_list(const std::string& name, const Variables& variables,
                                                          allowlist::Entries entries);
std::expected<allowlist::PrefixSet, UsageError> load_addresses(const std::string& name,
                                                               const Variables& variables);
/// All of it to standard output; exit code 3 when that fails.
ExitCode show(std::string_view text, ExitCode code = ExitCode::passed);

}  // namespace fwprobe::cli
