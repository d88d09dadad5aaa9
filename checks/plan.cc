#include "checks/plan.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "checks/black_hole.h"
#include "checks/endpoints.h"
#include "checks/forged_answer.h"
#include "checks/hello.h"
#include "checks/ledger.h"
#include "checks/other_way.h"
#include "checks/path_plan.h"
#include "checks/resolution.h"
#include "checks/ssh_host_key.h"

namespace fwprobe::checks {
namespace {

/// Plans one round: everything that can be asked now, given what is known.
class Plan {
 public:
  Plan(const Case& the_case, const std::vector<probe::Question>& asked,
       const std::vector<probe::Question>& overdue)
      : case_{the_case}, overdue_{overdue}, ledger_{the_case.evidence, asked} {}

  std::vector<Planned> next() && {
    const probe::EnvironmentQuestion environment{{case_.target.host.name}};
    ledger_.ask(environment);
    if (!ledger_.answered(environment)) return std::move(ledger_).take_new();

    const auto profile = case_.profile();
    const bool web = profile == Profile::web, azure = is_azure(profile);
    advance({case_.target.scheme, case_.target.host, case_.target.port, Reach::tls}, Width::every_address);
    // First, so that the silence begins on the connection that has just carried an answer.
    try_out(opt_in_wishes(case_));
    if (web) grant(web_wishes(case_));
    if (azure) grant(azure_devops_wishes(case_));
    if (web || azure) grant(content_wishes(case_));
    follow_up();
    return std::move(ledger_).take_new();
  }

 private:
  /// The target's own addresses are all measured; for other places one that works is enough above TCP.
  enum class Width : std::uint8_t { every_address, one_address };

  static bool is_azure(Profile profile) {
    return profile == Profile::azure_devops_server || profile == Profile::azure_devops_services;
  }

  probe::ProxyChoice proxy_for(const Journey& journey) const {
    return case_.settings.proxies.choose(name(journey.scheme), journey.host, journey.port);
  }

  // ---- connections
  // ----------------------------------------------------------------------------------------------

  std::vector<probe::TcpEndpoint> endpoints(const probe::Host& host, std::uint16_t port,
                                            const std::string& because) {
    return checks::endpoints(case_, ledger_, host, port, because);
  }

  /// A TCP target is watched in silence after connecting: its only sign of trouble is an early end.
  probe::TcpPurpose purpose(const Journey& journey, Width width) const {
    const bool only_tcp = journey.scheme == Scheme::tcp && width == Width::every_address;
    return only_tcp && !proxy_for(journey).server ? probe::TcpPurpose::listen : probe::TcpPurpose::reach;
  }

  /// --attempts: one after another, so that each sees the network at its own time.
  void attempt(const probe::TcpEndpoint& endpoint, probe::TcpPurpose purpose, int attempts,
               const std::string& because) {
    for (int n = 1; n <= attempts; ++n) {
      const probe::TcpQuestion question{endpoint, purpose, n};
      ledger_.ask(question, because);
      if (!ledger_.answered(question)) return;
    }
  }

  // ---- layers
  // ----------------------------------------------------------------------------------------------

  /// Goes one step further on the way to `journey`: name, connections, tunnel, handshake or banner.
  void advance(const Journey& journey, Width width) {
    const auto proxy = proxy_for(journey);
    const auto peers = proxy.server ? endpoints(proxy.server->host, proxy.server->port, journey.because)
                                    : endpoints(journey.host, journey.port, journey.because);
    const int attempts = width == Width::every_address ? case_.settings.attempts : 1;
    for (const auto& peer : peers) attempt(peer, purpose(journey, width), attempts, journey.because);
    const auto is_climbed = [&](const probe::TcpEndpoint& peer) { return climbed(journey, peer); };
    const bool one_is_enough = width == Width::one_address || proxy.server;
    if (one_is_enough && std::ranges::any_of(peers, is_climbed)) return;
    for (const auto& peer : peers) {
      if (is_climbed(peer)) continue;
      climb(journey, peer);
      const bool taken_by_others = !is_climbed(peer) && ledger_.all_taken(peer);
      if (taken_by_others && climbs_above_tcp(journey)) ledger_.connect_again(peer, journey.because);
    }
  }

