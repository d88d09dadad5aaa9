#include "cli/allowlist_update.h"

#include <algorithm>
#include <csignal>

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "allowlist/list_file.h"
#include "allowlist/publishers.h"
#include "allowlist/refresh.h"
#include "checks/redirects.h"
#include "cli/allowlist.h"
#include "cli/kept_edition.h"
#include "cli/kept_files.h"
#include "cli/measure.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/values.h"
#include "reports/escape.h"
#include "reports/run_mark.h"
#include "reports/value_text.h"

namespace fwprobe::cli {
namespace {

using allowlist::Edition;

/// Lists whose address in the table is a page for people.
struct ByHand {
  std::string_view name;
  std::string_view how;
};
constexpr ByHand by_hand[] = {
    {"azure-service-tags",
     "its file has another name every week; copy the link from that page and give it as --url"},
};

constexpr std::size_t most_changes = 40;  ///< that are shown, unless verbose

struct Plan {
  std::string name;
  std::string url;
  std::string path;  ///< where the list is kept
  bool accept = false, verbose = false;
};

std::expected<Plan, UsageError> understand_update(const AllowlistUpdateArguments& a,
                                                  const Variables& variables) {
  const auto refuse = [](std::string message) { return std::unexpected{UsageError{std::move(message)}}; };
  const auto* publisher = allowlist::find_publisher(a.name);
  if (publisher == nullptr) {
    std::vector<std::string_view> names;
    for (const auto& row : allowlist::publishers()) names.push_back(row.name);
    return refuse(
        fmt::format("'{}' is not a list that can be fetched; these are: {}", a.name, fmt::join(names, ", ")));
  }
  const auto* manual = std::ranges::find(by_hand, a.name, &ByHand::name);
  if (manual != std::end(by_hand) && a.url.empty())
    return refuse(fmt::format("{} is at {}: {}", a.name, publisher->url, manual->how));
  if (!a.url.empty() && !a.url.starts_with("https://"))
    return refuse(
        fmt::format("--url: '{}' is not an https:// URL; a list that decides about firewalls is fetched over "
                    "verified TLS only",
                    a.url));
  const auto folder = kept_lists(variables);
  if (folder.empty()) return refuse("there is no place to keep the list: set XDG_DATA_HOME or HOME");
  return Plan{a.name, a.url.empty() ? std::string{publisher->url} : a.url,
              allowlist::kept_file(folder, *publisher), a.accept, a.verbose};
}

/// The list that is kept, as far as it can be read.
struct Before {
  std::string text;
  std::optional<Edition> edition;
  std::optional<KeptNote> note;
  std::string problem;
};

Before before(const Plan& plan) {
  Before before;
  auto text = read_kept(plan.path);
  if (!text) before.problem = text.error();
  if (!text || !*text) return before;
  before.text = std::move(**text);
  auto edition = allowlist::read_edition(before.text, plan.path, plan.name, today());
  if (!edition) {
    before.problem = edition.error().message;
    return before;
  }
  before.edition = std::move(*edition);
  before.note = read_note(plan.path, before.text);
  return before;
}

/// What came on one request.
struct Answer {
  enum class Kind : std::uint8_t { list, unchanged /* 304 */, moved } kind = Kind::list;
  probe::Url url;  ///< that answered; of `moved`: where the list is now
  std::string text;
  std::string etag;
};

struct NoAnswer {
  std::string why;
  ExitCode code = ExitCode::failed;
};

std::string why_not(const checks::Investigation& investigation, std::string otherwise) {
  const auto& diagnosis = investigation.diagnosis;
  if (!diagnosis || !diagnosis->cause) return otherwise;
  return fmt::format("{}: {}", row(*diagnosis->cause).code, diagnosis->explanation);
}

std::expected<Answer, NoAnswer> moved(const probe::Url& from, std::string_view location) {
  auto url = probe::resolve(from, location);
  if (url && url->scheme == "https") return Answer{Answer::Kind::moved, std::move(*url), {}, {}};
  return std::unexpected{
      NoAnswer{fmt::format("it redirects to {}, which is not https", url ? url->text() : location)}};
}

std::expected<Answer, NoAnswer> answer_of(const Measured& measured, bool conditional) {
  if (measured.signal != 0)
    return std::unexpected{
        NoAnswer{"interrupted", measured.signal == SIGINT ? ExitCode::interrupted : ExitCode::terminated}};
  const auto& investigation = measured.report.targets.front();
  const auto& url = investigation.target.url;
  const auto* exchange = checks::find_exchange(investigation.evidence, checks::request_for(url));
  if (exchange == nullptr || !exchange->result)
    return std::unexpected{NoAnswer{why_not(investigation, "no answer came before the deadline")}};
  const auto& response = *exchange->result;
  if (response.status == 304 && conditional) return Answer{Answer::Kind::unchanged, url, {}, {}};
  const auto location = probe::header(response.headers, "Location");
  if (response.status / 100 == 3 && location) return moved(url, *location);
  if (response.status != 200)
    return std::unexpected{NoAnswer{why_not(
        investigation, fmt::format("the answer is {} {}{}", response.status, response.reason,
                                   response.status == 304 ? ", to a request for the whole list" : ""))}};
  if (response.without_close_notify)
    return std::unexpected{NoAnswer{
        "only the end of the connection ended the list, and that without close_notify: it may be cut short "
        "(RFC 9112 §9.8)"}};
  const auto etag = probe::header(response.headers, "ETag");
  return Answer{Answer::Kind::list, url, response.body, std::string{etag.value_or("")}};
}

/// Goes where redirects lead, one request after another: nothing is asked but over https, and each address is
/// told its own tag only.
std::expected<Answer, NoAnswer> fetch(CheckJob job, probe::TlsContexts& contexts, const Before& kept) {
  constexpr int most_redirects = 10;
  const auto until = probe::Clock::now() + job.settings.deadline;
  for (int redirects = 0; redirects <= most_redirects; ++redirects) {
    const bool conditional =
        kept.note && kept.note->url == job.targets.front().url.text() && !kept.note->etag.empty();
    job.settings.headers.clear();
    if (conditional) job.settings.headers.push_back({"If-None-Match", kept.note->etag});
    Progress progress{LiveLines::mode(job.output.quiet), job.targets.size()};
    const auto measured = measure(job, contexts, progress);
    progress.clear();
    auto answer = answer_of(measured, conditional);
    if (!answer || answer->kind != Answer::Kind::moved) return answer;
    auto target = understand_target(answer->url.text(), job.settings);
    if (!target) return std::unexpected{NoAnswer{std::move(target.error())}};
    job.targets = {std::move(*target)};
    job.settings.deadline = until - probe::Clock::now();
  }
  return std::unexpected{NoAnswer{fmt::format("{}: it redirects more than {} times",
                                              row(checks::Cause::http_redirect_loop).code, most_redirects)}};
}

std::string signed_lines(std::string_view sign, const std::vector<std::string>& texts, bool all) {
  std::string lines;
  for (std::size_t i = 0; i < texts.size() && (all || i < most_changes); ++i)
    lines += fmt::format("{} {}\n", sign, texts[i]);
  if (!all && texts.size() > most_changes)
    lines += fmt::format("{} and {} more (--verbose shows them)\n", sign, texts.size() - most_changes);
  return lines;
}

std::string changes(const Edition& fetched, const Edition& kept, bool all) {
  auto lines = signed_lines("+", gains(fetched, kept), all) + signed_lines("-", gains(kept, fetched), all);
  if (!lines.empty()) return lines;
  return fetched.services == kept.services ? "the same addresses, names and ports as before\n"
                                           : "the same addresses and names as before, in other entries\n";
}

ExitCode stay(const Plan& plan, const Before& before, std::string_view why, ExitCode code) {
  const auto consequence = before.edition ? "the list that is kept stays as it is" : "there is still no list";
  return show(fmt::format("{}: not updated, {}: {}\n", plan.name, consequence, reports::printable(why, 1000)),
              code);
}

KeptNote note_of(const Answer& answer, std::string etag) {
  return {answer.url.text(), std::move(etag), reports::rfc3339(reports::report_time())};
}

ExitCode finish(const std::expected<Kept, std::string>& kept, std::string said) {
  if (kept) {
    if (!kept->problem.empty())
      said += fmt::format("the list is kept, but {}\n", reports::printable(kept->problem, 1000));
    return show(said, ExitCode::passed);
  }
  complain("the list was not kept: " + kept.error());
  return ExitCode::not_measured;
}

ExitCode take(const Plan& plan, const Before& before, const Answer& answer) {
  const auto fetched = allowlist::read_edition(answer.text, plan.url, plan.name, today());
  if (!fetched) return stay(plan, before, fetched.error().message, ExitCode::failed);
  const auto* kept = before.edition ? &*before.edition : nullptr;
  const auto said = allowlist::suspicions(*fetched, kept);
  if (!said.empty() && !plan.accept)
    return stay(plan, before, fmt::format("{}; --accept takes it all the same", fmt::join(said, "; ")),
                ExitCode::failed);
  auto text = fmt::format(
      "{}: {} {}, {}, from {}\n", plan.name, fetched->entries, fetched->entries == 1 ? "entry" : "entries",
      fetched->mark ? fmt::format("{} {}", fetched->mark->key, fetched->mark->value) : "without a mark",
      plan.url);
  for (const auto& doubt : said) text += fmt::format("accepted although {}\n", doubt);
  if (!before.problem.empty())
    text += fmt::format("in place of a list that cannot be read: {}\n", before.problem);
  if (kept != nullptr) text += changes(*fetched, *kept, plan.verbose);
  std::string printable;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = text.find('\n', begin);
    printable += reports::printable(text.substr(begin, end - begin), 1000) + "\n";
    begin = end + 1;
  }
  return finish(keep(plan.path, answer.text, note_of(answer, answer.etag)), printable);
}

}  // namespace

