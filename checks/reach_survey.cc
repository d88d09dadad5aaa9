#include "checks/reach_survey.h"

#include <algorithm>
#include <array>
#include <deque>
#include <exception>
#include <list>
#include <map>
#include <utility>
#include <variant>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/steady_timer.hpp>

#include "checks/checks.h"
#include "checks/flow_sources.h"
#include "checks/location.h"
#include "checks/resolution.h"
#include "probe/deadline.h"
#include "probe/dns.h"
#include "probe/path.h"
#include "probe/tcp.h"
#include "probe/turns.h"

namespace fwprobe::checks {
namespace {

using probe::awaitable;
using probe::Clock;
using probe::PathFlow;

/// A router answers a client with about one ICMP error a second (icmp(7), icmp_ratelimit): each flow of a
/// trace uses up one. Traces that follow one another faster would take that for silence.
constexpr std::chrono::seconds pause_for_a_flow{1};
/// Addresses that share so much mostly share the way until close to them.
constexpr int block_v4 = 16;
constexpr int block_v6 = 32;
/// Lookups under way: a burst of thousands overruns a resolver, whose silence would look like a failure.
constexpr std::size_t most_lookups = 500;
/// Where traceroute begins: no service listens there, so the host itself says port unreachable.
constexpr std::uint16_t traceroute_port = 33434;

/// A SYN is sent again after 1 s (RFC 6298 §2.1); who has not answered until then may never do.
Clock::duration patience(const Settings& settings) {
  return std::min<Clock::duration>(std::chrono::seconds{1}, settings.timeout / 4);
}

struct Attempt {
  std::uint32_t way;
  probe::TcpEndpoint remote;
};

/// A name with its resolution under way.
struct Name {
  std::size_t plan = 0;
  Target target;
  Evidence evidence;
  std::size_t open = 0;           ///< questions
  std::vector<Attempt> attempts;  ///< one of each way to its addresses
};

class Surveyor {
 public:
  Surveyor(const asio::any_io_executor& executor, std::span<const ReachPlan> plans, const Settings& settings,
           probe::SweepLimits limits, ReachObserver& observer)
      : executor_{executor},
        plans_{plans},
        settings_{settings},
        observer_{observer},
        sweep_{executor, settings.source, limits},
        lanes_{Lane{executor}, Lane{executor}},
        lookups_{executor, most_lookups},
        changed_{executor, Clock::time_point::max()} {}

  awaitable<ReachSurvey> run() {
    co_await asio::this_coro::throw_if_cancelled(false);
    begin();
    bool complete = co_await settle();
    if (complete) {
      for (auto& way : ways_)
        if (const auto* example = doubtful(way))
          trace(way, example->fact, Met::refused, single(example->fact.question.remote.address()));
      complete = co_await settle();
    }
    stopping_ = true;
    for (auto& lane : lanes_) lane.turns.close();
    lookups_.close();
    for (auto at = tasks_.begin(); at != tasks_.end();) (at++)->emit(asio::cancellation_type::terminal);
    while (!tasks_.empty()) {
      changed_.expires_at(Clock::time_point::max());
      co_await changed_.async_wait(probe::as_result);
    }
    if (failure_) std::rethrow_exception(failure_);
    co_return conclude(complete);
  }

 private:
  /// Until all that was begun has ended; false when it was cancelled before.
  awaitable<bool> settle() {
    while (!sweep_.idle() || !tasks_.empty()) {
      if (sweep_.idle()) {
        changed_.expires_at(Clock::time_point::max());
        co_await changed_.async_wait(probe::as_result);
      } else if (const auto event = co_await sweep_.next()) {
        std::visit([&](const auto& what) { take(what); }, *event);
      }
      const auto state = co_await asio::this_coro::cancellation_state;
      if (state.cancelled() != asio::cancellation_type::none) {
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        co_return false;
      }
      observer_.moved(progress());
    }
    co_return true;
  }

  // ---- what is asked

