// A flow in words.

#include <algorithm>

#include <fmt/format.h>

#include "allowlist/port_text.h"
#include "checks/flow.h"

namespace fwprobe::checks {
namespace {

using allowlist::Prefix;

std::string listed(const std::vector<Prefix>& prefixes) {
  constexpr std::size_t shown = 8;
  std::string words;
  for (std::size_t i = 0; i < std::min(shown, prefixes.size()); ++i)
    words += (i == 0 ? "" : ", ") + text(prefixes[i]);
  if (prefixes.size() > shown) words += fmt::format(" and {} more", prefixes.size() - shown);
  return words;
}

bool is_private(const Prefix& prefix) { return allowlist::is_private(allowlist::scope(prefix.network())); }

/// The private sources of a way that leads to public addresses.
std::vector<Prefix> translated_on_the_way(const Flow& flow) {
  std::vector<Prefix> found;
  for (const auto& source : flow.sources) {
    const bool leads_out = std::ranges::any_of(flow.destinations, [&](const Prefix& to) {
      return to.network().is_v4() == source.network().is_v4() && !is_private(to) &&
             allowlist::scope(to.network()) != allowlist::Scope::loopback;
    });
    if (is_private(source) && leads_out) found.push_back(source);
  }
  return found;
}

/// In one of the families at least.
bool lacks_a_source(const Flow& flow) {
  return std::ranges::any_of(flow.destinations, [&](const Prefix& to) {
    return std::ranges::none_of(
        flow.sources, [&](const Prefix& source) { return source.network().is_v4() == to.network().is_v4(); });
  });
}

}  // namespace

std::string text(const Prefix& prefix) {
  return prefix.network() == prefix.last() ? prefix.network().to_string() : prefix.text();
}

std::string ports_text(const Flow& flow, std::string_view between) {
  return allowlist::text({flow.port, std::max(flow.port, flow.last_port)}, between);
}

std::string sentence(const Flow& flow) {
  const auto ports = fmt::format("{} {}", flow.last_port == 0 ? " port" : ", ports", ports_text(flow));
  if (flow.stopped == Flow::Stopped::replies)
    return fmt::format("Allow the TCP replies from {}{} to {} at {}.", listed(flow.destinations), ports,
                       flow.sources.empty() ? "anywhere" : listed(flow.sources), flow.device);
  const auto anyone = flow.origin == Flow::Origin::published ? "anywhere" : "this machine";
  const auto what = fmt::format(
      "{} {} from {} to {}{}", flow.direction == allowlist::Direction::inbound ? "inbound" : "outbound",
      flow.protocol == allowlist::Protocol::udp ? "UDP" : "TCP",
      flow.sources.empty() ? anyone : listed(flow.sources), listed(flow.destinations), ports);
  if (flow.stopped == Flow::Stopped::client_hello)
    return fmt::format("Allow the TLS ClientHello in {} at {}.", what, flow.device);
  return fmt::format("Allow {} at {}.", what, flow.device);
}

std::vector<std::string> remarks(const Flow& flow) {
  std::vector<std::string> all;
  if (flow.stopped == Flow::Stopped::client_hello)
    all.emplace_back(
        "The connection itself is let through: a rule by address and port helps only where it comes before "
        "the one that looks into TLS.");
  if (flow.origin == Flow::Origin::published)
    all.emplace_back("The sources are those that the allowlist publishes for this port.");
  else if (lacks_a_source(flow))
    all.emplace_back("This machine's address is not known here, so the rules name no source: narrow them.");
  if (!flow.untranslated.empty()) {
    all.push_back(fmt::format(
        "The source is the address given by --egress; a firewall before the address translation sees {}.",
        listed(flow.untranslated)));
  } else if (flow.place != Flow::Place::this_machine && flow.origin == Flow::Origin::own) {
    if (const auto inside = translated_on_the_way(flow); !inside.empty())
      all.push_back(fmt::format(
          "A firewall behind address translation (NAT) sees the public address instead of {}: name that one "
          "there (--egress ADDR puts it into the rules).",
          listed(inside)));
  }
  if (flow.protocol == allowlist::Protocol::udp)
    all.emplace_back("Resolvers need TCP on the same port as well, for long answers (RFC 7766).");
  return all;
}

}  // namespace fwprobe::checks
