// The content check: can clients follow what the responses say about addresses?

#include <algorithm>

#include <fmt/format.h>

#include "checks/checks.h"
#include "checks/content_survey.h"
#include "checks/plan.h"
#include "checks/reachability.h"

namespace fwprobe::checks {
namespace {

/// How a verdict is reported.
struct Report {
  Verdict verdict;
  Cause cause;
  Status status;
  std::string_view one;   ///< "1 URL …"
  std::string_view many;  ///< "3 URLs …"
  std::string_view rest;
};
constexpr Report reports[] = {
    {Verdict::localhost, Cause::content_localhost_url, Status::fail, "leads", "lead",
     "every client to its own machine"},
    {Verdict::private_address, Cause::content_private_url, Status::fail, "leads", "lead",
     "to a private address"},
    {Verdict::foreign_host, Cause::content_foreign_host_url, Status::warn, "names", "name",
     "another address than the one asked"},
    {Verdict::insecure, Cause::content_insecure_url, Status::warn, "is", "are",
     "http although the server was asked over https"},
};

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

/// Where the address that the answers carry is set, and to what.
std::string setting(const Case& the_case) {
  auto asked = the_case.target.url.origin() + "/";
  switch (the_case.profile()) {
    case Profile::azure_devops_server:
      // A server that was upgraded from TFS keeps its virtual directory in the URL.
      if (the_case.settings.collection.starts_with("tfs/")) asked += "tfs/";
      return fmt::format(
          "Azure DevOps Server: set the public URL to {0} in the Administration Console (Application Tier, "
          "Change Public URL), or run `TfsConfig settings /publicUrl:{0}` on the application tier.",
          asked);
    case Profile::azure_devops_services:
      return "Azure DevOps Services sets its own addresses: find out what changes the answers on the way.";
    default:
      return fmt::format("Set the application's public URL (base URL) to {}.", asked);
  }
}

/// What the remedies of the content causes speak of.
Facts facts(const Case& the_case, const Origin& origin, const std::string& met) {
  Facts known{
      {"setting", setting(the_case)}, {"found", origin.host_port()}, {"host", the_case.target.host.name}};
  if (!met.empty()) known.emplace_back("met", met);
  return known;
}

Finding content_finding(const Case& the_case, const Origin& origin, Status status, Cause cause,
                        const std::string& met = {}) {
  Finding finding;
  finding.check = Check::content;
  finding.subject = origin.text();
  finding.status = status;
  finding.cause = cause;
  finding.remedy = remedy(cause, facts(the_case, origin, met));
  return finding;
}

Finding report(const Case& the_case, const JudgedUrls& urls) {
  const auto* how = std::ranges::find(reports, urls.verdict, &Report::verdict);
  auto finding = content_finding(the_case, urls.origin, how->status, how->cause);
  finding.evidence = urls.evidence;
  std::string places;
  for (const auto& place : urls.places) places += (places.empty() ? "" : ", ") + place;
  if (urls.count > urls.places.size()) places += ", …";
  finding.summary = fmt::format("{} {} {} ({}): {}", counted(urls.count, "URL"),
                                urls.count == 1 ? how->one : how->many, how->rest, urls.example, places);
  return finding;
}

/// SSH is one more way to the same repositories: when it is closed, what was asked for still works.
bool is_another_way(const Case& the_case, const Journey& journey) {
  return journey.scheme == Scheme::ssh && the_case.target.scheme != Scheme::ssh;
}

void report_unreachable(const Case& the_case, const AnnouncedLink& link, const Journey& journey,
                        Findings& findings) {
  const auto there = reachability(the_case, journey.scheme, journey.host, journey.port);
  if (there.reached != Whether::no) return;
  const auto status = is_another_way(the_case, journey) ? Status::warn : Status::fail;
  auto finding =
      content_finding(the_case, link.origin, status, Cause::content_unreachable_url, there.obstacle);
  finding.summary = fmt::format("the server announces {}, which cannot be reached from here: {}",
                                link.origin.text(), there.obstacle);
  finding.evidence = link.evidence;
  finding.evidence.insert(finding.evidence.end(), there.evidence.begin(), there.evidence.end());
  findings.push_back(std::move(finding));
}

Finding all_fine(const Case& the_case, const Survey& survey) {
  Finding finding;
  finding.check = Check::content;
  finding.subject = the_case.target.text();
  finding.status = Status::pass;
  finding.summary = fmt::format("{} in {}, none of which leads astray", counted(survey.urls, "URL"),
                                counted(survey.responses, "response"));
  for (const auto& response : responses(the_case)) finding.evidence.push_back(response.id);
  return finding;
}

Finding nothing_to_look_at(const Case& the_case) {
  Finding finding;
  finding.check = Check::content;
  finding.subject = the_case.target.text();
  finding.status = Status::skip;
  finding.summary = "there is no response to look at";
  return finding;
}

}  // namespace

Findings check_content(const Case& the_case) {
  if (!is_http(the_case.target.scheme)) return {};
  const auto survey = survey_content(the_case);
  if (survey.responses == 0) return {nothing_to_look_at(the_case)};
  Findings findings;
  for (const auto& urls : survey.judged) findings.push_back(report(the_case, urls));
  for (const auto& link : survey.links) report_unreachable(the_case, link, journey_to(link), findings);
  if (findings.empty()) findings.push_back(all_fine(the_case, survey));
  return findings;
}

}  // namespace fwprobe::checks