  /// A connection carries the handshake or the tunnel of one name: where another name at the same address, or
  /// behind the same proxy, has taken it, one more is needed.
  bool climbs_above_tcp(const Journey& journey) const {
    if (const auto proxy = proxy_for(journey).server; proxy && needs_tunnel(journey, *proxy)) return true;
    return journey.reach != Reach::tcp && (is_tls(journey.scheme) || journey.scheme == Scheme::ssh);
  }

  /// Puts the next layer on a free connection to `peer`, when there is one.
  void climb(const Journey& journey, const probe::TcpEndpoint& peer) {
    if (const auto proxy = proxy_for(journey).server; proxy && needs_tunnel(journey, *proxy)) {
      if (const auto tunnel = free_tunnel(journey)) return climb_over(journey, *tunnel);
      if (const auto connection = ledger_.free_connection(peer))
        ledger_.ask(probe::TunnelQuestion{*connection, proxy->kind, journey.host, journey.port,
                                          std::string{name(journey.scheme)}},
                    journey.because);
      return;
    }
    if (const auto connection = ledger_.free_connection(peer)) climb_over(journey, *connection);
  }

  void climb_over(const Journey& journey, probe::MeasurementId connection) {
    if (journey.reach == Reach::tcp) return;
    if (is_tls(journey.scheme))
      ledger_.ask(hello(case_, journey.scheme, journey.host, connection), journey.because);
    if (journey.scheme == Scheme::ssh) ledger_.ask(probe::SshQuestion{connection}, journey.because);
  }

  /// A plain-http request goes to an HTTP proxy as it is (absolute-form, RFC 9112 §3.2.2); all else needs a
  /// tunnel.
  static bool needs_tunnel(const Journey& journey, const probe::ProxyServer& proxy) {
    return proxy.kind == probe::ProxyKind::socks5 || journey.scheme != Scheme::http;
  }

  /// Whether the layer above TCP was asked of `peer` for this journey.
  bool climbed(const Journey& journey, const probe::TcpEndpoint& peer) const {
    bool found = false;
    const auto over_peer = [&](probe::MeasurementId id) {
      const auto* base = underlying_connection(case_.evidence, id);
      return base && base->question.remote == peer && base->question.purpose != probe::TcpPurpose::compare;
    };
    ledger_.each<probe::TlsQuestion>([&](const probe::TlsQuestion& q) {
      found =
          found || (is_tls(journey.scheme) && q.verify == verified_name(journey) && over_peer(q.connection));
    });
    ledger_.each<probe::SshQuestion>([&](const probe::SshQuestion& q) {
      found = found || (journey.scheme == Scheme::ssh && over_peer(q.connection));
    });
    if (found) return true;
    // A tunnel is as far as this goes while it is not open, or when nothing is put on it here.
    const bool ends_at_tunnel =
        journey.reach == Reach::tcp || journey.scheme == Scheme::http || journey.scheme == Scheme::tcp;
    ledger_.each<probe::TunnelQuestion>([&](const probe::TunnelQuestion& q) {
      found = found || (leads_to(q, journey) && over_peer(q.connection) && (ends_at_tunnel || !is_open(q)));
    });
    return found;
  }

  bool is_open(const probe::TunnelQuestion& question) const {
    return std::ranges::any_of(case_.evidence.all<probe::ProxyTunnel>(), [&](const auto& tunnel) {
      return tunnel->question == question && tunnel->result;
    });
  }

  static bool leads_to(const probe::TunnelQuestion& tunnel, const Journey& journey) {
    return tunnel.host == journey.host && tunnel.port == journey.port;
  }

