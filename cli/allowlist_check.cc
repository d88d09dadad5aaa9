#include "cli/allowlist_check.h"

#include <algorithm>
#include <csignal>
#include <exception>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/signal_set.hpp>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include "checks/list_findings.h"
#include "cli/allowlist.h"
#include "cli/deliver.h"
#include "cli/measure.h"
#include "cli/output.h"
#include "cli/reach_progress.h"
#include "cli/reading.h"
#include "reports/reach.h"
#include "reports/run_mark.h"
#include "text/ascii.h"

namespace fwprobe::cli {
namespace {

using allowlist::Direction;

/// Descriptors that are not for connections: traces, resolvers, and our own.
constexpr std::size_t other_descriptors = 400;

struct Job {
  allowlist::Allowlist list;
  std::vector<checks::Finding> findings;  ///< of the list itself
  std::vector<checks::ReachPlan> plans;
  checks::Settings settings;
  probe::SweepLimits limits;
  Output output;
};

struct Surveyed {
  reports::ReachReport report;
  int signal = 0;  ///< that ended it; 0: none
};

/// "100", "100/s".
Parsed<std::size_t> parse_rate(std::string_view text) {
  const auto digits = text.ends_with("/s") ? text.substr(0, text.size() - 2) : text;
  const auto rate = whole_number<std::size_t>(digits);
  constexpr std::size_t most = 100'000;
  if (!rate || *rate == 0 || *rate > most)
    return std::unexpected{fmt::format("'{}' is not a rate from 1/s to {}/s, such as 100/s", text, most)};
  return *rate;
}

Parsed<checks::TraceMode> parse_trace(std::string_view text) {
  if (text == "auto") return checks::TraceMode::automatic;
  if (text == "never") return checks::TraceMode::never;
  return std::unexpected{fmt::format("'{}' is not one of auto and never", text)};
}

/// As many as the process may have, and no more than were asked for.
std::size_t connections_at_once(int asked) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 16;
  const auto wanted = static_cast<rlim_t>(asked) + other_descriptors;
  if (limit.rlim_cur < wanted) {
    limit.rlim_cur = std::min(limit.rlim_max, wanted);
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) static_cast<void>(::getrlimit(RLIMIT_NOFILE, &limit));
  }
  const auto room =
      limit.rlim_cur > other_descriptors ? limit.rlim_cur - other_descriptors : limit.rlim_cur / 4;
  return std::clamp<std::size_t>(room, 1, static_cast<std::size_t>(asked));
}

bool is_known(const reports::Format& format) { return format.name == "text" || format.name == "json"; }

std::string render(const reports::ReachReport& report, const reports::Format& format,
                   const reports::TextStyle& style) {
  return format.name == "json" ? reports::render_json(report) : reports::render_text(report, style);
}

std::expected<Job, UsageError> understand(const AllowlistCheckArguments& a, const Variables& variables) {
  Job job;
  Reading read;
  const auto& check = a.check;
  checks::ReachChoice choice;
  read.refuse(check.ipv4 && check.ipv6,
              "-4 and -6 exclude each other; leave both out to probe both families");
  read.many("--dns-server", check.dns_servers, parse_resolver, job.settings.dns_servers);
  read.many("--resolve", check.overrides, parse_override, job.settings.overrides);
  read.one("--source", check.source, parse_source, job.settings.source);
  read.one("--timeout", check.timeout, parse_duration, job.settings.timeout);
  read.one("--trace", check.trace, parse_trace, job.settings.trace);
  read.one("--rate", a.rate, parse_rate, job.limits.per_second);
  understand_output(check.output, read, job.output);
  read.refuse(!is_known(*job.output.format), "--format: the check of a list is text or json");
  for (const auto& file : job.output.reports)
    read.refuse(!is_known(*file.format), "--report: the check of a list is text or json");
  if (read.error()) return std::unexpected{*read.error()};
  const auto family = family_asked(check, job.settings.source);
  if (!family) return std::unexpected{family.error()};
  choice.family = job.settings.family = *family;
  if (a.all)
    choice.sample.reset();
  else
    choice.sample = static_cast<std::size_t>(a.sample);
  choice.port = static_cast<std::uint16_t>(a.port);
  choice.day = today();
  job.limits.timeout = job.settings.timeout;
  job.limits.at_once = connections_at_once(a.at_once);

  auto list = load_list(a.list, variables, allowlist::Entries::of_one_direction);
  if (!list) return std::unexpected{list.error()};
  job.list = std::move(*list);
  if (job.list.direction != Direction::outbound)
    return std::unexpected{UsageError{
        fmt::format("{}: an inbound list says who connects to you, which cannot be tried from here; 'fwprobe "
                    "rules verify' compares "
                    "your rules with it, and 'fwprobe check TARGET --allowlist {}' this machine's address",
                    a.list, a.list)}};
  job.findings = checks::list_findings(job.list, choice.day);
  auto plans = plan_reach(job.list, choice);
  if (!plans) return std::unexpected{UsageError{std::move(plans.error())}};
  job.plans = std::move(*plans);
  if (job.plans.empty())
    return std::unexpected{UsageError{fmt::format("{}: no entry is in force today", a.list)}};
  return job;
}

