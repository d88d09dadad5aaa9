#include "checks/resolution.h"

#include <algorithm>

#include <fmt/format.h>

namespace fwprobe::checks {
namespace {

void append_unique(std::vector<asio::ip::address>& to, const asio::ip::address& address) {
  if (std::ranges::find(to, address) == to.end()) to.push_back(address);
}

std::vector<probe::DnsType> wanted_types(const Settings& settings) {
  if (settings.family == Family::ipv4) return {probe::DnsType::a};
  if (settings.family == Family::ipv6) return {probe::DnsType::aaaa};
  return {probe::DnsType::a, probe::DnsType::aaaa};
}

std::optional<std::vector<asio::ip::address>> from_overrides(const Settings& settings,
                                                             const std::string& name) {
  const auto at = std::ranges::find(settings.overrides, name, &ResolveOverride::name);
  if (at == settings.overrides.end()) return std::nullopt;
  return at->addresses;
}

std::vector<asio::ip::address> from_hosts_file(const Evidence& evidence, const std::string& name) {
  std::vector<asio::ip::address> found;
  for (const auto& environment : evidence.all<probe::Environment>())
    for (const auto& entry : environment->hosts)
      if (entry.name == name)
        for (const auto& address : entry.addresses) append_unique(found, address);
  return found;
}

/// The answers of one resolver for one candidate name: both families, once both have come.
struct Answers {
  std::vector<asio::ip::address> addresses;
  bool settled = true;
};

Answers answers_of(const Case& the_case, const probe::UdpEndpoint& resolver, const std::string& name) {
  Answers answers;
  const auto lookups = the_case.evidence.all<probe::DnsLookup>();
  for (const auto type : wanted_types(the_case.settings)) {
    const probe::DnsQuestion question{name, type, resolver, probe::DnsTransport::udp};
    const auto at =
        std::ranges::find_if(lookups, [&](const auto& item) { return item->question == question; });
    if (at == lookups.end()) {
      answers.settled = false;
      continue;
    }
    for (const auto& record : (*at)->addresses) append_unique(answers.addresses, record.address);
  }
  return answers;
}

}  // namespace

std::vector<std::string> candidate_names(const probe::ResolverConfig& config, const std::string& host) {
  if (std::ranges::count(host, '.') >= config.ndots) return {host};
  std::vector<std::string> names;
  for (const auto& domain : config.search) names.push_back(fmt::format("{}.{}", host, domain));
  names.push_back(host);
  return names;
}

std::vector<probe::UdpEndpoint> resolvers(const Case& the_case) {
  if (!the_case.settings.dns_servers.empty()) return the_case.settings.dns_servers;
  return the_case.evidence.environment().resolver.servers;
}

bool wanted(const Settings& settings, const asio::ip::address& address) {
  if (settings.family == Family::ipv4) return address.is_v4();
  if (settings.family == Family::ipv6) return address.is_v6();
  return true;
}

Resolution resolve_host(const Case& the_case, const probe::Host& host) {
  const auto& settings = the_case.settings;
  Resolution resolution;
  const auto give = [&](NameSource source, const std::vector<asio::ip::address>& addresses) {
    resolution.source = source;
    for (const auto& address : addresses)
      if (wanted(settings, address)) append_unique(resolution.addresses, address);
    return resolution;
  };

  if (host.address) return give(NameSource::literal, {*host.address});
  if (const auto addresses = from_overrides(settings, host.name))
    return give(NameSource::override, *addresses);
  const auto& environment = the_case.evidence.environment();
  const auto listed = from_hosts_file(the_case.evidence, host.name);
  if (environment.hosts_before_dns && !listed.empty()) return give(NameSource::hosts_file, listed);

  for (const auto& resolver : resolvers(the_case)) {
    for (const auto& name : candidate_names(environment.resolver, host.name)) {
      for (const auto type : wanted_types(settings))
        resolution.questions.push_back({name, type, resolver, probe::DnsTransport::udp});
      const auto answers = answers_of(the_case, resolver, name);
      // An earlier name or resolver that may still answer goes first; what one family gave is used at once.
      if (resolution.addresses.empty() && resolution.settled) give(NameSource::resolver, answers.addresses);
      resolution.settled = resolution.settled && answers.settled;
    }
  }
  if (resolution.addresses.empty() && resolution.settled && !listed.empty())
    return give(NameSource::hosts_file, listed);
  return resolution;
}

}  // namespace fwprobe::checks