  std::optional<probe::MeasurementId> free_tunnel(const Journey& journey) const {
    for (const auto& tunnel : case_.evidence.all<probe::ProxyTunnel>())
      if (tunnel->result && leads_to(tunnel->question, journey) && !ledger_.taken(tunnel.id))
        return tunnel.id;
    return std::nullopt;
  }

  probe::Host verified_name(const Journey& journey) const {
    return checks::verified_name(case_, journey.host);
  }

  // ---- wishes of the profiles
  // ------------------------------------------------------------------------------

  void grant(const Wishes& wishes) {
    for (const auto& journey : wishes.journeys) advance(journey, Width::one_address);
    for (const auto& request : wishes.requests)
      if (!serve(request, &request == &wishes.requests.back() ? wishes.because : "")) return;
  }

  void try_out(const Wishes& wishes) {
    for (const auto& silence : wishes.silences)
      if (!ledger_.taken(silence.connection))
        ledger_.ask(probe::IdleQuestion{silence.connection, *case_.settings.idle, silence.use},
                    silence.because);
    for (const auto& trial : wishes.trials) serve(trial);
    for (const auto& wish : wishes.connections) ledger_.connect_again(wish.remote, wish.because);
  }

  void serve(const TrialWish& wish) {
    bool in_flight = false;
    ledger_.each<probe::TrialQuestion>([&](const probe::TrialQuestion& q) {
      in_flight = in_flight || (q.request == wish.request && q.purpose == wish.purpose &&
                                q.turn == wish.turn && !ledger_.answered(q));
    });
    if (in_flight) return;
    auto journey = journey_of(wish.request);
    journey.because = wish.because;
    const auto line = wish.over ? std::optional{wish.over} : free_line(journey);
    if (line && !ledger_.taken(*line))
      ledger_.ask(probe::TrialQuestion{*line, wish.request, form_for(journey), wish.purpose, wish.turn},
                  wish.because);
    else if (!wish.over)
      open_line(journey);
  }

  static Journey journey_of(const probe::HttpRequest& request) {
    return {request.url.scheme == "https" ? Scheme::https : Scheme::http, request.url.host, request.url.port,
            Reach::http};
  }

  probe::RequestForm form_for(const Journey& journey) const {
    const auto proxy = proxy_for(journey).server;
    return proxy && !needs_tunnel(journey, *proxy) ? probe::RequestForm::absolute
                                                   : probe::RequestForm::origin;
  }

  /// Moves one request forward; true when it is answered and the next one may go.
  bool serve(const probe::HttpRequest& request, std::string because) {
    probe::MeasurementId id;
    if (const auto* exchange = find_exchange(case_.evidence, request, &id)) {
      if (!went_stale(*exchange)) return true;
      because = fmt::format("the kept connection of m{} was closed while it was idle: does a new one serve?",
                            id.number);
    }
    if (in_flight(request)) return false;
    auto journey = journey_of(request);
    journey.because = std::move(because);
    if (const auto line = free_line(journey)) {
      ledger_.ask(probe::HttpQuestion{*line, request, form_for(journey)}, journey.because);
      return false;
    }
    advance(journey, is_targets(journey) ? Width::every_address : Width::one_address);
    open_line(journey);
    return false;
  }

  bool is_targets(const Journey& journey) const {
    return journey.host == case_.target.host && journey.port == case_.target.port &&
           journey.scheme == case_.target.scheme;
  }

  bool in_flight(const probe::HttpRequest& request) const {
    bool found = false;
    ledger_.each<probe::HttpQuestion>([&](const probe::HttpQuestion& q) {
      found = found || (q.request == request && !ledger_.answered(q) && !compares(q.connection));
    });
    return found;
  }

  /// A kept connection that the server closed while it was idle says nothing about the request: it is sent
  /// once more on a new one (RFC 9112 §9.3.1). A second end without a byte is an answer.
  bool went_stale(const probe::HttpExchange& exchange) const {
    if (exchange.result || exchange.result.error().received > 0) return false;
    const auto& failure = exchange.result.error().transport;
    return failure && closed_by_peer(*failure) &&
           case_.evidence.find<probe::HttpExchange>(exchange.question.connection);
  }