void define_allowlist_update(CLI::App& verb, AllowlistUpdateArguments& a) {
  verb.add_option("NAME", a.name, "whose list: aws, github, … ('fwprobe allowlist list')")
      ->type_name(names_of(allowlist::publishers()))
      ->required();
  verb.add_option("--url", a.url, "fetch it from this https:// URL")->type_name("URL");
  verb.add_flag("--accept", a.accept, "take it although it is suspiciously small, wide or old");
  verb.add_flag("-v,--verbose", a.verbose, "every change");
  verb.add_flag("-q,--quiet", a.check.output.quiet, "no progress");
  // The response is one step of the network, and a whole list.
  a.check.timeout = "30s";
  a.check.deadline = "2m";
  define_network_options(verb, a.check);
  verb.add_option("--proxy", a.check.proxy,
                  "go through this proxy: http://[user:password@]host:port or socks5://…")
      ->type_name("URL")
      ->group(connection_group);
  verb.add_flag("--no-proxy", a.check.no_proxy, "ignore the environment's proxy")->group(connection_group);
  verb.add_option("--deadline", a.check.deadline, "for all steps; the download of the list is one")
      ->type_name("DUR")
      ->group(connection_group)
      ->capture_default_str();
  verb.add_option("--ca-file", a.check.ca_file, "trust these roots (PEM) in place of the system's")
      ->type_name("FILE")
      ->group("TLS");
}