Surveyed survey(const Job& job, ReachProgressBar& bar) {
  Surveyed result;
  result.report.run_id = reports::random_uuid();
  result.report.started = reports::report_time();
  asio::io_context context{1};
  asio::cancellation_signal cancel, end;
  std::exception_ptr failure;
  asio::signal_set signals{context, SIGINT, SIGTERM};
  signals.async_wait([&](std::error_code error, int number) {
    if (error) return;
    result.signal = number;
    signals.clear();  // a second signal ends the process at once
    cancel.emit(asio::cancellation_type::terminal);
  });
  asio::co_spawn(context, checks::survey_reach(job.plans, job.settings, job.limits, bar),
                 asio::bind_cancellation_slot(
                     cancel.slot(), [&](const std::exception_ptr& thrown, checks::ReachSurvey survey) {
                       failure = thrown;
                       result.report.survey = std::move(survey);
                       signals.cancel();
                       end.emit(asio::cancellation_type::terminal);
                     }));
  asio::co_spawn(context, bar.keep_drawing(), asio::bind_cancellation_slot(end.slot(), asio::detached));
  context.run();
  if (failure) std::rethrow_exception(failure);
  result.report.finished = reports::report_time();
  result.report.list = &job.list;
  result.report.findings = job.findings;
  const auto& environment = result.report.survey.environment;
  result.report.vantage = {environment.host, std::nullopt, environment.addresses, {}};
  return result;
}

}  // namespace

void define_allowlist_check(CLI::App& verb, AllowlistCheckArguments& a) {
  verb.add_option("LIST", a.list, "an outbound list: its name, or a file")
      ->type_name("NAME|FILE")
      ->required();
  define_network_options(verb, a.check);
  const std::string probing = "What is probed";
  auto* all = verb.add_flag("--all", a.all, "every address of every prefix, which may have 65,536 at most")
                  ->group(probing);
  constexpr int most_sample = 65'536, most_at_once = 20'000, most_port = 65'535;
  verb.add_option("--sample", a.sample, "so many addresses of each prefix, always the same ones")
      ->type_name("N")
      ->group(probing)
      ->check(CLI::Range(1, most_sample))
      ->excludes(all)
      ->capture_default_str();
  verb.add_option("--port", a.port, "for entries that are for any port")
      ->type_name("PORT")
      ->group(probing)
      ->check(CLI::Range(1, most_port))
      ->capture_default_str();
  verb.add_option("--rate", a.rate, "connections that may start within any second, N or N/s")
      ->type_name("N/s")
      ->group(probing)
      ->capture_default_str();
  verb.add_option("--at-once", a.at_once, "connections that may be under way; at most 4 to one address")
      ->type_name("N")
      ->group(probing)
      ->check(CLI::Range(1, most_at_once))
      ->capture_default_str();
  verb.add_option("--trace", a.check.trace,
                  "locate the blocking hop: auto (when something does not answer) or never")
      ->type_name("auto|never")
      ->group(connection_group)
      ->capture_default_str();
  define_output_options(verb, a.check.output);
  verb.get_option("--format")->type_name("text|json");
  verb.add_option("--site", a.check.site, "label of this vantage point")
      ->type_name("NAME")
      ->group(output_group);
}

ExitCode run_allowlist_check(const AllowlistCheckArguments& arguments, const Variables& variables) {
  const auto job = understand(arguments, variables);
  if (!job) return wrong_usage(job.error().message);
  const auto& output = job->output;
  ReachProgressBar bar{LiveLines::mode(output.quiet)};
  auto surveyed = survey(*job, bar);
  auto& report = surveyed.report;
  bar.clear();
  if (!arguments.check.site.empty()) report.vantage.site = arguments.check.site;
  auto style = style_for_output(output.color, variables);
  style.verbose = output.verbose;
  std::vector<Document> documents;
  for (const auto& file : output.reports)
    documents.push_back({file.path, render(report, *file.format, {false, file_width, output.verbose})});
  documents.push_back({{}, render(report, *output.format, style)});
  return exit_code(surveyed.signal, deliver(documents, report.status(), output.strict));
}

}  // namespace fwprobe::cli
