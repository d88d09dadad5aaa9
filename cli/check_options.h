#pragma once
// The options of `fwprobe check`: their definition for the command line, and their way into Settings.

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <CLI/App.hpp>

#include "checks/settings.h"
#include "checks/target.h"
#include "cli/output_options.h"
#include "cli/token.h"
#include "cli/usage.h"

namespace fwprobe::cli {

/// What the user typed, before any of it is understood.
struct CheckArguments {
  std::vector<std::string> targets;
  std::vector<std::string> dns_servers, overrides, expected_addresses, headers, allowlists, egress,
      ssh_fingerprints;
  std::string source, ca_file, client_cert, client_key, sni, proxy, expected_statuses, profile, collection,
      trace = "auto";
  std::string timeout = "5s", deadline = "30s", site;
  TokenSource token;
  int attempts = 1;
  std::string idle, upload;
  bool methods = false;
  bool ipv4 = false, ipv6 = false, expect_public = false, expect_private = false, no_proxy = false;
  OutputArguments output;
};

/// A run that can start.
struct CheckJob {
  std::vector<checks::Target> targets;
  checks::Settings settings;
  probe::HttpLimits limits;  ///< of each response
  Output output;
};

/// The headings under which --help lists them.
inline constexpr auto names_group = "Names and addresses";
inline constexpr auto connection_group = "Connection";

/// Those that say from where, to which addresses, and how patiently is measured.
void define_network_options(CLI::App& verb, CheckArguments& arguments);

/// Defines the options on `verb`; parsing fills `arguments`.
void define_check_options(CLI::App& verb, CheckArguments& arguments);

/// How any target is measured: the arguments without targets and output. The first thing that is wrong is the
/// error.
std::expected<checks::Settings, UsageError> understand_settings(const CheckArguments& arguments,
                                                                const Variables& variables);
/// -4, -6, or the family of the address that --source binds; none: both.
std::expected<std::optional<checks::Family>, UsageError> family_asked(const CheckArguments& arguments,
                                                                      const probe::TcpSource& source);
/// A target as the profile has it.
std::expected<checks::Target, std::string> understand_target(std::string_view text,
                                                             const checks::Settings& settings);
/// What of the settings these targets rule out; nothing: they fit.
std::optional<UsageError> misfit(std::span<const checks::Target> targets, const checks::Settings& settings);

/// All of them; the first thing that is wrong is the error.
std::expected<CheckJob, UsageError> understand(const CheckArguments& arguments, const Variables& variables);

}  // namespace fwprobe::cli
