// The proxy check: which way was chosen and why; does the proxy answer, and does it open the way?

#include <algorithm>

#include <fmt/format.h>

#include "checks/builders.h"
#include "checks/checks.h"
#include "checks/connect_failure.h"
#include "checks/other_way.h"
#include "checks/resolution.h"
#include "checks/squid_error.h"
#include "checks/stand_in.h"

namespace fwprobe::checks {
namespace {

constexpr std::uint16_t proxy_authentication_required = 407;

Location at_proxy() { return {Where::proxy, {}, {}, {}, {}}; }

struct Proxied {
  const Case& the_case;
  const probe::ProxyServer& server;
  std::string origin;              ///< "--proxy", "HTTPS_PROXY is set"
  std::optional<OtherWay> direct;  ///< what came of going past the proxy

  std::string subject() const { return host_port(server.host.name, server.port); }
  Facts facts() const {
    Facts known{{"proxy", subject()},
                {"origin", origin},
                {"host", the_case.target.host.name},
                {"port", std::to_string(the_case.target.port)}};
    if (direct && direct->end == OtherWay::End::works) known.emplace_back("direct", direct->words);
    return known;
  }
  Finding problem_with(Cause cause, std::string summary, Ids ids, Facts more = {}) const {
    auto known = facts();
    known.insert(known.end(), more.begin(), more.end());
    if (direct) {
      summary += fmt::format("; a direct connection {}: {}",
                             direct->end == OtherWay::End::works ? "works" : "fails as well", direct->words);
      ids.insert(ids.end(), direct->evidence.begin(), direct->evidence.end());
    }
    auto finding =
        problem(Status::fail, Check::proxy, subject(), cause, std::move(summary), std::move(ids), known);
    finding.location = at_proxy();
    return finding;
  }
};

std::string joined(const std::vector<std::string>& words) {
  std::string all;
  for (const auto& word : words) all += (all.empty() ? "" : ", ") + word;
  return all;
}

/// The schemes of a 407: the first word of each challenge (RFC 9110 §11.7.1).
std::vector<std::string> offered_schemes(const probe::HttpResponse& response) {
  std::vector<std::string> schemes;
  for (const auto challenge : probe::header_values(response.headers, "Proxy-Authenticate"))
    schemes.emplace_back(challenge.substr(0, challenge.find_first_of(" ,")));
  return schemes;
}

Finding wants_credentials(const Proxied& proxied, const std::vector<std::string>& schemes,
                          probe::MeasurementId id) {
  const auto offered = schemes.empty() ? std::string{"no scheme"} : joined(schemes);
  const auto* given =
      proxied.server.user.empty() ? "no credentials were given" : "the given credentials are not accepted";
  return proxied.problem_with(Cause::proxy_auth_required,
                              fmt::format("the proxy wants credentials and offers {}; {}", offered, given),
                              {id}, {{"schemes", offered}});
}

/// By its own words the proxy tried and failed: 502 and 504 are for that (RFC 9110 §15.6.3, §15.6.5), and 503
/// is what Squid writes. What stops it is behind it, out of our sight.
bool could_not_reach(std::uint16_t status) { return status == 502 || status == 503 || status == 504; }

/// The filter that wrote a proxy's refusal, in words, when its page says who it is.
std::string writer_of(const Proxied& proxied, const probe::HttpResponse& response) {
  const auto asked = probe::parse_url(
      fmt::format("http://{}/", host_port(proxied.the_case.target.host.name, proxied.the_case.target.port)));
  const auto who = asked ? find_stand_in(response, *asked) : std::nullopt;
  return who ? fmt::format("; it is the page of {}", who->product) : std::string{};
}

Finding refused_tunnel(const Proxied& proxied, const probe::HttpResponse& response, probe::MeasurementId id) {
  auto reply = fmt::format("{} {}", response.status, response.reason);
  // Squid names its reason here: "ERR_ACCESS_DENIED 0", "ERR_CONNECT_FAIL 111", "ERR_DNS_FAIL 0".
  if (const auto squid = probe::header(response.headers, "X-Squid-Error"))
    reply += fmt::format(" ({})", *squid);
  const auto met = squid_met(response);
  const bool behind = could_not_reach(response.status) || !met.empty();
  const auto why = !met.empty() ? ": " + met
                   : behind     ? ": it could not reach the server itself"
                                : writer_of(proxied, response);
  auto finding = proxied.problem_with(Cause::proxy_denied, fmt::format("the proxy answers {}{}", reply, why),
                                      {id}, {{"reply", reply}});
  // Its own word for what it met is worth more than a status alone; what stops it is out of sight all the
  // same.
  if (behind) finding.confidence = met.empty() ? Confidence::low : Confidence::medium;
  return finding;
}

Finding socks_refused(const Proxied& proxied, std::uint8_t reply, probe::MeasurementId id) {
  // RFC 1928 §6: 2 is the proxy's own rule; 3 to 6 are what it met on its way.
  const bool behind = reply >= 3 && reply <= 6;
  auto finding = proxied.problem_with(Cause::proxy_denied,
                                      fmt::format("the proxy answers '{}'{}", probe::socks_reply_name(reply),
                                                  behind ? ": it could not reach the server itself" : ""),
                                      {id}, {{"reply", probe::socks_reply_name(reply)}});
  if (behind) finding.confidence = Confidence::low;
  return finding;
}

Finding judge_tunnel(const Proxied& proxied, const Item<probe::ProxyTunnel>& tunnel) {
  if (tunnel->result)
    return pass(Check::proxy, proxied.subject(),
                fmt::format("tunnel opened in {} ({})", text(tunnel.time.elapsed), proxied.origin),
                {tunnel.id});
  const auto& failure = tunnel->result.error();
  if (failure.response && failure.response->status == proxy_authentication_required)
    return wants_credentials(proxied, failure.auth_schemes, tunnel.id);
  if (failure.socks_auth_failed) return wants_credentials(proxied, failure.auth_schemes, tunnel.id);
  if (failure.response) return refused_tunnel(proxied, *failure.response, tunnel.id);
  if (failure.socks_reply) return socks_refused(proxied, *failure.socks_reply, tunnel.id);
  if (failure.transport && probe::timed_out(*failure.transport)) {
    // Proxies wait for the server longer than we wait for them: silence is as often the server's as their
    // own.
    auto finding = proxied.problem_with(
        Cause::proxy_denied,
        fmt::format(
            "the proxy was connected to and opened no tunnel within {}; it may be waiting for the server",
            text(tunnel.time.elapsed)),
        {tunnel.id}, {{"reply", "no answer"}});
    finding.confidence = Confidence::low;
    return finding;
  }
  auto words = failure.detail.empty() ? std::string{"the proxy did not answer the request for a tunnel"}
                                      : "not a proxy's answer: " + failure.detail;
  if (failure.transport) words += fmt::format(" ({})", failure.transport->error.message());
  auto finding = proxied.problem_with(Cause::proxy_unreachable, std::move(words), {tunnel.id});
  finding.confidence = Confidence::medium;
  return finding;
}

/// The attempts to connect to the proxy; empty while its name is not resolved.
std::vector<Item<probe::TcpConnect>> attempts_on(const Proxied& proxied) {
  const auto addresses = resolve_host(proxied.the_case, proxied.server.host).addresses;
  std::vector<Item<probe::TcpConnect>> found;
  for (const auto& attempt : proxied.the_case.evidence.all<probe::TcpConnect>()) {
    const auto& remote = attempt->question.remote;
    if (remote.port() == proxied.server.port && attempt->question.purpose != probe::TcpPurpose::compare &&
        std::ranges::find(addresses, remote.address()) != addresses.end())
      found.push_back(attempt);
  }
  return found;
}

Finding no_address(const Proxied& proxied) {
  const auto resolution = resolve_host(proxied.the_case, proxied.server.host);
  Ids ids;
  for (const auto& lookup : proxied.the_case.evidence.all<probe::DnsLookup>())
    if (std::ranges::find(resolution.questions, lookup->question) != resolution.questions.end())
      ids.push_back(lookup.id);
  // Nothing is known of a name that nobody was asked for.
  if (!resolution.settled || !resolution.addresses.empty() || ids.empty())
    return skip(Check::proxy, proxied.subject(), fmt::format("not reached ({})", proxied.origin),
                std::move(ids));
  return proxied.problem_with(Cause::proxy_unreachable,
                              fmt::format("the proxy's name {} does not resolve", proxied.server.host.name),
                              std::move(ids));
}

Finding not_connected(const Proxied& proxied, const std::vector<Item<probe::TcpConnect>>& attempts) {
  const auto& the_case = proxied.the_case;
  if (attempts.empty()) return no_address(proxied);
  const auto& attempt = attempts.front();
  const auto verdict = judge_connect(*attempt.fact, attempt.time.elapsed, the_case.evidence.environment(),
                                     the_case.settings.source);
  Ids ids;
  for (const auto& each : attempts) ids.push_back(each.id);
  auto finding = proxied.problem_with(
      Cause::proxy_unreachable,
      fmt::format("{}: {} [{}]", text(attempt->question.remote), verdict.words, row(verdict.cause).code),
      std::move(ids));
  finding.confidence = verdict.confidence;
  return finding;
}

/// A plain-http request went to the proxy as it was; a 407 is the proxy's, whatever else comes is the
/// server's.
const Item<probe::HttpExchange>* refused_request(const Evidence& evidence,
                                                 const std::vector<Item<probe::HttpExchange>>& exchanges) {
  const auto at = std::ranges::find_if(exchanges, [&](const auto& exchange) {
    return !is_comparison(evidence, exchange.id) && exchange->question.form == probe::RequestForm::absolute &&
           exchange->result &&
           (exchange->result->status == proxy_authentication_required ||
            probe::header(exchange->result->headers, "X-Squid-Error"));
  });
  return at == exchanges.end() ? nullptr : &*at;
}

/// Of several (a proxy with several addresses) one that opened, else the first.
std::optional<Item<probe::ProxyTunnel>> tunnel_to_target(const Case& the_case) {
  std::optional<Item<probe::ProxyTunnel>> chosen;
  for (const auto& tunnel : the_case.evidence.all<probe::ProxyTunnel>()) {
    const auto& question = tunnel->question;
    if (question.host != the_case.target.host || question.port != the_case.target.port ||
        is_comparison(the_case.evidence, tunnel.id))
      continue;
    if (!chosen || (!(*chosen)->result && tunnel->result)) chosen = tunnel;
  }
  return chosen;
}

/// Direct although the environment names a proxy: is that why it does not work?
Finding judge_bypassed(const Case& the_case, const std::string& reason,
                       const probe::BypassedProxy& bypassed) {
  const auto& target = the_case.target;
  const auto proxy = host_port(bypassed.server.host.name, bypassed.server.port);
  const auto skipped = fmt::format("direct: {}", reason);
  const auto other = other_way(the_case);
  if (!other) return skip(Check::proxy, target.host.name, skipped);
  if (other->end == OtherWay::End::fails)
    return skip(Check::proxy, target.host.name,
                fmt::format("{}; the proxy {} gets no further: {}", skipped, proxy, other->words),
                other->evidence);
  const auto blocked = blocked_directly(the_case);
  if (!blocked) return skip(Check::proxy, target.host.name, skipped);
  const auto cause = std::string{row(*blocked->cause).code};
  auto ids = other->evidence;
  ids.insert(ids.end(), blocked->evidence.begin(), blocked->evidence.end());
  auto finding =
      problem(Status::fail, Check::proxy, target.host.name, Cause::proxy_required,
              fmt::format("direct connections are blocked ({}), and through the proxy {} ({}) {}; "
                          "'{}' in {} keeps it from being used",
                          cause, proxy, bypassed.origin, other->words, bypassed.entry, bypassed.list),
              std::move(ids),
              {{"proxy", proxy},
               {"entry", bypassed.entry},
               {"list", bypassed.list},
               {"host", target.host.name},
               {"port", std::to_string(target.port)},
               {"direct_cause", cause}});
  finding.location = blocked->location;
  // A tunnel alone shows that the proxy got through to somebody.
  finding.confidence =
      is_http(target.scheme) || is_tls(target.scheme) ? Confidence::high : Confidence::medium;
  return finding;
}

}  // namespace

Findings check_proxy(const Case& the_case) {
  const auto& [target, settings, evidence] = the_case;
  const auto choice = settings.proxies.choose(name(target.scheme), target.host, target.port);
  if (!choice.server && choice.bypassed) return {judge_bypassed(the_case, choice.reason, *choice.bypassed)};
  if (!choice.server) return {skip(Check::proxy, target.host.name, fmt::format("direct: {}", choice.reason))};
  const Proxied proxied{the_case, *choice.server, choice.reason, other_way(the_case)};

  if (const auto tunnel = tunnel_to_target(the_case)) return {judge_tunnel(proxied, *tunnel)};
  const auto exchanges = evidence.all<probe::HttpExchange>();
  if (const auto* refused = refused_request(evidence, exchanges)) {
    const auto& response = *(*refused)->result;
    if (response.status == proxy_authentication_required)
      return {wants_credentials(proxied, offered_schemes(response), refused->id)};
    return {refused_tunnel(proxied, response, refused->id)};
  }
  const auto attempts = attempts_on(proxied);
  const auto open =
      std::ranges::find_if(attempts, [](const auto& attempt) { return attempt->result.has_value(); });
  if (open == attempts.end()) return {not_connected(proxied, attempts)};
  return {pass(Check::proxy, proxied.subject(),
               fmt::format("connected in {} ({})", text(open->time.elapsed), proxied.origin), {open->id})};
}

}  // namespace fwprobe::checks
