#include "cli/trace_options.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

namespace fwprobe::cli {

void define_trace_options(CLI::App& verb, TraceArguments& a) {
  verb.add_option("TARGET", a.target,
                  "host[:port] (port 443 when none is given), or a URL, whose port is meant")
      ->required();
  define_network_options(verb, a.check);
  verb.add_option("--deadline", a.check.deadline, "for the whole run")
      ->type_name("DUR")
      ->group(connection_group)
      ->capture_default_str();
  constexpr int most_hops = 64;  // no way through the Internet is longer
  verb.add_option("--hops", a.hops, "the longest lifetime (TTL, hop limit) that is sent")
      ->type_name("N")
      ->group(connection_group)
      ->check(CLI::Range(1, most_hops))
      ->capture_default_str();
  verb.add_flag("--no-names", a.no_names, "do not ask DNS for the hops' names")->group(names_group);
  define_output_options(verb, a.check.output);
  verb.add_option("--site", a.check.site, "label of this vantage point")
      ->type_name("NAME")
      ->group(output_group);
}

std::expected<CheckJob, UsageError> understand(const TraceArguments& arguments, const Variables& variables) {
  auto check = arguments.check;
  check.targets = {arguments.target};
  check.profile = "tcp";
  check.trace = "always";
  check.no_proxy = true;  // it is the way from here to the port that is asked for
  auto job = understand(check, variables);
  if (!job) return job;
  job->settings.hops = arguments.hops;
  job->settings.hop_names = !arguments.no_names;
  job->output.hops = true;
  return job;
}

}  // namespace fwprobe::cli
