// The SSH check: does an SSH server identify itself (RFC 4253 §4.2)?

#include <fmt/format.h>

#include "checks/builders.h"
#include "checks/checks.h"

namespace fwprobe::checks {
namespace {

std::string subject(const Case& the_case, const Item<probe::SshBanner>& banner) {
  if (const auto* connection = underlying_connection(the_case.evidence, banner.id))
    return text(connection->question.remote);
  return host_port(the_case.target.host.name, the_case.target.port);
}

/// What OpenSSH writes in place of its identification (sshd_config(5): MaxStartups, PerSourcePenalties).
bool turns_away(std::string_view first_bytes) {
  return first_bytes.starts_with("Exceeded MaxStartups") ||
         first_bytes.starts_with("Not allowed at this time");
}

Finding judge_banner(const Case& the_case, const Item<probe::SshBanner>& banner) {
  const auto where = subject(the_case, banner);
  if (banner->result)
    return pass(Check::ssh, where,
                fmt::format("SSH-{}-{}", banner->result->protocol, banner->result->software), {banner.id});
  const auto& failure = banner->result.error();
  const Facts facts{{"address", where.substr(0, where.rfind(':'))},
                    {"port", std::to_string(the_case.target.port)}};
  const auto said = failure.first_bytes.substr(0, 80);
  if (turns_away(failure.first_bytes)) {
    auto finding =
        problem(Status::fail, Check::ssh, where, Cause::ssh_banner_timeout,
                fmt::format("the SSH server turns this client away: '{}'", said), {banner.id}, facts);
    finding.location = Location{Where::server, {}, {}, {}, {}};
    return finding;
  }
  auto finding =
      failure.first_bytes.empty()
          ? problem(Status::fail, Check::ssh, where, Cause::ssh_banner_timeout,
                    failure.transport && probe::closed_by_peer(*failure.transport)
                        ? "connected, and closed without an identification"
                        : fmt::format("connected, and no identification came within {}",
                                      text(banner.time.elapsed)),
                    {banner.id}, facts)
          : problem(Status::fail, Check::ssh, where, Cause::ssh_not_ssh,
                    fmt::format("what answers is no SSH server; it says '{}'", said), {banner.id}, facts);
  finding.location = Location{Where::server, {}, {}, {}, {}};
  if (failure.first_bytes.empty()) finding.confidence = Confidence::medium;
  return finding;
}

}  // namespace

Findings check_ssh(const Case& the_case) {
  Findings findings;
  for (const auto& banner : the_case.evidence.all<probe::SshBanner>())
    findings.push_back(judge_banner(the_case, banner));
  if (findings.empty() && the_case.profile() == Profile::ssh)
    findings.push_back(skip(Check::ssh, the_case.target.text(), "not reached"));
  return findings;
}

}  // namespace fwprobe::checks