  /// A connection that can carry a request now: kept from an exchange, or fresh from its handshake.
  std::optional<probe::MeasurementId> free_line(const Journey& journey) const {
    if (const auto kept = kept_line<probe::HttpExchange>(journey)) return kept;
    if (const auto kept = kept_line<probe::HttpTrial>(journey)) return kept;
    if (journey.scheme == Scheme::https) {
      for (const auto& handshake : case_.evidence.all<probe::TlsHandshake>())
        if (usable(*handshake.fact, journey) && !ledger_.taken(handshake.id)) return handshake.id;
      return std::nullopt;
    }
    const auto proxy = proxy_for(journey).server;
    if (proxy && needs_tunnel(journey, *proxy)) return free_tunnel(journey);
    for (const auto& attempt : case_.evidence.all<probe::TcpConnect>())
      if (attempt->result && is_peer(journey, attempt->question.remote))
        if (const auto free = ledger_.free_connection(attempt->question.remote)) return free;
    return std::nullopt;
  }

  /// Kept from an exchange of this kind.
  template <typename Exchange>
  std::optional<probe::MeasurementId> kept_line(const Journey& journey) const {
    for (const auto& exchange : case_.evidence.all<Exchange>()) {
      const auto& url = exchange->question.request.url;
      if (exchange->result && exchange->result->reusable && url.host == journey.host &&
          url.port == journey.port && (url.scheme == "https") == (journey.scheme == Scheme::https) &&
          !ledger_.taken(exchange.id) && !compares(exchange.id))
        return exchange.id;
    }
    return std::nullopt;
  }

  bool usable(const probe::TlsHandshake& handshake, const Journey& journey) const {
    const auto* base = underlying_connection(case_.evidence, handshake.question.connection);
    return handshake.result && handshake.verify_errors.empty() &&
           handshake.ocsp != probe::OcspStatus::revoked &&
           handshake.question.policy == probe::TlsPolicy::standard &&
           handshake.question.verify == verified_name(journey) && base &&
           base->question.purpose != probe::TcpPurpose::compare &&
           (is_peer(journey, base->question.remote) || proxy_for(journey).server);
  }

  bool is_peer(const Journey& journey, const probe::TcpEndpoint& remote) const {
    const auto proxy = proxy_for(journey).server;
    const auto& host = proxy ? proxy->host : journey.host;
    if (remote.port() != (proxy ? proxy->port : journey.port)) return false;
    const auto addresses = resolve_host(case_, host).addresses;
    return std::ranges::find(addresses, remote.address()) != addresses.end();
  }

  /// Opens one more line the way an earlier one succeeded. Where none has, advance() is still at it, or it
  /// failed.
  void open_line(const Journey& journey) {
    if (journey.scheme == Scheme::https) {
      if (handshake_in_flight(journey)) return;
      std::map<probe::TcpEndpoint, bool>
          newest_was_usable;  // a peer whose newest handshake failed is not tried again
      for (const auto& handshake : case_.evidence.all<probe::TlsHandshake>()) {
        if (handshake->question.verify != verified_name(journey)) continue;
        const auto* base = underlying_connection(case_.evidence, handshake.id);
        if (base && base->question.purpose != probe::TcpPurpose::compare &&
            handshake->question.policy == probe::TlsPolicy::standard)
          newest_was_usable[base->question.remote] = usable(*handshake.fact, journey);
      }
      const auto peer = std::ranges::find_if(newest_was_usable, [](const auto& row) { return row.second; });
      if (peer != newest_was_usable.end()) reopen(journey, peer->first);
      return;
    }
    for (const auto& attempt : case_.evidence.all<probe::TcpConnect>())
      if (attempt->result && is_peer(journey, attempt->question.remote))
        return reopen(journey, attempt->question.remote);
  }