  void begin() {
    std::vector<std::string> names;
    for (const auto& plan : plans_) names.insert(names.end(), plan.hosts.begin(), plan.hosts.end());
    environment_ = probe::read_environment({std::move(names)}, settings_.system_files);
    // One address of each prefix, then the next: no network gets all of its connections in one burst.
    std::size_t most = 0;
    std::vector<std::size_t> first_way(plans_.size());
    for (std::size_t i = 0; i < plans_.size(); ++i) {
      first_way[i] = ways_.size();
      if (plans_[i].addresses.empty()) continue;
      most = std::max(most, plans_[i].addresses.size());
      for (const auto port : plans_[i].ports) add_way(i, port);
    }
    for (std::size_t n = 0; n < most; ++n)
      for (std::size_t i = 0; i < plans_.size(); ++i)
        for (std::size_t p = 0; n < plans_[i].addresses.size() && p < plans_[i].ports.size(); ++p)
          connect(first_way[i] + p, {plans_[i].addresses[n], plans_[i].ports[p]});
    // Of the names each one's evidence has its own, and nothing else has any.
    environment_.question.names.clear();
    const auto listed = std::exchange(environment_.hosts, {});
    for (std::size_t i = 0; i < plans_.size(); ++i)
      for (const auto& host : plans_[i].hosts) resolve(i, host, listed);
  }

  Way& add_way(std::size_t plan, std::uint16_t port) {
    auto& way = ways_.emplace_back();
    way.plan = plan;
    way.port = port;
    const auto* prefix = std::get_if<allowlist::Prefix>(&plans_[plan].entry->what);
    way.whole = prefix == nullptr || prefix->network() == prefix->last();
    return way;
  }

  void connect(std::size_t way, const probe::TcpEndpoint& remote) {
    ++ways_[way].total;
    sweep_.add(remote);
    attempts_.push_back({static_cast<std::uint32_t>(way), remote});
  }

  // ---- names

  void resolve(std::size_t plan, const std::string& host, const std::vector<probe::HostsEntry>& listed) {
    auto& name = names_.emplace_back();
    name.plan = plan;
    name.target = {Scheme::tcp, {host, {}}, plans_[plan].ports.front(), {}};
    auto environment = environment_;
    environment.question.names = {host};
    std::ranges::copy_if(listed, std::back_inserter(environment.hosts),
                         [&](const auto& entry) { return entry.name == host; });
    add(name.evidence, std::move(environment));
    auto questions = resolve_host(case_of(name), name.target.host).questions;
    name.open = questions.size();
    for (auto& question : questions) spawn(look_up(name, std::move(question)));
    if (name.open == 0)
      resolved(name);
    else
      ++names_open_;
  }

  awaitable<void> look_up(Name& name, probe::DnsQuestion question) {
    auto& resolver =
        resolvers_.try_emplace(question.resolver, executor_, question.resolver, settings_.source.address)
            .first->second;
    const auto turn = co_await lookups_.take(Clock::time_point::max());
    if (!turn || stopping_) co_return;
    const probe::Stopwatch watch;
    auto fact = co_await resolver.lookup(std::move(question), settings_.timeout);
    if (stopping_) co_return;
    add(name.evidence, std::move(fact), watch.span());
    if (--name.open > 0) co_return;
    --names_open_;
    resolved(name);
  }

  void resolved(Name& name) {
    const auto addresses = resolve_host(case_of(name), name.target.host).addresses;
    for (const auto port : plans_[name.plan].ports) {
      for (const auto& address : addresses) {
        auto& way = add_way(name.plan, port);
        way.host = name.target.host.name;
        connect(ways_.size() - 1, {address, port});
        name.attempts.push_back(attempts_.back());
      }
    }
  }

  Case case_of(const Name& name) const { return {name.target, settings_, name.evidence}; }

  // ---- answers

  void take(const probe::SweepAttempt& attempt) {
    ++ended_;
    auto& way = ways_[attempts_[attempt.index].way];
    record(way, attempt, environment_, settings_.source);
    if (attempt.fact.result) ++accepted_;
    note_family(attempt.fact);
    if (way.ended() == way.total) trace(way);
  }

