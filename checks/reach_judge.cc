// From the ends of connection attempts to verdicts. Pure.

#include <algorithm>
#include <numeric>
#include <utility>

#include <fmt/format.h>

#include "checks/builders.h"
#include "checks/flow.h"
#include "checks/flow_sources.h"
#include "checks/location.h"
#include "checks/path_view.h"
#include "checks/reach.h"
#include "text/enum_name.h"

namespace fwprobe::checks {
namespace {

using allowlist::Prefix;

bool routed(const asio::ip::address& address, const probe::Environment& environment) {
  return address.is_v6() ? environment.ipv6_route : environment.ipv4_route;
}

Met kind_of(const probe::TcpConnect& fact, const ConnectVerdict& verdict,
            const probe::Environment& environment) {
  switch (verdict.cause) {
    case Cause::tcp_refused:
      return Met::refused;
    case Cause::tcp_filtered:
      return probe::timed_out(fact.result.error()) ? Met::silent : Met::stopped;
    case Cause::tcp_host_unreachable:
      return Met::absent;
    case Cause::local_out_of_resources:
      return Met::failed;
    case Cause::local_no_route:
      return routed(fact.question.remote.address(), environment) ? Met::stopped : Met::unrouted;
    default:
      return Met::stopped;
  }
}

std::string_view word(Met met) {
  constexpr std::string_view words[] = {"accepted",       "refused",         "stopped",  "silent",
                                        "without a host", "without a route", "not tried"};
  return enum_name(words, met);
}

/// "2 accepted, 1 refused".
std::string counts_in_words(const Way& way) {
  std::string words;
  for (std::size_t i = 0; i < met_count; ++i)
    if (way.count[i] > 0)
      words += fmt::format("{}{} {}", words.empty() ? "" : ", ", way.count[i], word(static_cast<Met>(i)));
  return words;
}

std::string device_words(const Location& location) {
  if (location.where == Where::local) return "this machine";
  if (location.where == Where::server) return "the destination itself or a device right in front of it";
  if (!location.hop && !location.address) return "the firewall between (its hop is not known)";
  auto words = location.hop ? fmt::format("hop {}", *location.hop) : location.address->to_string();
  if (location.hop && location.address) words += fmt::format(" ({})", location.address->to_string());
  if (location.precision == Precision::after) words += " or the device right behind it";
  return words;
}

bool is_a_firewalls(Cause cause) {
  return cause == Cause::tcp_filtered || cause == Cause::tcp_rejected ||
         cause == Cause::tcp_port_unreachable || cause == Cause::tcp_reset_in_path ||
         cause == Cause::local_blocked;
}

/// One way under judgement.
class Judge {
 public:
  Judge(const Way& way, const ReachPlan& plan, const Traced* traced, const Settings& settings,
        const probe::Environment& environment)
      : way_{way}, plan_{plan}, traced_{traced}, settings_{settings}, environment_{environment} {}

  WayReach judge() && {
    made_.host = way_.host;
    made_.port = way_.port;
    std::ranges::copy(way_.count, made_.count);
    if (!resolved()) return std::move(made_);
    if (way_.ended() < way_.total || way_.total == 0) {
      conclude(Reached::unknown, "stopped before it was measured");
    } else if (open() && (way_.met(Met::refused) == 0 || way_.met(Met::stopped) > 0)) {
      answered("accepted");
    } else if (way_.met(Met::refused) > 0) {
      refused();
    } else if (way_.met(Met::stopped) > 0) {
      stopped(*way_.example(Met::stopped), Reached::unreachable);
    } else if (way_.met(Met::failed) > 0) {
      const auto& example = *way_.example(Met::failed);
      made_.cause = example.verdict.cause;
      made_.location = example.verdict.location;
      conclude(Reached::unknown, example.verdict.words);
    } else if (way_.met(Met::unrouted) == way_.total) {
      made_.cause = Cause::local_no_route;
      conclude(Reached::skipped, fmt::format("this machine has no {} route", family()));
    } else {
      unanswered();
    }
    return std::move(made_);
  }

