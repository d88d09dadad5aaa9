#pragma once
// What one answer of the API proves: the symptoms that are known from the field, and their causes.

#include <optional>
#include <string>
#include <vector>

#include "checks/azure_devops.h"
#include "checks/azure_devops_version.h"
#include "checks/finding.h"

namespace fwprobe::checks::azure_devops {

struct Verdict {
  Status status = Status::fail;
  std::optional<Cause> cause;
  std::string summary;
  Confidence confidence = Confidence::high;
  std::vector<std::string> advice = {};  ///< steps for this very case, besides the cause's own remedy
  Facts facts = {};                      ///< what that remedy may name, besides what all of them may
};

/// Judges the answer that decides about service, collection and token. It has a response.
Verdict judge_decisive(const Case& the_case, const Course& course);

/// The server's REST level, from what refused or described it; none when nothing tells.
std::optional<RestVersion> rest_level(const Course& course);

/// "401 Unauthorized, written by nginx", "200 OK": a status line for summaries.
std::string describe(const probe::HttpResponse& response);
/// " (the service's words)", or nothing.
std::string quote(const std::string& words);
/// "; log key ActivityId 5fed…", or nothing.
std::string log_note(const probe::HttpResponse& response);

}  // namespace fwprobe::checks::azure_devops
