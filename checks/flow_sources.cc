#include "checks/flow_sources.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <tuple>

namespace fwprobe::checks {
namespace {

using allowlist::Prefix;
using allowlist::Scope;
using asio::ip::address;

bool same_family(const address& a, const address& b) { return a.is_v4() == b.is_v4(); }

/// The day of the measurements, so that a recorded run gives the same rules again.
std::chrono::year_month_day day_of(const Evidence& evidence, const allowlist::Allowlist& list) {
  const auto measurements = evidence.measurements();
  if (measurements.empty()) return list.retrieved;
  return {std::chrono::floor<std::chrono::days>(measurements.front().time.started)};
}

std::vector<Prefix> published(const Case& the_case, std::uint16_t port) {
  std::vector<Prefix> found;
  for (const auto& list : the_case.settings.allowlists) {
    if (list.direction != allowlist::Direction::inbound) continue;
    const auto day = day_of(the_case.evidence, list);
    for (const auto& entry : list.entries)
      if (const auto* prefix = std::get_if<Prefix>(&entry.what);
          prefix && in_force(entry, day) && for_port(entry, port))
        found.push_back(*prefix);
  }
  return merged(std::move(found));
}

/// The local end of a connection to this address, else of any other of its family.
std::optional<address> local_end(const Evidence& evidence, const address& to) {
  std::optional<address> found;
  for (const auto& attempt : evidence.all<probe::TcpConnect>()) {
    if (!attempt->result) continue;
    auto own = attempt->result->local.address();
    if (!same_family(own, to) || own.is_loopback() || own.is_unspecified()) continue;
    if (attempt->question.remote.address() == to) return own;
    if (!found) found = own;
  }
  return found;
}

/// Which of several the kernel takes is not known, so a rule that names one of them may name the wrong one.
std::vector<address> machine_addresses(const probe::Environment& environment, const address& to) {
  std::vector<address> all;
  std::ranges::copy_if(environment.addresses, std::back_inserter(all),
                       [&](const address& own) { return same_family(own, to); });
  // For IPv6 the scope decides first (RFC 6724 §5, rule 2).
  const auto fits = [&](const address& own) { return allowlist::scope(own) == allowlist::scope(to); };
  if (to.is_v6() && std::ranges::any_of(all, fits)) std::erase_if(all, std::not_fn(fits));
  return all;
}

std::vector<address> own_addresses(const Case& the_case, const address& to) {
  const auto& environment = the_case.evidence.environment();
  const auto& source = the_case.settings.source.address;
  if (source && same_family(*source, to)) return {*source};
  if (to.is_loopback() || std::ranges::find(environment.addresses, to) != environment.addresses.end())
    return {to};
  if (const auto end = local_end(the_case.evidence, to)) return {*end};
  return machine_addresses(environment, to);
}

/// The addresses by which the outside sees this machine on its way there: none where nothing is translated.
std::vector<address> egress(const Case& the_case, const Flow& flow, const address& to) {
  const auto scope = allowlist::scope(to);
  if (flow.place == Flow::Place::this_machine || allowlist::is_private(scope) || scope == Scope::loopback)
    return {};
  std::vector<address> found;
  std::ranges::copy_if(the_case.settings.egress, std::back_inserter(found),
                       [&](const address& seen) { return same_family(seen, to); });
  return found;
}

}  // namespace

Prefix single(const address& address) {
  constexpr int ipv4_bits = 32;
  constexpr int ipv6_bits = 128;
  return {address, address.is_v4() ? ipv4_bits : ipv6_bits};
}

std::vector<Prefix> merged(std::vector<Prefix> prefixes) {
  // A prefix sorts before those that it holds, and right before them: only the last one kept can hold it.
  std::ranges::sort(prefixes, {},
                    [](const Prefix& p) { return std::tuple{p.network().is_v6(), p.network(), p.length()}; });
  std::vector<Prefix> kept;
  for (auto& prefix : prefixes)
    if (kept.empty() || !kept.back().contains(prefix.network())) kept.push_back(prefix);
  return kept;
}

bool use_published_sources(const Case& the_case, Flow& flow) {
  if (flow.place == Flow::Place::this_machine) return false;
  auto sources = published(the_case, flow.port);
  const auto meets = [](const std::vector<Prefix>& others) {
    return [&others](const Prefix& one) {
      return std::ranges::any_of(
          others, [&](const Prefix& other) { return same_family(one.network(), other.network()); });
    };
  };
  std::erase_if(sources, std::not_fn(meets(flow.destinations)));
  if (sources.empty()) return false;
  std::erase_if(flow.destinations, std::not_fn(meets(sources)));
  flow.sources = std::move(sources);
  flow.origin = Flow::Origin::published;
  flow.direction = allowlist::Direction::inbound;
  return true;
}

void use_own_sources(const Case& the_case, Flow& flow) {
  for (const auto& to : flow.destinations) {
    const auto own = own_addresses(the_case, to.network());
    const auto outside = egress(the_case, flow, to.network());
    for (const auto& address : outside.empty() ? own : outside) flow.sources.push_back(single(address));
    if (outside.empty()) continue;
    for (const auto& address : own)
      if (std::ranges::find(outside, address) == outside.end()) flow.untranslated.push_back(single(address));
  }
  flow.sources = merged(std::move(flow.sources));
  flow.untranslated = merged(std::move(flow.untranslated));
}

}  // namespace fwprobe::checks
