#include "monitor/notices/delivery.h"

#include <algorithm>
#include <span>

#include <asio/experimental/awaitable_operators.hpp>
#include <asio/this_coro.hpp>
#include <fmt/format.h>

#include "checks/hello.h"
#include "checks/resolution.h"
#include "probe/dns.h"
#include "probe/http.h"
#include "probe/http_secrets.h"
#include "probe/proxy.h"
#include "probe/tcp.h"
#include "probe/tls.h"
#include "reports/escape.h"
#include "reports/value_text.h"

namespace fwprobe::monitor {
namespace {

using asio::awaitable;
using probe::Clock;
template <typename T>
using Or = std::expected<T, std::string>;  ///< the error says what went wrong

constexpr std::string_view alerts_path = "/api/v2/alerts";
/// An answer is read for what it says about a refusal, no further.
constexpr probe::HttpLimits answer_limits{64 * 1024, 64 * 1024};

/// Where it is posted: an Alertmanager's own URL names the page that people see.
Or<probe::Url> url_of(const Receiver& receiver) {
  auto url = probe::parse_url(receiver.url.expose());
  if (!url) return std::unexpected{"its URL is not one"};
  if (receiver.kind == ReceiverKind::alertmanager && !url->path.ends_with(alerts_path)) {
    while (url->path.ends_with('/')) url->path.pop_back();
    url->path += alerts_path;
  }
  return std::move(*url);
}

std::string words(const probe::TransportFailure& failure) {
  if (probe::timed_out(failure)) return "no answer in time";
  if (failure.icmp)
    return fmt::format("{} (ICMP type {} code {} from {})", reports::error_name(failure.error),
                       failure.icmp->type, failure.icmp->code, failure.icmp->sender.to_string());
  return reports::error_name(failure.error);
}

std::string words(const probe::TunnelFailure& failure) {
  if (failure.transport) return words(*failure.transport);
  if (failure.response) return fmt::format("HTTP {}", failure.response->status);
  if (failure.socks_reply) return probe::socks_reply_name(*failure.socks_reply);
  if (failure.socks_auth_failed) return "the login is refused";
  return failure.detail;
}

std::string words(const probe::TlsHandshake& handshake) {
  if (!handshake.verify_errors.empty()) {
    const auto& error = handshake.verify_errors.front();
    return fmt::format("its certificate is not trusted: {} (certificate {})", error.text, error.depth);
  }
  if (handshake.result) return "its certificate is revoked";
  const auto& failure = handshake.result.error();
  if (failure.received) return fmt::format("TLS alert {}", failure.received->name);
  return failure.transport ? words(*failure.transport) : failure.reason;
}

std::string words(const probe::HttpFailure& failure) {
  if (failure.kind == probe::HttpFailure::Kind::transport && failure.detail.empty() && failure.transport)
    return words(*failure.transport);
  return failure.detail.empty() ? std::string{reports::name(failure.kind)} : failure.detail;
}

/// One message on its way.
class Delivery {
 public:
  Delivery(const Receiver& receiver, const probe::Url& url)
      : settings_{*receiver.manner.settings},
        target_{url.scheme == "https" ? checks::Scheme::https : checks::Scheme::http, url.host, url.port,
                url},
        proxy_{settings_.proxies.choose(url.scheme, url.host, url.port)} {}

  awaitable<Or<probe::HttpResponse>> post(const Receiver& receiver, std::string body) {
    auto connection = co_await open();
    if (!connection) co_return std::unexpected{std::move(connection.error())};
    probe::HttpQuestion question{{}, {"POST", target_.url, {{"Content-Type", "application/json"}}}};
    probe::HttpSecrets secrets;
    secrets.authorization = receiver.authorization;
    secrets.body = std::move(body);
    if (through_proxy() && !needs_tunnel()) {
      question.form = probe::RequestForm::absolute;
      if (!proxy_.server->user.empty())
        secrets.proxy_authorization =
            "Basic " + probe::basic_credentials(proxy_.server->user, proxy_.server->password);
    }
    auto exchanged =
        co_await probe::exchange(std::move(question), std::move(*connection), secrets, left(), answer_limits);
    if (exchanged.fact.result) co_return std::move(*exchanged.fact.result);
    auto& failure = exchanged.fact.result.error();
    // With its status the answer is known, however its body ended.
    if (failure.partial) co_return std::move(*failure.partial);
    co_return std::unexpected{"the request: " + words(failure)};
  }

 private:
  bool through_proxy() const { return proxy_.server.has_value(); }
  bool needs_tunnel() const {
    return through_proxy() &&
           (target_.scheme == checks::Scheme::https || proxy_.server->kind == probe::ProxyKind::socks5);
  }

  Clock::duration left() const {
    return std::clamp<Clock::duration>(deadline_ - Clock::now(), Clock::duration::zero(), settings_.timeout);
  }

  /// The connection that carries the request.
  awaitable<Or<probe::Connection>> open() {
    auto connection = co_await connect();
    if (connection && needs_tunnel()) connection = co_await tunnel(std::move(*connection));
    if (connection && target_.scheme == checks::Scheme::https)
      connection = co_await shake_hands(std::move(*connection));
    co_return connection;
  }

