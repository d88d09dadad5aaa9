#pragma once
// The checks, one function a layer: pure functions from measurements and settings to findings. A check says
// nothing about what was not asked; what was asked and not reached is a `skip` with the reason.

#include <vector>

#include "checks/evidence.h"
#include "checks/finding.h"

namespace fwprobe::checks {

using Findings = std::vector<Finding>;

Findings check_environment(const Case& the_case);  ///< local.*: routes, families, clock, resources
Findings check_dns(const Case& the_case);
Findings check_tcp(const Case& the_case);
Findings check_path(const Case& the_case);  ///< how far an address that accepts is; never a failure
Findings check_proxy(const Case& the_case);
Findings check_tls(const Case& the_case);
Findings check_http(const Case& the_case);
Findings check_content(const Case& the_case);
Findings check_azure_devops(const Case& the_case);  ///< check "api"; empty for other profiles
Findings check_ssh(const Case& the_case);
Findings check_idle(const Case& the_case);     ///< --idle; empty when it is not given, as the next two
Findings check_upload(const Case& the_case);   ///< --upload
Findings check_methods(const Case& the_case);  ///< --methods
Findings check_allowlist(const Case& the_case);

/// Every check, in the order of the layers.
Findings judge(const Case& the_case);

/// The root cause among the findings, by the rules of docs/causes.md; nothing when the target passed without
/// a warning.
std::optional<Diagnosis> diagnose(const Case& the_case, const Findings& findings);

}  // namespace fwprobe::checks
