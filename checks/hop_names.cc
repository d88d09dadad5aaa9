#include "checks/hop_names.h"

#include "checks/resolution.h"

namespace fwprobe::checks {

std::vector<Planned> name_questions(const Case& the_case, const probe::PathStep& step) {
  if (!the_case.settings.hop_names || !step.icmp) return {};
  const auto servers = resolvers(the_case);
  if (servers.empty()) return {};
  return {{probe::DnsQuestion{probe::reverse_name(step.icmp->sender), probe::DnsType::ptr, servers.front(),
                              probe::DnsTransport::udp},
           "a hop has answered: what is its name?"}};
}

bool is_optional(const probe::Question& question) {
  const auto* dns = std::get_if<probe::DnsQuestion>(&question);
  return dns != nullptr && dns->type == probe::DnsType::ptr;
}

std::optional<std::string> name_of(const Evidence& evidence, const asio::ip::address& address) {
  const auto reverse = probe::reverse_name(address);
  for (const auto& lookup : evidence.all<probe::DnsLookup>())
    if (lookup->question.type == probe::DnsType::ptr && lookup->question.name == reverse &&
        !lookup->names.empty())
      return lookup->names.front();
  return std::nullopt;
}

}  // namespace fwprobe::checks
