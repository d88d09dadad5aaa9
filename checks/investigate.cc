#include "checks/investigate.h"

#include <algorithm>
#include <exception>
#include <list>
#include <map>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/steady_timer.hpp>

#include "checks/hop_names.h"
#include "probe/deadline.h"
#include "probe/dns.h"
#include "probe/http.h"
#include "probe/http_trial.h"
#include "probe/idle.h"
#include "probe/path.h"
#include "probe/proxy.h"
#include "probe/ssh.h"
#include "probe/tcp.h"

namespace fwprobe::checks {
namespace {

using probe::awaitable;
using probe::Clock;

/// How long a connection is watched in silence: a peer that closes what it accepted does so within a round
/// trip.
constexpr std::chrono::milliseconds listen_for{500};

/// What handshakes need takes a millisecond or two to make. A network that is slower than this has them to
/// spare; beside faster answers they would be measured.
constexpr std::chrono::milliseconds before_preparing{5};

/// Who waits for a hop's line waits this long for its name.
constexpr std::chrono::milliseconds name_patience{500};

/// Answers questions at the same time and collects the measurements of one target.
class Engine {
 public:
  Engine(const Target& target, const Settings& settings, probe::TlsContexts& contexts, Observer& observer,
         probe::HttpLimits limits, probe::EnvironmentMemory& environment)
      : target_{target},
        settings_{settings},
        contexts_{contexts},
        observer_{observer},
        limits_{limits},
        environment_{environment} {}

  /// Returns false when it was cancelled or the deadline came before nothing was left to ask.
  awaitable<bool> run() {
    co_await asio::this_coro::throw_if_cancelled(false);
    asio::steady_timer changed{co_await asio::this_coro::executor, Clock::time_point::max()};
    changed_ = &changed;
    asio::steady_timer lull{changed.get_executor(), before_preparing};
    if (is_tls(target_.scheme))
      lull.async_wait([&contexts = contexts_](std::error_code cancelled) {
        if (!cancelled) contexts.context(probe::TlsPolicy::standard);
      });
    bool complete = true;
    do {
      news_ = false;
      if (complete) complete = ask_what_is_open(changed.get_executor());
      while (!news_ && is_waiting()) {
        changed.expires_at(next_overdue());
        co_await changed.async_wait(probe::as_result);
        if (Clock::now() >= changed.expiry()) news_ = true;  // silence is news, too
        const auto state = co_await asio::this_coro::cancellation_state;
        if (state.cancelled() == asio::cancellation_type::none) continue;
        co_await asio::this_coro::reset_cancellation_state();
        complete = false;
        cancel_all();
      }
    } while (news_);
    cancel_all();
    while (!in_flight_.empty()) {
      changed.expires_at(Clock::time_point::max());
      co_await changed.async_wait(probe::as_result);
    }
    changed_ = nullptr;
    if (failure_) std::rethrow_exception(failure_);
    co_return complete;
  }

  Evidence take_evidence() && { return std::move(evidence_); }

 private:
  struct Task {
    Task(Planned planned, Clock::time_point due)
        : question{std::move(planned.question)}, because{std::move(planned.because)}, overdue_at{due} {}
    probe::Question question;
    std::string because;
    Clock::time_point overdue_at;
    asio::cancellation_signal cancel;
  };
  struct Answer {
    probe::Fact fact;
    std::optional<probe::Connection> connection;
  };

  /// Starts everything that the plan asks; false when the deadline forbids it.
  template <typename Executor>
  bool ask_what_is_open(const Executor& executor) {
    auto plan = next_questions({target_, settings_, evidence_}, asked_, overdue());
    if (plan.empty()) return true;
    if (Clock::now() >= deadline_) return false;
    for (auto& planned : plan) ask(executor, std::move(planned));
    return true;
  }

  template <typename Executor>
  void ask(const Executor& executor, Planned planned) {
    observer_.asking(target_, planned.question);
    asked_.push_back(planned.question);
    auto& task = in_flight_.emplace_back(std::move(planned), Clock::now() + patience());
    asio::co_spawn(
        executor, answer(task),
        asio::bind_cancellation_slot(task.cancel.slot(), [this, &task](const std::exception_ptr& failure) {
          if (failure && !stopping_) failure_ = failure;
          in_flight_.remove_if([&](const Task& other) { return &other == &task; });
          news_ = true;
          changed_->cancel();
        }));
  }

