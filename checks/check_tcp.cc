// The TCP check: does every address of the target accept the connection, every time?

#include <algorithm>
#include <map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "checks/builders.h"
#include "checks/checks.h"
#include "checks/connect_failure.h"
#include "checks/location.h"
#include "checks/resolution.h"

namespace fwprobe::checks {
namespace {

using Attempts = std::vector<Item<probe::TcpConnect>>;

/// The connection attempts to one address of the target.
struct Tried {
  probe::TcpEndpoint remote;
  Attempts attempts;

  std::size_t accepted() const {
    return static_cast<std::size_t>(
        std::ranges::count_if(attempts, [](const auto& a) { return a->result.has_value(); }));
  }
  Ids ids() const {
    Ids all;
    for (const auto& attempt : attempts) all.push_back(attempt.id);
    return all;
  }
};

/// A connection that ended although nothing was said; the first such attempt.
const Item<probe::TcpConnect>* ended_early(const Tried& tried) {
  const auto at =
      std::ranges::find_if(tried.attempts, [](const auto& a) { return a->result && a->result->early_end; });
  return at == tried.attempts.end() ? nullptr : &*at;
}

bool ended_well(const Item<probe::TcpConnect>& attempt) {
  // A peer that speaks first and then closes has done what it is there for (daytime, a banner).
  return attempt->result && (!attempt->result->early_end || !attempt->result->greeting.empty());
}

std::vector<Tried> attempts_on(const Case& the_case) {
  std::vector<Tried> all;
  const auto attempts = the_case.evidence.all<probe::TcpConnect>();
  for (const auto& address : resolve_host(the_case, the_case.target.host).addresses) {
    Tried tried{{address, the_case.target.port}, {}};
    // A connection opened later, for a comparison, may meet what the first one set off: some devices go on
    // blocking for a while.
    std::ranges::copy_if(attempts, std::back_inserter(tried.attempts), [&](const auto& attempt) {
      return attempt->question.remote == tried.remote &&
             attempt->question.purpose != probe::TcpPurpose::compare &&
             attempt->question.attempt <= the_case.settings.attempts;
    });
    if (!tried.attempts.empty()) all.push_back(std::move(tried));
  }
  return all;
}

Finding accepted(const Tried& tried) {
  const auto& first =
      *std::ranges::find_if(tried.attempts, [](const auto& a) { return a->result.has_value(); });
  auto words = fmt::format("connected in {}", text(first.time.elapsed));
  if (first->question.purpose == probe::TcpPurpose::listen && first->result->info.rtt.count() > 0)
    words = fmt::format("connected, round trip {}",
                        text(std::chrono::duration_cast<probe::Clock::duration>(first->result->info.rtt)));
  if (const auto again = first->result->info.retransmits; again > 0)
    words += fmt::format(", after {} SYN retransmission{}", again, again == 1 ? "" : "s");
  if (tried.attempts.size() > 1)
    words += fmt::format(" ({} of {} attempts)", tried.accepted(), tried.attempts.size());
  return pass(Check::tcp, text(tried.remote), std::move(words), tried.ids());
}

/// What failed attempts met, each kind once.
std::string met_in_words(const Case& the_case, const Tried& tried) {
  std::vector<std::string_view> codes;
  for (const auto& attempt : tried.attempts) {
    if (ended_well(attempt)) continue;
    const auto cause = attempt->result
                           ? Cause::tcp_closed_early
                           : judge_connect(*attempt.fact, attempt.time.elapsed,
                                           the_case.evidence.environment(), the_case.settings.source)
                                 .cause;
    if (std::ranges::find(codes, row(cause).code) == codes.end()) codes.push_back(row(cause).code);
  }
  return fmt::format("{}", fmt::join(codes, ", "));
}

Finding refused(const Case& the_case, const Tried& tried) {
  const auto& attempt = tried.attempts.front();
  const auto& environment = the_case.evidence.environment();
  const auto verdict =
      located(the_case, *attempt.fact,
              judge_connect(*attempt.fact, attempt.time.elapsed, environment, the_case.settings.source));
  auto facts = connect_facts(*attempt.fact, environment, the_case.settings.source);
  facts.emplace_back("host", the_case.target.host.name);
  auto ids = tried.ids();
  ids.insert(ids.end(), verdict.evidence.begin(), verdict.evidence.end());
  auto words = verdict.words;
  if (tried.attempts.size() > 1)
    words += fmt::format("; 0 of {} attempts succeeded ({})", tried.attempts.size(),
                         met_in_words(the_case, tried));
  auto finding = problem(Status::fail, Check::tcp, text(tried.remote), verdict.cause, std::move(words),
                         std::move(ids), facts);
  finding.location = verdict.location;
  finding.confidence = verdict.confidence;
  return finding;
}

Finding closed_early(const Tried& tried, const Item<probe::TcpConnect>& attempt) {
  const auto& end = *attempt->result->early_end;
  auto finding = problem(
      Status::fail, Check::tcp, text(tried.remote), Cause::tcp_closed_early,
      fmt::format("accepted, and {} after {} although nothing was said", end.reset ? "reset" : "closed",
                  text(end.after)),
      tried.ids(),
      {{"address", tried.remote.address().to_string()}, {"port", std::to_string(tried.remote.port())}});
  finding.location = Location{Where::server, {}, {}, {}, {}};
  // A device on the way can accept and close in the server's name; that needs the path to tell.
  finding.confidence = Confidence::medium;
  return finding;
}

Finding intermittent(const Case& the_case, const Tried& tried, std::size_t good) {
  auto finding = problem(
      Status::fail, Check::tcp, text(tried.remote), Cause::tcp_intermittent,
      fmt::format("{} of {} attempts succeeded; the others: {}", good, tried.attempts.size(),
                  met_in_words(the_case, tried)),
      tried.ids(),
      {{"address", tried.remote.address().to_string()}, {"port", std::to_string(tried.remote.port())}});
  finding.location = Location{Where::path, {}, {}, {}, {}};
  finding.confidence = Confidence::medium;
  return finding;
}

Finding judge_one(const Case& the_case, const Tried& tried) {
  // An early end counts where a connection was watched in silence, or where the next layer had not begun.
  const auto* early = ended_early(tried);
  const auto good = static_cast<std::size_t>(std::ranges::count_if(tried.attempts, ended_well));
  const bool watched = early != nullptr && !ended_well(*early);
  if (good == tried.attempts.size()) return accepted(tried);
  if (tried.attempts.size() > 1 && good > 0) {
    // The follow-up that only listens is no further attempt: a close there explains a failed handshake.
    const bool only_the_follow_up = watched && (*early)->question.purpose == probe::TcpPurpose::listen &&
                                    the_case.target.scheme != Scheme::tcp &&
                                    tried.accepted() == tried.attempts.size();
    return only_the_follow_up ? closed_early(tried, *early) : intermittent(the_case, tried, good);
  }
  if (watched) return closed_early(tried, *early);
  return refused(the_case, tried);
}

/// An address of a family that this machine has no route for: that says something about this machine only.
bool no_route_of_family(const Case& the_case, const Tried& tried) {
  const auto& environment = the_case.evidence.environment();
  const bool routed = tried.remote.address().is_v6() ? environment.ipv6_route : environment.ipv4_route;
  return !routed && tried.accepted() == 0 && tried.attempts.front()->result.error().local;
}

/// An address that accepts sometimes, or accepts and closes, has a cause of its own that says more.
bool never_accepts(const Finding& finding) {
  return finding.status == Status::fail && finding.cause != Cause::tcp_intermittent &&
         finding.cause != Cause::tcp_closed_early;
}

Finding partial(const Case& the_case, const Findings& findings, const std::vector<Tried>& all) {
  std::string failing;
  Ids ids;
  for (const auto& finding : findings) {
    if (!never_accepts(finding)) continue;
    failing +=
        fmt::format("{}{} ({})", failing.empty() ? "" : ", ", finding.subject, row(*finding.cause).code);
    std::ranges::copy(finding.evidence, std::back_inserter(ids));
  }
  const auto count = std::ranges::count_if(findings, never_accepts);
  auto made =
      problem(Status::fail, Check::tcp, the_case.target.host.name, Cause::tcp_partial,
              fmt::format("{} of {} addresses do not accept the connection: {}", count, all.size(), failing),
              std::move(ids), {{"failing", failing}, {"host", the_case.target.host.name}});
  const auto first = std::ranges::find_if(findings, never_accepts);
  made.location = first->location;
  made.confidence = first->confidence;
  return made;
}

}  // namespace

Findings check_tcp(const Case& the_case) {
  const auto& [target, settings, evidence] = the_case;
  if (settings.proxies.choose(name(target.scheme), target.host, target.port).server) return {};
  const auto all = attempts_on(the_case);
  if (all.empty())
    return {skip(Check::tcp, host_port(target.host.name, target.port), "there is no address to connect to")};
  Findings findings;
  const bool some_routed =
      std::ranges::any_of(all, [&](const auto& tried) { return !no_route_of_family(the_case, tried); });
  for (const auto& tried : all) {
    if (some_routed && no_route_of_family(the_case, tried))
      findings.push_back(skip(Check::tcp, text(tried.remote),
                              fmt::format("this machine has no {} route; its other addresses are measured",
                                          tried.remote.address().is_v6() ? "IPv6" : "IPv4"),
                              tried.ids()));
    else
      findings.push_back(judge_one(the_case, tried));
  }
  const bool some_accept = std::ranges::any_of(all, [](const auto& tried) { return tried.accepted() > 0; });
  if (some_accept && std::ranges::any_of(findings, never_accepts)) {
    auto finding = partial(the_case, findings, all);
    findings.insert(findings.begin(), std::move(finding));
  }
  return findings;
}

}  // namespace fwprobe::checks