  bool handshake_in_flight(const Journey& journey) const {
    bool found = false;
    ledger_.each<probe::TlsQuestion>([&](const probe::TlsQuestion& q) {
      found =
          found || (q.verify == verified_name(journey) && !ledger_.answered(q) && !compares(q.connection));
    });
    return found;
  }

  void reopen(const Journey& journey, const probe::TcpEndpoint& peer) {
    climb(journey, peer);
    if (!ledger_.free_connection(peer)) ledger_.connect_again(peer, journey.because);
  }

  // ---- what would decide between two causes
  // ----------------------------------------------------------------

  void follow_up() {
    for (const auto& handshake : case_.evidence.all<probe::TlsHandshake>()) {
      const auto& question = handshake->question;
      if (question.policy != probe::TlsPolicy::standard || handshake->result || compares(handshake.id))
        continue;
      const auto* base = underlying_connection(case_.evidence, question.connection);
      if (!base || case_.evidence.find<probe::ProxyTunnel>(question.connection)) continue;
      const auto& failure = handshake->result.error();
      if (nothing_in_common(failure)) offer_everything(question, base->question.remote);
      // Closed on the ClientHello, or closed anyway? Only a connection on which nothing is said can tell.
      if (!failure.answered && failure.transport && closed_by_peer(*failure.transport))
        listen_to(base->question.remote, "ClientHello");
      if (ended_on_client_hello(failure)) compare_names(question, base->question.remote);
    }
    for (const auto& question : overdue_) {
      const auto* hello = std::get_if<probe::TlsQuestion>(&question);
      const auto* base = hello ? case_.evidence.find<probe::TcpConnect>(hello->connection) : nullptr;
      if (base && hello->policy == probe::TlsPolicy::standard && !compares(hello->connection))
        compare_names(*hello, base->question.remote);
    }
    ask_for_published_host_keys();
    for (auto& [question, because] : forgery_questions(case_, overdue_))
      ledger_.ask(std::move(question), std::move(because));
    for (auto& [question, because] : path_questions(case_, overdue_))
      ledger_.ask(std::move(question), std::move(because));
    compare_segment_sizes(case_, overdue_, ledger_);
    compare_ways(case_, ledger_);
    for (const auto& exchange : case_.evidence.all<probe::HttpExchange>()) {
      if (exchange->result || exchange->result.error().received > 0 || compares(exchange.id)) continue;
      const auto& end = exchange->result.error().transport;
      const auto* base = case_.evidence.find<probe::TcpConnect>(exchange->question.connection);
      if (base && end && closed_by_peer(*end)) listen_to(base->question.remote, "request");
    }
  }

  /// Whether it goes over a connection that is no part of the request's own way.
  bool compares(probe::MeasurementId id) const { return is_comparison(case_.evidence, id); }

  void listen_to(const probe::TcpEndpoint& remote, std::string_view said) {
    ledger_.ask(
        probe::TcpQuestion{remote, probe::TcpPurpose::listen},
        fmt::format("the connection ended on the {}: does it end as well when nothing is said?", said));
  }

  /// A server has keys of several types, and the one that it showed may not be the one that is published: the
  /// other types are asked for before anybody says that its key is another.
  void ask_for_published_host_keys() {
    const auto published = published_keys(case_);
    if (published.keys.empty()) return;
    for (const auto& banner : case_.evidence.all<probe::SshBanner>()) {
      const auto* base = underlying_connection(case_.evidence, banner.id);
      if (!base || !banner->question.host_key_type.empty()) continue;
      const auto compared = compare_host_keys(case_, published, base->question.remote);
      if (compared.match != HostKeyMatch::undecided || compared.seen.empty()) continue;
      for (const auto& type : compared.open_types)
        if (is_known_key_type(type)) ask_for_host_key(type, base->question.remote);
    }
  }