  /// Beside the trace, as it goes on.
  template <typename Executor>
  void ask_for_name(const Executor& executor, const probe::PathStep& step) {
    if (stopping_) return;
    for (auto& planned : name_questions({target_, settings_, evidence_}, step))
      if (std::ranges::find(asked_, planned.question) == asked_.end()) ask(executor, std::move(planned));
  }

  /// Whether something is in flight that the run goes on for.
  bool is_waiting() const {
    return std::ranges::any_of(in_flight_, [](const Task& task) { return !is_optional(task.question); });
  }

  /// Operations end without answers from here on.
  void cancel_all() {
    stopping_ = true;
    for (auto at = in_flight_.begin(); at != in_flight_.end();)
      (at++)->cancel.emit(asio::cancellation_type::terminal);
  }

  awaitable<void> answer(const Task& task) {
    const probe::Stopwatch watch;
    Answer given =
        co_await std::visit([this](const auto& question) { return measure(question); }, task.question);
    if (stopping_) co_return;  // cut short: what came shows us, not the network
    const bool kept = !is_optional(task.question) || says_something(given.fact);
    const probe::MeasurementId id{kept ? ++last_id_ : 0};
    if (given.connection) connections_.emplace(id, std::move(*given.connection));
    probe::Measurement measurement{id, watch.span(), std::move(given.fact), task.because};
    observer_.answered(target_, measurement);
    if (kept) evidence_.add(std::move(measurement));
  }

  /// Most addresses of routers have no name, and that is no news.
  static bool says_something(const probe::Fact& fact) {
    const auto* lookup = std::get_if<probe::DnsLookup>(&fact);
    return lookup == nullptr || !lookup->names.empty();
  }

  /// A SYN is sent again after 1 s (RFC 6298 §2.1); who has not answered until then may never do.
  Clock::duration patience() const {
    return std::min<Clock::duration>(std::chrono::seconds{1}, settings_.timeout / 4);
  }

  std::vector<probe::Question> overdue() const {
    std::vector<probe::Question> late;
    for (const auto& task : in_flight_)
      if (task.overdue_at <= Clock::now()) late.push_back(task.question);
    return late;
  }

  /// When the next question in flight becomes overdue.
  Clock::time_point next_overdue() const {
    auto next = Clock::time_point::max();
    for (const auto& task : in_flight_)
      if (task.overdue_at > Clock::now()) next = std::min(next, task.overdue_at);
    return next;
  }

  Clock::duration timeout() const {
    return std::max<Clock::duration>(std::min(settings_.timeout, deadline_ - Clock::now()),
                                     Clock::duration::zero());
  }

  /// The connection that a question continues. The plan names one connection once.
  probe::Connection take(probe::MeasurementId id) {
    auto node = connections_.extract(id);
    return std::move(node.mapped());
  }

  awaitable<Answer> measure(probe::EnvironmentQuestion question) {
    co_return Answer{environment_.read(std::move(question), settings_.system_files), std::nullopt};
  }

  awaitable<Answer> measure(probe::DnsQuestion question) {
    const auto executor = co_await asio::this_coro::executor;
    auto& resolver =
        resolvers_.try_emplace(question.resolver, executor, question.resolver, settings_.source.address)
            .first->second;
    const auto patience =
        is_optional(question) ? std::min<Clock::duration>(timeout(), name_patience) : timeout();
    auto fact = co_await resolver.lookup(std::move(question), patience);
    co_return Answer{std::move(fact), std::nullopt};
  }

  awaitable<Answer> measure(probe::TcpQuestion question) {
    auto connected = co_await probe::connect(question, settings_.source, timeout(), listen_for);
    co_return Answer{std::move(connected.fact), std::move(connected.connection)};
  }

  awaitable<Answer> measure(probe::PathQuestion question) {
    auto hello = question.hello ? probe::client_hello(*question.hello, contexts_) : std::string{};
    // It runs beside what it explains, which is overdue by now, and ends with it.
    const auto left = std::max<Clock::duration>(timeout() - patience(), patience());
    const auto executor = co_await asio::this_coro::executor;
    probe::PathTracer tracer{question, settings_.source, left, std::move(hello)};
    for (auto step = co_await tracer.next(); step;) {
      ask_for_name(executor, *step);
      observer_.stepped(target_, question, *step);
      step = co_await tracer.next();
    }
    co_return Answer{std::move(tracer).take(), std::nullopt};
  }