  awaitable<Or<probe::Connection>> connect() {
    const auto& host = through_proxy() ? proxy_.server->host : target_.host;
    const auto port = through_proxy() ? proxy_.server->port : target_.port;
    const auto addresses = co_await resolve(host);
    if (addresses.empty()) co_return std::unexpected{fmt::format("no address of {} is known", host.name)};
    std::string trouble;
    for (const auto& address : addresses) {
      auto connected = co_await probe::connect({{address, port}}, settings_.source, left());
      if (connected.connection) co_return std::move(*connected.connection);
      trouble = "the connection to " + reports::endpoint_text(address, port);
      trouble += connected.fact.result ? " ended at once" : ": " + words(connected.fact.result.error());
    }
    co_return std::unexpected{std::move(trouble)};
  }

  awaitable<std::vector<asio::ip::address>> resolve(const probe::Host& host) {
    checks::Evidence evidence;
    evidence.add({{1}, {}, probe::read_environment({{host.name}}, settings_.system_files), {}});
    const checks::Case the_case{target_, settings_, evidence};
    const auto questions = checks::resolve_host(the_case, host).questions;
    if (!questions.empty()) {
      auto lookups = co_await look_up(questions);
      std::uint32_t id = 1;
      for (auto& lookup : lookups) evidence.add({{++id}, {}, std::move(lookup), {}});
    }
    co_return checks::resolve_host(the_case, host).addresses;
  }

  /// All of them at the same time.
  awaitable<std::vector<probe::DnsLookup>> look_up(std::span<const probe::DnsQuestion> questions) {
    using namespace asio::experimental::awaitable_operators;
    std::vector<probe::DnsLookup> lookups;
    if (questions.size() == 1) {
      probe::Resolver resolver{co_await asio::this_coro::executor, questions[0].resolver,
                               settings_.source.address};
      lookups.push_back(co_await resolver.lookup(questions[0], left()));
      co_return lookups;
    }
    auto [first, others] = co_await (look_up(questions.first(1)) && look_up(questions.subspan(1)));
    lookups = std::move(first);
    std::ranges::move(others, std::back_inserter(lookups));
    co_return lookups;
  }

  awaitable<Or<probe::Connection>> tunnel(probe::Connection connection) {
    probe::TunnelQuestion question{{}, proxy_.server->kind, target_.host, target_.port, target_.url.scheme};
    auto tunnelled =
        co_await probe::open_tunnel(std::move(question), std::move(connection), *proxy_.server, left());
    if (tunnelled.connection) co_return std::move(*tunnelled.connection);
    co_return std::unexpected{"the proxy: " + words(tunnelled.fact.result.error())};
  }

  awaitable<Or<probe::Connection>> shake_hands(probe::Connection connection) {
    auto contexts = probe::TlsContexts::load(settings_.tls);
    if (!contexts) co_return std::unexpected{std::move(contexts.error())};
    const checks::Evidence none;
    auto question = checks::hello({target_, settings_, none}, target_.scheme, target_.host, {});
    auto handshaken =
        co_await probe::handshake(std::move(question), std::move(connection), *contexts, left());
    if (handshaken.connection) co_return std::move(*handshaken.connection);
    co_return std::unexpected{"TLS: " + words(handshaken.fact)};
  }

  const checks::Settings& settings_;
  const checks::Target target_;
  const probe::ProxyChoice proxy_;
  const Clock::time_point deadline_ = Clock::now() + settings_.deadline;
};

/// "HTTP 400 Bad Request: …"
std::string refusal(const probe::HttpResponse& response) {
  auto text = fmt::format("HTTP {} {}", response.status, response.reason);
  constexpr int redirect = 3;
  if (response.status / 100 == redirect) text += ", and redirects are not followed";
  if (!response.body.empty()) text.append(": ").append(reports::clipped(response.body, 200));
  return text;
}

bool is_local(const probe::Host& host) {
  return host.address ? host.address->is_loopback() : host.name == "localhost";
}

Attempt hopeless(std::string trouble) { return {std::nullopt, std::nullopt, std::move(trouble), true}; }

}  // namespace

awaitable<Attempt> deliver(const Receiver& receiver, std::string body) {
  auto url = url_of(receiver);
  if (!url) co_return hopeless(std::move(url.error()));
  if (!receiver.authorization.empty() && url->scheme != "https" && !is_local(url->host))
    co_return hopeless("its authorization goes over https only");
  probe::Secret path{url->target()};
  Delivery delivery{receiver, *url};
  auto answer = co_await delivery.post(receiver, std::move(body));
  constexpr int success = 2;
  Attempt attempt;
  if (answer) {
    attempt.status = answer->status;
    if (answer->status / 100 == success) co_return attempt;
    if (const auto after = probe::header(answer->headers, "Retry-After"))
      attempt.retry_after = read_retry_after(*after, probe::WallClock::now());
  }
  attempt.trouble = answer ? refusal(*answer) : std::move(answer.error());
  receiver.url.scrub(attempt.trouble);
  // "/" alone stands in every answer.
  if (path.expose().size() > 1 && receiver.kind != ReceiverKind::alertmanager) path.scrub(attempt.trouble);
  receiver.authorization.scrub(attempt.trouble);
  attempt.trouble = reports::printable(attempt.trouble);
  co_return attempt;
}

}  // namespace fwprobe::monitor
