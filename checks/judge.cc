// Every check, in the order of the layers.

#include <algorithm>

#include "checks/builders.h"
#include "checks/checks.h"

namespace fwprobe::checks {
namespace {

/// The layer that a target has to get to: without a verdict there, nothing has passed.
Check goal(Profile profile) {
  switch (profile) {
    case Profile::web:
      return Check::http;
    case Profile::azure_devops_services:
    case Profile::azure_devops_server:
      return Check::api;
    case Profile::tcp:
      return Check::tcp;
    case Profile::tls:
      return Check::tls;
    case Profile::ssh:
      return Check::ssh;
  }
  return Check::http;
}

/// Through a proxy the tunnel stands for the connection to the server.
bool reaches_goal(const Finding& finding, Check goal) {
  // That a redirect leaves the host is seen before it is known whether it arrives.
  if (finding.cause == Cause::http_redirect_off_host) return false;
  const bool has_verdict = finding.status == Status::pass || finding.status == Status::warn;
  return has_verdict && (finding.check == goal || (goal == Check::tcp && finding.check == Check::proxy));
}

}  // namespace

Findings judge(const Case& the_case) {
  Findings findings;
  for (const auto check : {check_environment, check_dns, check_tcp, check_path, check_proxy, check_tls,
                           check_http, check_content, check_azure_devops, check_ssh, check_idle, check_upload,
                           check_methods, check_allowlist})
    std::ranges::move(check(the_case), std::back_inserter(findings));

  const auto status = worst(findings);
  const auto wanted = goal(the_case.profile());
  const bool reached =
      std::ranges::any_of(findings, [&](const auto& finding) { return reaches_goal(finding, wanted); });
  if (!reached && (status == Status::pass || status == Status::warn)) {
    auto finding = skip(Check::environment, the_case.target.text(),
                        "the measurements do not reach as far as the question");
    finding.status = Status::error;
    findings.push_back(std::move(finding));
  }
  return findings;
}

}  // namespace fwprobe::checks
