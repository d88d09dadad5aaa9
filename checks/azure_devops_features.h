#pragma once
// What a client of Azure DevOps needs besides the API's answer: cloning, webhooks, and the OAuth policy.

#include "checks/azure_devops.h"
#include "checks/azure_devops_verdict.h"

namespace fwprobe::checks::azure_devops {

/// A verdict with the measurements that it stands on.
struct FeatureVerdict {
  Verdict verdict;
  std::string subject;
  std::vector<probe::MeasurementId> evidence;
};

/// Whether a visible repository can be cloned over smart HTTP.
FeatureVerdict judge_git(const Course& course);

/// Whether the token may create service hooks. It fails on an explicit no alone: an answer that does not come
/// is no answer, and a skip says how to look it up.
FeatureVerdict judge_webhooks(const Course& course);

/// Whether third-party applications may use OAuth, as far as the organization's settings page shows it to
/// this token. Its form is not documented: it never fails a target.
FeatureVerdict judge_oauth_policy(const Course& course);

}  // namespace fwprobe::checks::azure_devops