  /// What stays on this machine shows no way out, and an IPv4-mapped address goes IPv4's way.
  void note_family(const probe::TcpConnect& fact) {
    const auto& address = fact.question.remote.address();
    if (is_own(address) || (address.is_v6() && address.to_v6().is_v4_mapped())) return;
    auto& family = families_[address.is_v6() ? 1 : 0];
    const auto* failure = fact.result ? nullptr : &fact.result.error();
    family.routed |= failure == nullptr || !failure->local;
    family.answers |=
        failure == nullptr || (failure->error == asio::error::connection_refused && !failure->icmp);
  }

  /// Traces run beside the connections that wait for their answers.
  void take(const probe::SweepOverdue& silent) {
    const auto& [at, remote] = attempts_[silent.index];
    auto& way = ways_[at];
    const bool only_silence = way.met(Met::accepted) + way.met(Met::refused) + way.met(Met::stopped) == 0;
    if (only_silence && !way.traced)
      trace(way, {{remote}, std::unexpected{silence()}}, Met::silent,
            block_of(way, remote.address(), Met::silent));
  }

  static probe::ConnectFailure silence() { return {{asio::error::timed_out, {}}, 1, false}; }

  // ---- traces

  /// The way has ended; what it met that is not an acceptance is located, or waits as doubtful.
  void trace(Way& way) {
    const auto* example = telling(way);
    if (example == nullptr) return;
    if (way.traced && !speaks_for(traced_[*way.traced], *example)) way.traced.reset();
    if (way.traced) return;
    if (example->met == Met::refused && way.met(Met::accepted) > 0) return;
    trace(way, example->fact, example->met,
          block_of(way, example->fact.question.remote.address(), example->met));
  }

  /// A RST that is traced for itself when what fails has been: beside an acceptance it hides a fault only if
  /// it is not the host's own, and that a neighbour's is does not show whose this one is.
  const MetExample* doubtful(const Way& way) const {
    const auto* rst = way.example(Met::refused);
    if (rst == nullptr || telling(way) != rst) return nullptr;
    if (!way.traced) return way.met(Met::accepted) > 0 ? rst : nullptr;
    const auto& traced = traced_[*way.traced];
    const auto& remote = traced.fact.question.remote;
    return remote != rst->fact.question.remote && resets_itself(traced.evidence, remote) ? rst : nullptr;
  }

  /// What is to be located. Beside an acceptance silence is not: not each address needs a host.
  static const MetExample* telling(const Way& way) {
    const bool open = way.met(Met::accepted) > 0;
    if (open && way.met(Met::stopped) > 0) return way.example(Met::stopped);
    for (const auto met : {Met::refused, Met::stopped, Met::silent, Met::absent})
      if (const auto* example = way.example(met)) return open && met != Met::refused ? nullptr : example;
    return nullptr;
  }

  /// What was silent for a while may have met something else than the others in the end.
  static bool speaks_for(const Traced& traced, const MetExample& example) {
    return traced.met == example.met || traced.fact.question.remote == example.fact.question.remote;
  }

  void trace(Way& way, const probe::TcpConnect& fact, Met met, const allowlist::Prefix& block) {
    const auto& failure = fact.result.error();
    const auto& remote = fact.question.remote;
    // Nothing stands between this machine and itself.
    if (settings_.trace == TraceMode::never || failure.local || is_own(remote.address())) return;
    if (failure.icmp && is_own(failure.icmp->sender)) return;
    const auto at = std::ranges::find_if(traced_, [&](const Traced& other) {
      return other.met == met && other.block == block && other.fact.question.remote.port() == remote.port() &&
             sender(other.fact) == sender(fact);
    });
    way.beyond = at == traced_.end() && traced_.size() == most_traced;
    if (way.beyond) return;
    if (at != traced_.end()) {
      way.traced = static_cast<std::size_t>(at - traced_.begin());
      return;
    }
    way.traced = traced_.size();
    auto& traced = traced_.emplace_back(Traced{met, block, fact, {}});
    add(traced.evidence, environment_);
    std::vector<probe::PathQuestion> questions{{remote, PathFlow::syn, settings_.hops, {}}};
    // An ICMP error of another device names it, and only its distance is asked; else other packets to the
    // address show who is there.
    if (!failure.icmp || failure.icmp->sender == remote.address()) {
      constexpr std::uint16_t https = 443, http = 80;
      const probe::TcpEndpoint other{remote.address(), remote.port() == https ? http : https};
      questions.push_back({other, PathFlow::syn, settings_.hops, {}});
      questions.push_back({{remote.address(), traceroute_port}, PathFlow::udp, settings_.hops, {}});
    }
    traces_open_ += questions.size();
    spawn(follow(traced, std::move(questions)));
  }