 private:
  bool v6() const {
    return !way_.examples.empty() && way_.examples.front().fact.question.remote.address().is_v6();
  }
  std::string_view family() const { return v6() ? "IPv6" : "IPv4"; }

  void conclude(Reached reach, std::string summary) {
    made_.reach = reach;
    made_.summary = std::move(summary);
    if (!way_.whole && way_.total > 1)
      made_.summary +=
          fmt::format(" ({} of {} addresses: {})", way_.ended(), way_.total, counts_in_words(way_));
  }

  /// False: the name's resolution has decided.
  bool resolved() {
    for (const auto& finding : way_.name_findings) {
      if (finding.status != Status::fail && finding.status != Status::error) continue;
      made_.reach = finding.status == Status::fail ? Reached::unreachable : Reached::unknown;
      made_.cause = finding.cause;
      made_.summary = finding.summary;
      made_.location = finding.location;
      made_.confidence = finding.confidence;
      made_.remedy = finding.remedy;
      return false;
    }
    return true;
  }

  /// Hosts of a prefix need not all listen; a device that says no to some of them is another thing.
  void answered(std::string_view how) {
    if (way_.met(Met::stopped) == 0) return conclude(Reached::reachable, std::string{how});
    stopped(*way_.example(Met::stopped), Reached::partly);
  }

  /// Some of it at least.
  bool open() const { return way_.met(Met::accepted) > 0; }

  void refused() {
    const auto& example = *way_.example(Met::refused);
    const auto verdict = placed(example);
    if (verdict.cause != Cause::tcp_reset_in_path) return refused_by_someone(example, verdict);
    if (!made_.traced) return give(verdict, example, open() ? Reached::partly : Reached::unreachable);
    made_.confidence = Confidence::low;
    conclude(Reached::unknown, fmt::format("a RST answers; the one of {} came from a device on the way{}",
                                           text(*made_.traced), where_that_is(verdict.location)));
  }

  /// Whoever is on the way can write a RST, so that one alone does not show an open way; that of this
  /// machine's own address does, of which the attempt's verdict is sure. Another host's says nothing: a
  /// firewall may let some addresses through and not their neighbours.
  void refused_by_someone(const MetExample& example, const ConnectVerdict& verdict) {
    const bool here = example.verdict.confidence == Confidence::high;
    if (here || (traced_ != nullptr && resets_itself(traced_->evidence, example.fact.question.remote))) {
      const bool others = !here && way_.met(Met::refused) > 1;
      made_.confidence = others ? Confidence::medium : verdict.confidence;
      if (open()) return answered("accepted; " + owned(example));
      return answered(others ? "a RST answers; " + owned(example)
                             : "a RST answers: nothing listens there, and the way is open");
    }
    if (const auto* no = way_.example(Met::stopped)) return stopped(*no, Reached::partly);
    made_.confidence = Confidence::low;
    constexpr auto whose =
        "of the host, where nothing listens, or of a device on the way: nothing shows which";
    if (open())
      conclude(Reached::reachable, fmt::format("accepted; {} of {} addresses answer with a RST, {}{}",
                                               way_.met(Met::refused), way_.total, whose, instead()));
    else
      conclude(Reached::unknown, fmt::format("a RST answers, {}{}", whose, instead()));
  }

  /// Of several only one was looked at.
  std::string owned(const MetExample& example) const {
    const auto count = way_.met(Met::refused);
    return fmt::format("{} of {} is its own: nothing listens there",
                       count > 1 ? fmt::format("of {} RSTs the one", count) : "the RST",
                       text(example.fact.question.remote));
  }

  /// Whose trace speaks, when it is not the way's own, or why none does.
  std::string instead() const {
    if (way_.beyond) return fmt::format("; not traced, as {} others were", most_traced);
    if (made_.traced) return fmt::format("; of its block only {} was traced", text(*made_.traced));
    return {};
  }

  void stopped(const MetExample& example, Reached reach) { give(placed(example), example, reach); }