  void ask_for_host_key(const std::string& type, const probe::TcpEndpoint& remote) {
    bool asked = false;
    ledger_.each<probe::SshQuestion>([&](const probe::SshQuestion& q) {
      const auto* base = underlying_connection(case_.evidence, q.connection);
      asked = asked || (q.host_key_type == type && base && base->question.remote == remote);
    });
    if (asked) return;
    auto because =
        fmt::format("the host key that was shown is not a published one: is the server's {} key?", type);
    const Journey journey{case_.target.scheme, case_.target.host, case_.target.port, Reach::tls, because};
    const auto proxy = proxy_for(journey).server;
    const auto connection = proxy ? free_tunnel(journey) : ledger_.free_connection(remote);
    if (connection) return ledger_.ask(probe::SshQuestion{*connection, type}, std::move(because));
    if (proxy && ledger_.free_connection(remote)) return climb(journey, remote);
    ledger_.connect_again(remote, std::move(because));
  }

  /// No version or cipher in common, by the alert (RFC 8446 §6.2) or by the library's own refusal of a
  /// ServerHello.
  static bool nothing_in_common(const probe::TlsFailure& failure) {
    constexpr std::uint8_t handshake_failure = 40, protocol_version = 70, insufficient_security = 71;
    const auto means_it = [](const std::optional<probe::TlsAlert>& alert) {
      return alert && (alert->code == handshake_failure || alert->code == protocol_version ||
                       alert->code == insufficient_security);
    };
    return means_it(failure.received) || means_it(failure.sent);
  }

  /// What the server has to offer when old versions and weak ciphers are allowed.
  void offer_everything(probe::TlsQuestion refused, const probe::TcpEndpoint& remote) {
    refused.policy = probe::TlsPolicy::permissive;
    shake_hands_again(std::move(refused), remote,
                      "no version or cipher in common: what does the server have to offer?");
  }

  /// Does the server's name decide? The same address is asked with a name that nobody filters (RFC 2606 §3),
  /// and without one.
  void compare_names(probe::TlsQuestion unanswered, const probe::TcpEndpoint& remote) {
    if (unanswered.server_name.empty()) return;
    unanswered.policy = probe::TlsPolicy::comparison;
    for (const auto* name : {"www.example.com", ""}) {
      unanswered.server_name = name;
      shake_hands_again(unanswered, remote,
                        "nothing came back on the ClientHello: is it the server's name that decides?");
    }
  }

  /// A handshake that is evidence only, once for each peer, on a connection of its own.
  void shake_hands_again(probe::TlsQuestion question, const probe::TcpEndpoint& remote, std::string because) {
    bool asked = false;
    ledger_.each<probe::TlsQuestion>([&](const probe::TlsQuestion& q) {
      const auto* base = underlying_connection(case_.evidence, q.connection);
      asked = asked || (q.policy == question.policy && q.server_name == question.server_name && base &&
                        base->question.remote == remote);
    });
    if (asked) return;
    const auto connection = ledger_.free_connection(remote);
    if (!connection) return ledger_.connect_again(remote, std::move(because));
    question.connection = *connection;
    ledger_.ask(std::move(question), std::move(because));
  }

  const Case& case_;
  const std::vector<probe::Question>& overdue_;
  Ledger ledger_;
};

}  // namespace

const probe::HttpExchange* find_exchange(const Evidence& evidence, const probe::HttpRequest& request,
                                         probe::MeasurementId* id) {
  const probe::HttpExchange* newest = nullptr;
  for (const auto& exchange : evidence.all<probe::HttpExchange>()) {
    if (exchange->question.request != request || is_comparison(evidence, exchange.id)) continue;
    newest = exchange.fact;
    if (id) *id = exchange.id;
  }
  return newest;
}

std::vector<Planned> next_questions(const Case& the_case, const std::vector<probe::Question>& asked,
                                    const std::vector<probe::Question>& overdue) {
  return Plan{the_case, asked, overdue}.next();
}

}  // namespace fwprobe::checks
