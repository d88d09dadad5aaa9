#include "checks/other_way.h"

#include <algorithm>

#include <fmt/format.h>

#include "checks/checks.h"
#include "checks/endpoints.h"
#include "checks/hello.h"
#include "checks/resolution.h"
#include "checks/stand_in.h"

namespace fwprobe::checks {
namespace {

using probe::TcpPurpose;

/// One that works is enough, and few stand for all.
constexpr std::size_t most_addresses = 4;

constexpr auto past_exception =
    "direct connections are blocked: does the proxy that an exception keeps out get through?";
constexpr auto past_proxy = "the proxy fails: does a direct connection work?";

probe::ProxyChoice choice_for(const Case& the_case) {
  const auto& target = the_case.target;
  return the_case.settings.proxies.choose(name(target.scheme), target.host, target.port);
}

/// A plain-http request goes to an HTTP proxy as it is: few let CONNECT through to port 80.
bool goes_as_it_is(const Case& the_case, const probe::ProxyServer& proxy) {
  return the_case.target.scheme == Scheme::http && proxy.kind == probe::ProxyKind::http;
}

probe::TcpQuestion knock(const probe::TcpEndpoint& remote) { return {remote, TcpPurpose::compare, 1, 0}; }

/// A connection of the other way to `remote`; null while there is none.
std::optional<Item<probe::TcpConnect>> connection_to(const Case& the_case, const probe::TcpEndpoint& remote) {
  for (const auto& attempt : the_case.evidence.all<probe::TcpConnect>())
    if (attempt->question == knock(remote)) return attempt;
  return std::nullopt;
}

// ---- asking

/// Whether the request's own way may still bring news.
bool own_way_is_under_way(const Case& the_case, const Ledger& ledger) {
  bool waiting = false;
  ledger.each<probe::TcpQuestion>([&](const probe::TcpQuestion& q) {
    waiting = waiting || (q.purpose != TcpPurpose::compare && !ledger.answered(q));
  });
  ledger.each<probe::TlsQuestion>([&](const probe::TlsQuestion& q) {
    waiting = waiting || (!is_comparison(the_case.evidence, q.connection) && !ledger.answered(q));
  });
  return waiting;
}

void ask_through(const Case& the_case, Ledger& ledger, const probe::ProxyServer& proxy,
                 probe::MeasurementId connection) {
  const std::string because{past_exception};
  const auto& target = the_case.target;
  if (goes_as_it_is(the_case, proxy)) {
    probe::HttpRequest request;
    request.url = target.url;
    ledger.ask(probe::HttpQuestion{connection, request, probe::RequestForm::absolute}, because);
    return;
  }
  ledger.ask(probe::TunnelQuestion{connection, proxy.kind, target.host, target.port,
                                   std::string{name(target.scheme)}},
             because);
  for (const auto& tunnel : the_case.evidence.all<probe::ProxyTunnel>())
    if (tunnel->question.connection == connection && tunnel->result && is_tls(target.scheme))
      ledger.ask(hello(the_case, target.scheme, target.host, tunnel.id), because);
}

/// Asks for connections to a host, and goes on with the first that stands.
template <typename GoOn>
void ask_by_way_of(const Case& the_case, Ledger& ledger, const probe::Host& host, std::uint16_t port,
                   const char* because, GoOn go_on) {
  auto peers = endpoints(the_case, ledger, host, port, because);
  peers.resize(std::min(peers.size(), most_addresses));
  for (const auto& peer : peers) ledger.ask(knock(peer), because);
  for (const auto& peer : peers) {
    const auto connection = connection_to(the_case, peer);
    if (connection && (*connection)->result && !(*connection)->result->early_end)
      return go_on(connection->id);
  }
}

bool proxy_fails(const Case& the_case) {
  return std::ranges::any_of(check_proxy(the_case), [](const auto& f) { return f.status == Status::fail; });
}

// ---- judging

bool interferes(Cause cause) {
  return cause == Cause::tls_client_hello_dropped || cause == Cause::tls_client_hello_reset ||
         cause == Cause::tls_sni_filtered || cause == Cause::tls_handshake_timeout ||
         cause == Cause::tls_intercepted;
}

/// What this machine lacks is not blocked, and what works sometimes is not either.
bool blocks(Cause cause) {
  return cause != Cause::local_no_route && cause != Cause::local_out_of_resources &&
         cause != Cause::tcp_intermittent;
}

bool works(const Finding& finding) {
  return finding.status == Status::pass || finding.status == Status::warn;
}

template <typename Wanted>
std::optional<Finding> first_failing(const Findings& findings, Wanted wanted) {
  if (std::ranges::any_of(findings, works)) return std::nullopt;
  const auto at = std::ranges::find_if(findings, [&](const Finding& finding) {
    return finding.status == Status::fail && finding.cause && wanted(*finding.cause);
  });
  return at == findings.end() ? std::nullopt : std::optional{*at};
}

OtherWay by_handshake(const Item<probe::TlsHandshake>& handshake) {
  const bool sound = handshake->result && handshake->verify_errors.empty();
  return {sound ? OtherWay::End::works : OtherWay::End::fails,
          sound               ? fmt::format("the handshake completes ({})", handshake->result->version)
          : handshake->result ? "the certificate there is not accepted"
                              : "the handshake fails",
          {handshake.id}};
}

/// What the proxy itself writes, and what a filter writes, is no answer of the target.
OtherWay by_answer(const Item<probe::HttpExchange>& exchange) {
  constexpr std::uint16_t errors = 400;
  if (!exchange->result) return {OtherWay::End::fails, "no response comes", {exchange.id}};
  const auto& response = *exchange->result;
  const bool own = response.status < errors && !probe::header(response.headers, "X-Squid-Error") &&
                   !find_stand_in(response, exchange->question.request.url);
  return {own ? OtherWay::End::works : OtherWay::End::fails,
          fmt::format("the answer is {}", response.status),
          {exchange.id}};
}

/// The furthest that a comparison got: over a handshake, a tunnel, or the bare connection.
std::optional<OtherWay> through(const Case& the_case) {
  const auto& evidence = the_case.evidence;
  const auto of_target = [&](const probe::ProxyTunnel& tunnel) {
    return tunnel.question.host == the_case.target.host && tunnel.question.port == the_case.target.port;
  };
  for (const auto& exchange : evidence.all<probe::HttpExchange>())
    if (exchange->question.form == probe::RequestForm::absolute && is_comparison(evidence, exchange.id))
      return by_answer(exchange);
  for (const auto& tunnel : evidence.all<probe::ProxyTunnel>()) {
    if (!of_target(*tunnel.fact) || !is_comparison(evidence, tunnel.id)) continue;
    if (!tunnel->result) return OtherWay{OtherWay::End::fails, "it opens no tunnel", {tunnel.id}};
    if (!is_tls(the_case.target.scheme))
      return OtherWay{OtherWay::End::works, "it opens a tunnel", {tunnel.id}};
    for (const auto& handshake : evidence.all<probe::TlsHandshake>())
      if (handshake->question.connection == tunnel.id) return by_handshake(handshake);
    return std::nullopt;
  }
  return std::nullopt;
}

std::optional<OtherWay> past(const Case& the_case) {
  std::optional<OtherWay> failed;
  for (const auto& address : resolve_host(the_case, the_case.target.host).addresses) {
    const auto connection = connection_to(the_case, {address, the_case.target.port});
    if (!connection) continue;
    if (!(*connection)->result) {
      failed = OtherWay{OtherWay::End::fails, "it is not accepted", {connection->id}};
    } else if (!is_tls(the_case.target.scheme)) {
      return OtherWay{OtherWay::End::works, "it is accepted", {connection->id}};
    } else {
      for (const auto& handshake : the_case.evidence.all<probe::TlsHandshake>())
        if (handshake->question.connection == connection->id) return by_handshake(handshake);
    }
  }
  return failed;
}

}  // namespace

void compare_ways(const Case& the_case, Ledger& ledger) {
  const auto& target = the_case.target;
  const auto choice = choice_for(the_case);
  if (choice.bypassed && !own_way_is_under_way(the_case, ledger) && blocked_directly(the_case)) {
    const auto& proxy = choice.bypassed->server;
    ask_by_way_of(the_case, ledger, proxy.host, proxy.port, past_exception,
                  [&](probe::MeasurementId line) { ask_through(the_case, ledger, proxy, line); });
  }
  if (choice.server && !own_way_is_under_way(the_case, ledger) && proxy_fails(the_case))
    ask_by_way_of(the_case, ledger, target.host, target.port, past_proxy, [&](probe::MeasurementId line) {
      if (is_tls(target.scheme)) ledger.ask(hello(the_case, target.scheme, target.host, line), past_proxy);
    });
}

std::optional<Finding> blocked_directly(const Case& the_case) {
  if (auto finding = first_failing(check_tcp(the_case), blocks)) return finding;
  return first_failing(check_tls(the_case), interferes);
}

std::optional<OtherWay> other_way(const Case& the_case) {
  const auto choice = choice_for(the_case);
  if (choice.bypassed) return through(the_case);
  return choice.server ? past(the_case) : std::nullopt;
}

}  // namespace fwprobe::checks