  awaitable<Answer> measure(probe::TunnelQuestion question) {
    auto connection = take(question.connection);
    const auto choice = settings_.proxies.choose(question.scheme, question.host, question.port);
    auto tunnelled = co_await probe::open_tunnel(question, std::move(connection), choice.named(), timeout());
    co_return Answer{std::move(tunnelled.fact), std::move(tunnelled.connection)};
  }

  awaitable<Answer> measure(probe::TlsQuestion question) {
    auto connection = take(question.connection);
    auto handshaken =
        co_await probe::handshake(std::move(question), std::move(connection), contexts_, timeout());
    co_return Answer{std::move(handshaken.fact), std::move(handshaken.connection)};
  }

  awaitable<Answer> measure(probe::HttpQuestion question) {
    auto connection = take(question.connection);
    const auto secrets = secrets_for(question);
    auto exchanged =
        co_await probe::exchange(std::move(question), std::move(connection), secrets, timeout(), limits_);
    co_return Answer{std::move(exchanged.fact), std::move(exchanged.connection)};
  }

  awaitable<Answer> measure(probe::SshQuestion question) {
    auto connection = take(question.connection);
    auto fact = co_await probe::read_banner(question, connection, timeout());
    co_return Answer{std::move(fact), std::nullopt};
  }

  awaitable<Answer> measure(probe::TrialQuestion question) {
    auto connection = take(question.connection);
    const auto secrets = secrets_for({question.connection, question.request, question.form});
    auto tried =
        co_await probe::try_out(std::move(question), std::move(connection), secrets, timeout(), deadline_);
    co_return Answer{std::move(tried.fact), std::move(tried.connection)};
  }

  awaitable<Answer> measure(probe::IdleQuestion question) {
    auto connection = take(question.connection);
    auto idled = co_await probe::keep_idle(question, std::move(connection), timeout());
    co_return Answer{std::move(idled.fact), std::move(idled.connection)};
  }

  /// The user's headers and token are for the target's own origin; a redirect elsewhere never sees them.
  probe::HttpSecrets secrets_for(const probe::HttpQuestion& question) const {
    probe::HttpSecrets secrets;
    const auto& url = question.request.url;
    // What only compares the ways proves nothing with them, and its way is not the one that the user chose.
    const bool other_way = question.form == probe::RequestForm::absolute &&
                           is_comparison(evidence_, question.connection) &&
                           !settings_.proxies.choose(url.scheme, url.host, url.port).server;
    if (url.same_origin(target_.url) && !other_way) {
      secrets.user_headers = settings_.headers;
      if (settings_.token) secrets.token = *settings_.token;
    }
    if (question.form == probe::RequestForm::absolute) {
      const auto choice = settings_.proxies.choose(url.scheme, url.host, url.port);
      const auto& proxy = choice.named();
      if (!proxy.user.empty())
        secrets.proxy_authorization = "Basic " + probe::basic_credentials(proxy.user, proxy.password);
    }
    return secrets;
  }

  const Target& target_;
  const Settings& settings_;
  probe::TlsContexts& contexts_;
  Observer& observer_;
  const probe::HttpLimits limits_;
  probe::EnvironmentMemory& environment_;
  const Clock::time_point deadline_ =
      Clock::now() + settings_.deadline + settings_.idle.value_or(Clock::duration::zero());

  Evidence evidence_;
  std::vector<probe::Question> asked_;
  std::list<Task> in_flight_;
  std::map<probe::MeasurementId, probe::Connection> connections_;
  std::map<probe::UdpEndpoint, probe::Resolver> resolvers_;
  std::uint32_t last_id_ = 0;
  asio::steady_timer* changed_ = nullptr;
  std::exception_ptr failure_;
  bool news_ = false;      ///< an operation ended since the plan was last asked
  bool stopping_ = false;  ///< cancelled: operations end without answers
};

}  // namespace

awaitable<Investigation> investigate(Target target, const Settings& settings, probe::TlsContexts& contexts,
                                     Observer& observer, probe::EnvironmentMemory& environment,
                                     probe::HttpLimits limits, Expectation expected) {
  auto investigation = begun(std::move(target), expected);
  Engine engine{investigation.target, settings, contexts, observer, limits, environment};
  investigation.complete = co_await engine.run();
  investigation.evidence = std::move(engine).take_evidence();
  conclude(investigation, settings);
  observer.finished(investigation.target, investigation.status);
  co_return investigation;
}

}  // namespace fwprobe::checks
