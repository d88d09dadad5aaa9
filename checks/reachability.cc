#include "checks/reachability.h"

#include <algorithm>

#include "checks/checks.h"
#include "checks/resolution.h"

namespace fwprobe::checks {
namespace {

/// What the checks of the lower layers say about this place as if it were the target: one set of rules for
/// all.
std::string obstacle_at(const Case& the_case, Scheme scheme, const probe::Host& host, std::uint16_t port) {
  Target place;
  place.scheme = scheme;
  place.host = host;
  place.port = port;
  const Case there{place, the_case.settings, the_case.evidence};
  for (const auto check : {check_environment, check_dns, check_tcp, check_proxy})
    for (const auto& finding : check(there))
      if (finding.status == Status::fail && finding.cause)
        return finding.summary + " [" + std::string{row(*finding.cause).code} + "]";
  return "no connection";
}

Reachability through_tunnel(const Case& the_case, const probe::Host& host, std::uint16_t port) {
  Reachability found;
  for (const auto& tunnel : the_case.evidence.all<probe::ProxyTunnel>()) {
    if (tunnel->question.host != host || tunnel->question.port != port ||
        is_comparison(the_case.evidence, tunnel.id))
      continue;
    found.evidence.push_back(tunnel.id);
    if (tunnel->result) {
      found.reached = Whether::yes;
      return found;
    }
    found.reached = Whether::no;
    const auto& answer = tunnel->result.error().response;
    found.obstacle = "the proxy opens no tunnel to it";
    if (answer) found.obstacle += ", its answer is " + std::to_string(answer->status);
  }
  return found;
}

Reachability directly(const Case& the_case, const probe::Host& host, std::uint16_t port) {
  const auto resolution = resolve_host(the_case, host);
  Reachability found;
  for (const auto& lookup : the_case.evidence.all<probe::DnsLookup>())
    if (std::ranges::find(resolution.questions, lookup->question) != resolution.questions.end())
      found.evidence.push_back(lookup.id);
  if (resolution.addresses.empty()) {
    if (resolution.settled && !found.evidence.empty()) found.reached = Whether::no;
    return found;
  }
  auto untried = resolution.addresses;
  for (const auto& attempt : the_case.evidence.all<probe::TcpConnect>()) {
    const auto& remote = attempt->question.remote;
    if (remote.port() != port || attempt->question.purpose == probe::TcpPurpose::compare ||
        std::ranges::find(resolution.addresses, remote.address()) == resolution.addresses.end())
      continue;
    found.evidence.push_back(attempt.id);
    std::erase(untried, remote.address());
    if (attempt->result) found.reached = Whether::yes;
  }
  if (found.reached != Whether::yes && untried.empty() && resolution.settled) found.reached = Whether::no;
  return found;
}

}  // namespace

Reachability reachability(const Case& the_case, Scheme scheme, const probe::Host& host, std::uint16_t port) {
  const bool proxied = the_case.settings.proxies.choose(name(scheme), host, port).server.has_value();
  auto found = proxied ? through_tunnel(the_case, host, port) : directly(the_case, host, port);
  if (found.reached == Whether::no && found.obstacle.empty())
    found.obstacle = obstacle_at(the_case, scheme, host, port);
  return found;
}

}  // namespace fwprobe::checks
