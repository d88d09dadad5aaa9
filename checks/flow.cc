// From findings to the flow to allow: which addresses are stopped, where, and from whom.

#include "checks/flow.h"

#include <algorithm>

#include <fmt/format.h>

#include "checks/connect_failure.h"
#include "checks/evidence.h"
#include "checks/flow_sources.h"

namespace fwprobe::checks {
namespace {

using allowlist::Protocol;
using asio::ip::address;

/// One destination that something stops.
struct Stop {
  address destination;
  std::uint16_t port = 0;
  Protocol protocol = Protocol::tcp;
  Location location;
};
using Stops = std::vector<Stop>;

/// A rule may mend it; what the server or a route does is not up to a firewall.
bool is_a_firewalls(Cause cause) {
  switch (cause) {
    case Cause::tcp_filtered:
    case Cause::tcp_rejected:
    case Cause::tcp_port_unreachable:
    case Cause::tcp_reset_in_path:
    case Cause::local_blocked:
      return true;
    default:
      return false;
  }
}

/// The failed attempts that a finding of the TCP check stands on.
Stops stopped_connections(const Case& the_case, const Finding& finding) {
  if (!finding.cause || !is_a_firewalls(*finding.cause)) return {};
  Stops stops;
  for (const auto id : finding.evidence) {
    const auto* attempt = the_case.evidence.find<probe::TcpConnect>(id);
    if (attempt == nullptr || attempt->result) continue;
    const auto& remote = attempt->question.remote;
    stops.push_back({remote.address(), remote.port(), Protocol::tcp,
                     finding.location.value_or(Location{Where::path, {}, {}, {}, {}})});
  }
  return stops;
}

/// To the proxy; its check says "unreachable" whatever it met there.
Stops stopped_at_proxy(const Case& the_case, const Finding& finding) {
  if (finding.cause != Cause::proxy_unreachable) return {};
  Stops stops;
  for (const auto id : finding.evidence) {
    const auto* measured = the_case.evidence.find(id);
    const auto* attempt = the_case.evidence.find<probe::TcpConnect>(id);
    if (attempt == nullptr || attempt->result) continue;
    const auto verdict = judge_connect(*attempt, measured->time.elapsed, the_case.evidence.environment(),
                                       the_case.settings.source);
    const auto& remote = attempt->question.remote;
    if (is_a_firewalls(verdict.cause))
      stops.push_back({remote.address(), remote.port(), Protocol::tcp, verdict.location});
  }
  return stops;
}

/// Connections that are let through until the ClientHello. Behind a proxy the addresses are not known.
Stops stopped_handshakes(const Case& the_case, const Finding& finding) {
  if (finding.cause != Cause::tls_client_hello_dropped && finding.cause != Cause::tls_client_hello_reset &&
      finding.cause != Cause::tls_sni_filtered)
    return {};
  Stops stops;
  for (const auto id : finding.evidence) {
    const auto* handshake = the_case.evidence.find<probe::TlsHandshake>(id);
    if (handshake == nullptr || handshake->result) continue;
    const auto* connection = the_case.evidence.find<probe::TcpConnect>(handshake->question.connection);
    if (connection == nullptr) continue;
    const auto& remote = connection->question.remote;
    stops.push_back({remote.address(), remote.port(), Protocol::tcp,
                     finding.location.value_or(Location{Where::path, {}, {}, {}, {}})});
  }
  return stops;
}

bool answered(probe::DnsStatus status) {
  return status != probe::DnsStatus::timeout && status != probe::DnsStatus::unreachable;
}

/// A resolver that answers other questions is not behind a closed port.
bool answers_otherwise(const Case& the_case, const probe::DnsQuestion& question) {
  return std::ranges::any_of(the_case.evidence.all<probe::DnsLookup>(), [&](const auto& other) {
    return other->question.resolver == question.resolver && other->question.transport == question.transport &&
           answered(other->status);
  });
}

/// What a failed lookup says of the way to its resolver: as a connection's failure would.
std::optional<Location> stopped_at(const Case& the_case, const probe::DnsLookup& lookup) {
  auto unknown = Location{Where::path, {}, {}, {}, {}};
  if (lookup.status == probe::DnsStatus::timeout) return unknown;
  if (!lookup.failure) return std::nullopt;
  const auto& resolver = lookup.question.resolver;
  const auto& failure = *lookup.failure;
  const auto& environment = the_case.evidence.environment();
  const bool tcp = lookup.truncated_udp || lookup.question.transport == probe::DnsTransport::tcp;
  if (!tcp)
    if (const auto here = refused_here(failure, resolver.address(), environment, the_case.settings.source))
      return is_a_firewalls(here->cause) ? std::optional{here->location} : std::nullopt;
  const probe::TcpConnect like{{{resolver.address(), resolver.port()}, probe::TcpPurpose::reach, 1},
                               std::unexpected{probe::ConnectFailure{failure, 0, false}}};
  const auto verdict = judge_connect(like, {}, environment, the_case.settings.source);
  if (!is_a_firewalls(verdict.cause)) return std::nullopt;
  // For UDP the host itself says port unreachable when nothing listens there (RFC 1122 §3.2.2.1).
  if (verdict.cause == Cause::tcp_port_unreachable && verdict.location.where == Where::server)
    return std::nullopt;
  return verdict.location;
}

Stops stopped_lookups(const Case& the_case, const Finding& finding) {
  if (finding.cause != Cause::dns_timeout && finding.cause != Cause::dns_unreachable &&
      finding.cause != Cause::local_blocked)
    return {};
  Stops stops;
  for (const auto id : finding.evidence) {
    const auto* lookup = the_case.evidence.find<probe::DnsLookup>(id);
    if (lookup == nullptr || answered(lookup->status)) continue;
    const auto location = stopped_at(the_case, *lookup);
    // A truncated answer over UDP came through; it is TCP that does not.
    const bool tcp = lookup->truncated_udp || lookup->question.transport == probe::DnsTransport::tcp;
    if (!location || (!tcp && answers_otherwise(the_case, lookup->question))) continue;
    stops.push_back({lookup->question.resolver.address(), lookup->question.resolver.port(),
                     tcp ? Protocol::tcp : Protocol::udp, *location});
  }
  return stops;
}

Stops stops_of(const Case& the_case, const Finding& finding) {
  switch (finding.check) {
    case Check::dns:
      return stopped_lookups(the_case, finding);
    case Check::tcp:
      return stopped_connections(the_case, finding);
    case Check::proxy:
      return stopped_at_proxy(the_case, finding);
    case Check::tls:
      return stopped_handshakes(the_case, finding);
    default:
      return {};
  }
}

/// Neither a firewall on the way nor a rule can be about these.
bool is_meant(const Stop& stop) {
  const auto scope = allowlist::scope(stop.destination);
  if (scope == allowlist::Scope::loopback) return stop.location.where == Where::local;
  return scope != allowlist::Scope::unspecified && scope != allowlist::Scope::multicast &&
         !(scope == allowlist::Scope::link_local && stop.destination.is_v6());
}

/// Of the same kind as `root` and in the same place: that some go to another place is for another rule.
Stops all_stops(const Case& the_case, const std::vector<Finding>& findings, const Finding& root) {
  Stops all;
  const auto take = [&](const Finding& finding) {
    for (auto& stop : stops_of(the_case, finding)) {
      if (!is_meant(stop)) continue;
      if (!all.empty() && (stop.location.where != all.front().location.where ||
                           stop.port != all.front().port || stop.protocol != all.front().protocol))
        continue;
      all.push_back(std::move(stop));
    }
  };
  take(root);
  for (const auto& finding : findings)
    if (&finding != &root && finding.check == root.check && finding.status == root.status) take(finding);
  return all;
}

Flow::Place place_of(const Location& location) {
  switch (location.where) {
    case Where::local:
      return Flow::Place::this_machine;
    case Where::server:
      return Flow::Place::destination;
    default:
      return Flow::Place::path;
  }
}

std::string device_words(const Location& location) {
  if (place_of(location) == Flow::Place::this_machine) return "this machine";
  if (place_of(location) == Flow::Place::destination)
    return "the destination itself or a device right in front of it";
  if (!location.hop && !location.address) return "the firewall between (its hop is not known)";
  auto words = location.hop ? fmt::format("hop {}", *location.hop) : location.address->to_string();
  if (location.hop && location.address) words += fmt::format(" ({})", location.address->to_string());
  if (location.precision == Precision::after) words += " or the device right behind it";
  return words;
}

/// Each device once; the two families often name the same one by two addresses.
std::string devices(const Stops& stops) {
  std::vector<std::string> all;
  for (const auto& stop : stops)
    if (auto words = device_words(stop.location); std::ranges::find(all, words) == all.end())
      all.push_back(std::move(words));
  return fmt::format("{}", fmt::join(all, ", and "));
}

}  // namespace

std::optional<Flow> flow_to_allow(const Case& the_case, const std::vector<Finding>& findings,
                                  const Finding& root) {
  if (root.status != Status::fail) return std::nullopt;
  const auto stops = all_stops(the_case, findings, root);
  if (stops.empty()) return std::nullopt;
  Flow flow;
  for (const auto& stop : stops) flow.destinations.push_back(single(stop.destination));
  flow.destinations = merged(std::move(flow.destinations));
  flow.protocol = stops.front().protocol;
  flow.port = stops.front().port;
  flow.place = place_of(stops.front().location);
  flow.stopped = root.check == Check::tls ? Flow::Stopped::client_hello : Flow::Stopped::packets;
  flow.device = devices(stops);
  if (flow.place == Flow::Place::destination) flow.direction = allowlist::Direction::inbound;
  const bool to_target = root.check == Check::tcp || root.check == Check::tls;
  if (!to_target || !use_published_sources(the_case, flow)) use_own_sources(the_case, flow);
  return flow;
}

}  // namespace fwprobe::checks