  /// A prefix of which some is open or all is silent is traced for itself: whether there is a host at an
  /// address is seen only by looking.
  allowlist::Prefix block_of(const Way& way, const asio::ip::address& address, Met met) const {
    const int shared = address.is_v6() ? block_v6 : block_v4;
    const auto* prefix = std::get_if<allowlist::Prefix>(&plans_[way.plan].entry->what);
    const bool doubt = met == Met::silent || met == Met::absent || way.met(Met::accepted) > 0;
    const bool by_itself = prefix != nullptr && !way.whole && doubt;
    return {address, by_itself ? std::max(shared, prefix->length()) : shared};
  }

  static std::optional<asio::ip::address> sender(const probe::TcpConnect& fact) {
    const auto& icmp = fact.result.error().icmp;
    return icmp ? std::optional{icmp->sender} : std::nullopt;
  }

  bool is_own(const asio::ip::address& address) const {
    return address.is_loopback() || address.is_unspecified() ||
           std::ranges::find(environment_.addresses, address) != environment_.addresses.end();
  }

  awaitable<void> follow(Traced& traced, std::vector<probe::PathQuestion> questions) {
    auto& lane = lanes_[traced.fact.question.remote.address().is_v6() ? 1 : 0];
    const auto turn = co_await lane.turns.take(Clock::time_point::max());
    if (!turn || stopping_) co_return;
    asio::steady_timer pause{executor_, lane.free_at};
    co_await pause.async_wait(probe::as_result);
    if (stopping_) co_return;
    lane.free_at = Clock::now() + pause_for_a_flow * questions.size();
    for (auto& question : questions) spawn(trace_flow(traced, std::move(question)));
  }

  awaitable<void> trace_flow(Traced& traced, probe::PathQuestion question) {
    const probe::Stopwatch watch;
    const auto timeout = std::max(settings_.timeout - patience(settings_), patience(settings_));
    auto fact = co_await probe::trace_path(std::move(question), settings_.source, timeout, {});
    if (!stopping_) add(traced.evidence, std::move(fact), watch.span());
    --traces_open_;
  }

  // ---- the loop's own

  void spawn(awaitable<void> task) {
    const auto cancel = tasks_.emplace(tasks_.end());
    asio::co_spawn(
        executor_, std::move(task),
        asio::bind_cancellation_slot(cancel->slot(), [this, cancel](const std::exception_ptr& failure) {
          if (failure && !stopping_) failure_ = failure;
          tasks_.erase(cancel);
          sweep_.wake();
          changed_.cancel();
        }));
  }

  template <typename Fact>
  static void add(Evidence& evidence, Fact fact, probe::Span span = {}) {
    const probe::MeasurementId id{static_cast<std::uint32_t>(evidence.measurements().size() + 1)};
    evidence.add({id, span, std::move(fact), {}});
  }

  ReachProgress progress() const { return {attempts_.size(), ended_, accepted_, names_open_, traces_open_}; }

  // ---- the verdicts

