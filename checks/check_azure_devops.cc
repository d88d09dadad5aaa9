// The Azure DevOps profiles: is it the service, does it know the collection, does it take the token, is it
// new enough, and can a CI vendor clone from it and hook into it?

#include <fmt/format.h>

#include "checks/azure_devops.h"
#include "checks/azure_devops_answers.h"
#include "checks/azure_devops_features.h"
#include "checks/azure_devops_names.h"
#include "checks/azure_devops_verdict.h"
#include "checks/checks.h"

namespace fwprobe::checks {
namespace {

using namespace azure_devops;

class Report {
 public:
  Report(const Case& the_case, const Course& course) : case_{the_case}, course_{course} {}

  Findings findings() && {
    url_has_path();
    if (!course_.anonymous.exchange) {
      add(skipped("Azure DevOps was not asked: an earlier layer failed"), base(), {});
      return std::move(findings_);
    }
    const auto& decisive = course_.projects.empty() ? course_.anonymous : course_.projects.front();
    if (!decisive.exchange) {
      add(skipped("stopped before the list of projects was asked for"), base(), {course_.anonymous.id});
      return std::move(findings_);
    }
    if (!decisive.response()) {
      add(skipped("no answer to judge: see http"), base(), {decisive.id});
      return std::move(findings_);
    }
    if (course_.lacks_collection) {
      lacks_collection();
      return std::move(findings_);
    }
    if (course_.interrupted && decisive.status() != 200) {
      add(skipped("stopped before the answers could tell one cause from another"), base(), {decisive.id});
      return std::move(findings_);
    }
    const auto verdict = judge_decisive(case_, course_);
    add(verdict, base(), evidence_of_decisive());
    if (verdict.status != Status::pass && verdict.status != Status::warn) return std::move(findings_);
    product();
    if (course_.token == TokenUse::sent) {
      add(judge_git(course_));
      add(judge_webhooks(course_));
      if (is_services(case_, course_)) add(judge_oauth_policy(course_));
    }
    return std::move(findings_);
  }

 private:
  static Verdict skipped(std::string summary) {
    return {Status::skip, std::nullopt, std::move(summary), Confidence::high, {}};
  }

  /// A mistake in the form of the user's request; what answers behind it is measured all the same.
  void url_has_path() {
    if (!azure_devops::url_has_path(case_.target)) return;
    const auto host_only = case_.target.url.origin();
    add({Status::fail,
         Cause::api_url_has_path,
         fmt::format("the server URL carries the path {}; it must be {}", case_.target.url.path, host_only),
         Confidence::high,
         {},
         {{"path", course_.collection}}},
        case_.target.url.text(), {});
  }

  /// Nothing below the root answers for all collections, so nothing was tested: no cause, but no pass either.
  void lacks_collection() {
    const auto& response = *course_.anonymous.response();
    const bool services = is_services(case_, course_);
    if (!bears_mark(response) && response.status != 401)
      return add(judge_decisive(case_, course_), base(), {course_.anonymous.id});
    add({Status::error,
         std::nullopt,
         fmt::format("{} needs --collection: nothing but the server itself was tested",
                     services ? "an organization" : "the check"),
         Confidence::high,
         {services ? "Give the organization: --collection ORGANIZATION."
                   : "Give the collection, with its tfs/ prefix where the server has one: --collection "
                     "DefaultCollection."}},
        base(), {course_.anonymous.id});
  }

  void product() {
    if (is_services(case_, course_))
      return add({Status::pass, std::nullopt, "Azure DevOps Services", Confidence::high, {}}, "product",
                 {course_.anonymous.id});
    auto level = rest_level(course_);
    // The list was served as REST 6.0; a description that says less is wrong.
    if (level && *level < first_accepted) level.reset();
    auto summary =
        level ? product_name(*level) : std::string{"Azure DevOps Server 2020 or newer: it serves REST 6.0"};
    if (level && *level < first_with_modern_ssh)
      summary += "; git over SSH needs Azure DevOps Server 2022 or newer";
    add({Status::pass, std::nullopt, std::move(summary), Confidence::high, {}}, "product",
        {course_.options.exchange ? course_.options.id : course_.decisive().id});
  }

  std::vector<probe::MeasurementId> evidence_of_decisive() const {
    std::vector<probe::MeasurementId> ids{course_.anonymous.id};
    for (const auto& page : course_.projects)
      if (page.exchange) ids.push_back(page.id);
    // What tells a refused token's cause: the other place, what it may still read, what the API describes.
    for (const auto* answer : {&course_.elsewhere, &course_.repositories, &course_.options})
      if (answer->exchange && (answer == &course_.elsewhere || course_.decisive().status() != 200))
        ids.push_back(answer->id);
    return ids;
  }

  std::string base() const { return course_.base; }

  void add(FeatureVerdict judged) {
    add(std::move(judged.verdict), std::move(judged.subject), std::move(judged.evidence));
  }

  void add(Verdict verdict, std::string subject, std::vector<probe::MeasurementId> evidence) {
    Finding finding;
    finding.check = verdict.cause == Cause::content_not_json ? Check::content : Check::api;
    finding.subject = std::move(subject);
    finding.status = verdict.status;
    finding.cause = verdict.cause;
    finding.summary = std::move(verdict.summary);
    finding.evidence = std::move(evidence);
    finding.confidence = verdict.confidence;
    if (verdict.cause) {
      finding.remedy = remedy(*verdict.cause, facts(std::move(verdict.facts)));
      finding.location = Location{};
    }
    finding.remedy.insert(finding.remedy.end(), verdict.advice.begin(), verdict.advice.end());
    findings_.push_back(std::move(finding));
  }

  /// What the remedies of the api causes may name: of this very finding, and of the case.
  Facts facts(Facts facts) const {
    const auto add = [&](std::string_view name, std::string value) {
      if (!value.empty()) facts.emplace_back(name, std::move(value));
    };
    add("host", case_.target.host.name);
    add("port", std::to_string(case_.target.port));
    add("origin", case_.target.url.origin());
    add("collection", course_.collection);
    if (const auto level = rest_level(course_)) add("product", product_name(*level));
    const auto* response = course_.decisive().response();
    if (!response) return facts;
    add("status", std::to_string(response->status));
    add("server", std::string{writer(*response)});
    add("activity", log_key(*response));
    return facts;
  }

  const Case& case_;
  const Course& course_;
  Findings findings_;
};

}  // namespace

Findings check_azure_devops(const Case& the_case) {
  const auto profile = the_case.profile();
  if (profile != Profile::azure_devops_services && profile != Profile::azure_devops_server) return {};
  const auto course = azure_devops::course(the_case);
  return Report{the_case, course}.findings();
}

}  // namespace fwprobe::checks
