#include "checks/endpoints.h"

#include <algorithm>

#include "checks/resolution.h"

namespace fwprobe::checks {
namespace {

/// A name with a thousand addresses must not make us look like a scanner.
constexpr std::size_t max_addresses = 32;

bool knows_hosts_file_for(const Evidence& evidence, const std::string& name) {
  return std::ranges::any_of(evidence.all<probe::Environment>(), [&](const auto& environment) {
    return std::ranges::find(environment->question.names, name) != environment->question.names.end();
  });
}

/// A resolver that does not answer over UDP, or answers with nonsense, is asked over TCP: a device that
/// drops or forges UDP port 53 is told from a resolver that is down (RFC 7766 §5 makes TCP mandatory for
/// servers).
void cross_check_over_tcp(const Case& the_case, Ledger& ledger, const Resolution& resolution) {
  for (const auto& lookup : the_case.evidence.all<probe::DnsLookup>()) {
    if (std::ranges::find(resolution.questions, lookup->question) == resolution.questions.end()) continue;
    if (lookup->status != probe::DnsStatus::timeout && lookup->status != probe::DnsStatus::malformed)
      continue;
    auto question = lookup->question;
    question.transport = probe::DnsTransport::tcp;
    ledger.ask(question, lookup->status == probe::DnsStatus::timeout
                             ? "no answer over UDP: is the resolver down, or only UDP port 53 dropped?"
                             : "the answer over UDP makes no sense: does the resolver write it, or "
                               "somebody in between?");
  }
}

}  // namespace

std::vector<probe::TcpEndpoint> endpoints(const Case& the_case, Ledger& ledger, const probe::Host& host,
                                          std::uint16_t port, const std::string& because) {
  if (!host.address && !knows_hosts_file_for(the_case.evidence, host.name)) {
    ledger.ask(probe::EnvironmentQuestion{{host.name}}, because);
    return {};
  }
  const auto resolution = resolve_host(the_case, host);
  for (const auto& question : resolution.questions) ledger.ask(question, because);
  cross_check_over_tcp(the_case, ledger, resolution);
  std::vector<probe::TcpEndpoint> found;
  for (const auto& address : resolution.addresses)
    if (found.size() < max_addresses) found.emplace_back(address, port);
  return found;
}

}  // namespace fwprobe::checks