  ReachSurvey conclude(bool complete) {
    // A missing family is nothing to complain of where the other one works; a route that one address of a
    // family lacks and another has is.
    for (auto& way : ways_)
      if (const auto* lost = way.example(Met::unrouted)) {
        const bool v6 = lost->fact.question.remote.address().is_v6();
        if (families_[v6 ? 1 : 0].routed || !families_[v6 ? 0 : 1].answers) way.complain_of_routes();
      }
    std::vector<std::vector<WayReach>> of_plan(plans_.size());
    for (auto& name : names_) judge_name(name, of_plan[name.plan]);
    for (const auto& way : ways_) {
      const auto& plan = plans_[way.plan];
      const auto* traced = way.traced ? &traced_[*way.traced] : nullptr;
      of_plan[way.plan].push_back(judge_way(way, plan, traced, settings_, environment_));
    }
    ReachSurvey survey{{}, {}, complete ? attempts_.size() : ended_, complete};
    survey.entries.reserve(plans_.size());
    for (std::size_t i = 0; i < plans_.size(); ++i)
      survey.entries.push_back(judge_entry(plans_[i], std::move(of_plan[i])));
    survey.environment = std::move(environment_);
    return survey;
  }

  /// What DNS says decides before what the addresses do.
  void judge_name(Name& name, std::vector<WayReach>& into) {
    Way without{name.plan, name.target.host.name, name.target.port, true, 0, {}, {}, {}, {}, false};
    if (name.open > 0) {
      into.push_back(judge_way(without, plans_[name.plan], nullptr, settings_, environment_));
      return;
    }
    for (const auto& [way, remote] : name.attempts)
      if (ways_[way].met(Met::accepted) > 0)
        add(name.evidence, probe::TcpConnect{{remote}, probe::TcpEstablished{}});
    const auto findings = check_dns(case_of(name));
    const bool broken =
        std::ranges::any_of(findings, [](const Finding& finding) { return finding.status == Status::fail; });
    for (const auto& attempt : name.attempts)
      if (broken) ways_[attempt.way].name_findings = findings;
    if (!name.attempts.empty()) return;
    without.name_findings = findings;
    if (!broken && settings_.family) {
      auto& skipped = into.emplace_back();
      skipped.host = without.host;
      skipped.port = without.port;
      skipped.reach = Reached::skipped;
      skipped.summary = "it has no address of the only family that is asked for (-4, -6 or --source)";
      return;
    }
    into.push_back(judge_way(without, plans_[name.plan], nullptr, settings_, environment_));
  }

  asio::any_io_executor executor_;
  std::span<const ReachPlan> plans_;
  const Settings& settings_;
  ReachObserver& observer_;
  probe::Environment environment_;
  probe::ConnectSweep sweep_;
  /// Of one family: routers count each for itself.
  struct Lane {
    explicit Lane(const asio::any_io_executor& executor) : turns{executor, 1} {}
    probe::Turns turns;
    Clock::time_point free_at = Clock::now();
  };
  std::array<Lane, 2> lanes_;
  probe::Turns lookups_;
  std::deque<Way> ways_;
  std::deque<Attempt> attempts_;  ///< by the sweep's index
  std::deque<Name> names_;
  std::deque<Traced> traced_;
  std::map<probe::UdpEndpoint, probe::Resolver> resolvers_;
  std::list<asio::cancellation_signal> tasks_;
  asio::steady_timer changed_;
  std::exception_ptr failure_;
  std::size_t names_open_ = 0;
  std::size_t ended_ = 0;
  std::size_t accepted_ = 0;
  struct FamilyMet {
    bool routed = false;   ///< an attempt left this machine
    bool answers = false;  ///< a host accepted or refused one
  };
  std::array<FamilyMet, 2> families_;  ///< IPv4, IPv6
  std::size_t traces_open_ = 0;
  bool stopping_ = false;
};

}  // namespace

awaitable<ReachSurvey> survey_reach(std::span<const ReachPlan> plans, const Settings& settings,
                                    probe::SweepLimits limits, ReachObserver& observer) {
  limits.patience = patience(settings);
  Surveyor surveyor{co_await asio::this_coro::executor, plans, settings, limits, observer};
  co_return co_await surveyor.run();
}

}  // namespace fwprobe::checks