ExitCode run_allowlist_update(const AllowlistUpdateArguments& arguments, const Variables& variables) {
  const auto plan = understand_update(arguments, variables);
  if (!plan) return wrong_usage(plan.error().message);
  if (allowlist::is_special_file(plan->path))
    return stay(*plan, {}, fmt::format("{} is no regular file", plan->path), ExitCode::not_measured);
  const auto kept = before(*plan);
  auto check = arguments.check;
  check.targets = {plan->url};
  check.expected_statuses = "200,3xx";  // a redirect that is expected is not followed
  auto job = understand(check, variables);
  if (!job) return wrong_usage(job.error().message);
  job->limits.body = allowlist::most_bytes;
  auto contexts = probe::TlsContexts::load(job->settings.tls);
  if (!contexts) return wrong_usage(contexts.error());

  const auto answer = fetch(std::move(*job), *contexts, kept);
  if (!answer) return stay(*plan, kept, answer.error().why, answer.error().code);
  if (answer->kind == Answer::Kind::unchanged)
    return finish(confirm(plan->path, kept.text, note_of(*answer, kept.note->etag)),
                  fmt::format("{}: unchanged since {} (304 Not Modified)\n", plan->name,
                              reports::printable(kept.note->fetched)));
  return take(*plan, kept, *answer);
}

}  // namespace fwprobe::cli