  /// Silence, or nobody there: from one address that is published it is a failure. In a prefix it is one only
  /// if something shows that the address is there, or that other packets to it get further.
  void unanswered() {
    const auto* silent = way_.example(Met::silent);
    const auto& example = silent != nullptr ? *silent : *way_.example(Met::absent);
    const auto verdict = placed(example);
    if (way_.whole) return give(verdict, example, Reached::unreachable);
    if (silent != nullptr && !made_.traced && traced_ != nullptr && is_proven(*traced_))
      return give(verdict, example, Reached::unreachable);
    made_.confidence = Confidence::low;
    made_.location = verdict.location.hop ? std::optional{verdict.location} : std::nullopt;
    conclude(Reached::unknown,
             fmt::format("cannot tell: {}; addresses without a host show the same", verdict.words));
  }

  /// Other packets to the same address get further than the SYNs, or its host answers them. One router
  /// further is not enough: it may have said of the SYN nothing for having said too much before (icmp(7),
  /// icmp_ratelimit).
  static bool is_proven(const Traced& traced) {
    const PathView view{traced.evidence, traced.fact.question.remote, probe::PathFlow::syn};
    const auto next = view.last_expired().number + 1;
    return view.traced() && !view.not_sent(next) && (view.server_distance() || view.control_passes(next));
  }

  static std::string where_that_is(const Location& location) {
    return location.hop || location.address ? ", " + device_words(location) : "";
  }

  /// The verdict with its place: by its own trace, or by the trace of another whose fate it shares.
  ConnectVerdict placed(const MetExample& example) {
    if (traced_ == nullptr) {
      auto verdict = example.verdict;
      verdict.words += instead();
      return verdict;
    }
    const Target target{Scheme::tcp, {example.fact.question.remote.address().to_string(), {}}, way_.port, {}};
    const auto own = traced_->fact.question.remote == example.fact.question.remote;
    auto verdict =
        located({target, settings_, traced_->evidence}, own ? example.fact : traced_->fact,
                own ? example.verdict
                    : judge_connect(traced_->fact, settings_.timeout, environment_, settings_.source));
    if (own) return verdict;
    if (verdict.cause != example.verdict.cause && example.met != Met::refused) return example.verdict;
    made_.traced = traced_->fact.question.remote;
    return {verdict.cause,
            example.verdict.words + instead() + where_that_is(verdict.location),
            verdict.location,
            std::min(verdict.confidence, Confidence::medium),
            {}};
  }

  void give(const ConnectVerdict& verdict, const MetExample& example, Reached reach) {
    made_.cause = verdict.cause;
    made_.location = verdict.location;
    made_.confidence = verdict.confidence;
    auto facts = connect_facts(example.fact, environment_, settings_.source);
    facts.emplace_back("host",
                       way_.host.empty() ? example.fact.question.remote.address().to_string() : way_.host);
    if (is_a_firewalls(verdict.cause)) made_.remedy.push_back(sentence(flow(verdict.location, example)));
    for (auto& line : remedy(verdict.cause, facts)) made_.remedy.push_back(std::move(line));
    conclude(reach, fmt::format("{}: {}", text(example.fact.question.remote), verdict.words));
  }

  Flow flow(const Location& location, const MetExample& example) const {
    const auto& remote = example.fact.question.remote.address();
    Flow flow;
    for (const auto& own : environment_.addresses)
      if (own.is_v6() == remote.is_v6()) flow.sources.push_back(single(own));
    const auto* prefix = std::get_if<Prefix>(&plan_.entry->what);
    flow.destinations = {prefix != nullptr ? *prefix : single(remote)};
    flow.port = way_.port;
    flow.device = device_words(location);
    if (location.where == Where::local) flow.place = Flow::Place::this_machine;
    if (location.where == Where::server) {
      flow.place = Flow::Place::destination;
      flow.direction = allowlist::Direction::inbound;
    }
    return flow;
  }

  const Way& way_;
  const ReachPlan& plan_;
  const Traced* traced_;
  const Settings& settings_;
  const probe::Environment& environment_;
  WayReach made_;
};

/// The worst of an entry's ways; partly when they differ.
Reached together(const std::vector<WayReach>& ways) {
  const auto has = [&](Reached reach) {
    return std::ranges::find(ways, reach, &WayReach::reach) != ways.end();
  };
  if (has(Reached::partly) || (has(Reached::unreachable) && has(Reached::reachable))) return Reached::partly;
  for (const auto reach : {Reached::unreachable, Reached::unknown, Reached::reachable})
    if (has(reach)) return reach;
  return Reached::skipped;
}

std::string way_text(const WayReach& way) {
  return (way.host.empty() ? "port " + std::to_string(way.port) : host_port(way.host, way.port)) + ": " +
         way.summary;
}

std::string summary_of(const EntryReach& entry) {
  if (entry.reach != Reached::reachable) {
    const auto* way = entry.deciding();
    return way == nullptr ? std::string{} : way_text(*way);
  }
  if (entry.ways.size() == 1) return way_text(entry.ways.front());
  std::vector<std::pair<std::string_view, std::vector<std::uint16_t>>> said;
  for (const auto& way : entry.ways) {
    if (way.reach != Reached::reachable) continue;
    auto alike = std::ranges::find(said, way.summary, &decltype(said)::value_type::first);
    if (alike == said.end()) alike = said.insert(alike, {way.summary, {}});
    auto& ports = alike->second;
    if (std::ranges::find(ports, way.port) == ports.end()) ports.push_back(way.port);
  }
  std::string text;
  for (const auto& [summary, ports] : said)
    text += fmt::format("{}port{} {}: {}", text.empty() ? "" : "; ", ports.size() == 1 ? "" : "s",
                        fmt::join(ports, ", "), summary);
  return text;
}

}  // namespace

std::string_view name(Reached reach) {
  constexpr std::string_view names[] = {"reachable", "partly", "unreachable", "unknown", "skipped"};
  return enum_name(names, reach);
}

Status status_of(Reached reach) {
  constexpr Status statuses[] = {Status::pass, Status::fail, Status::fail, Status::error, Status::skip};
  return statuses[static_cast<std::size_t>(reach)];
}

std::uint32_t Way::ended() const { return std::accumulate(std::begin(count), std::end(count), 0U); }

const MetExample* Way::example(Met kind) const {
  const auto at = std::ranges::find(examples, kind, &MetExample::met);
  return at == examples.end() ? nullptr : &*at;
}

void Way::complain_of_routes() {
  count[static_cast<std::size_t>(Met::stopped)] += met(Met::unrouted);
  count[static_cast<std::size_t>(Met::unrouted)] = 0;
  for (auto& one : examples)
    if (one.met == Met::unrouted) one.met = Met::stopped;
}

const WayReach* EntryReach::deciding() const {
  for (const auto wanted :
       {Reached::partly, Reached::unreachable, Reached::unknown, Reached::reachable, Reached::skipped}) {
    const auto at = std::ranges::find(ways, wanted, &WayReach::reach);
    if (at != ways.end()) return &*at;
  }
  return nullptr;
}

void record(Way& way, const probe::SweepAttempt& attempt, const probe::Environment& environment,
            const probe::TcpSource& source) {
  if (attempt.fact.result) {
    ++way.count[static_cast<std::size_t>(Met::accepted)];
    return;
  }
  auto verdict = judge_connect(attempt.fact, attempt.elapsed, environment, source);
  const auto met = kind_of(attempt.fact, verdict, environment);
  ++way.count[static_cast<std::size_t>(met)];
  if (way.example(met) == nullptr) way.examples.push_back({met, attempt.fact, std::move(verdict)});
}

WayReach judge_way(const Way& way, const ReachPlan& plan, const Traced* traced, const Settings& settings,
                   const probe::Environment& environment) {
  return Judge{way, plan, traced, settings, environment}.judge();
}

EntryReach judge_entry(const ReachPlan& plan, std::vector<WayReach> ways) {
  EntryReach entry{plan.entry, Reached::skipped, plan.skipped, std::move(ways)};
  if (!plan.skipped.empty()) return entry;
  entry.reach = together(entry.ways);
  entry.summary = summary_of(entry);
  if (!plan.note.empty()) entry.summary += fmt::format("; {}", plan.note);
  return entry;
}

}  // namespace fwprobe::checks
