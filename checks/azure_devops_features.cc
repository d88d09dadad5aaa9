#include "checks/azure_devops_features.h"

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>

#include "checks/azure_devops_answers.h"
#include "checks/json_fields.h"

namespace fwprobe::checks::azure_devops {
namespace {

Verdict skip(std::string summary) {
  return {Status::skip, std::nullopt, std::move(summary), Confidence::high, {}};
}
Verdict pass(std::string summary) {
  return {Status::pass, std::nullopt, std::move(summary), Confidence::high, {}};
}

/// "answered 404 from nginx", "did not answer".
std::string outcome(const Answer& answer) {
  const auto* response = answer.response();
  if (!response) return "did not answer";
  const auto error = service_error(*response);
  return fmt::format("answered {}{}{}", describe(*response), quote(error.message), log_note(*response));
}

bool is_good(const Answer& answer) {
  const auto* response = answer.response();
  return response && response->status == 200 && bears_mark(*response);
}

/// The advertisement of a repository with very many refs is larger than any limit; its head is proof enough.
bool is_advertisement_too_large(const Answer& answer) {
  if (!answer.exchange || answer.exchange->result) return false;
  const auto& failure = answer.exchange->result.error();
  if (failure.kind != probe::HttpFailure::Kind::body_too_large || !failure.partial) return false;
  return failure.partial->status == 200 && probe::header(failure.partial->headers, "Content-Type")
                                               .value_or("")
                                               .starts_with("application/x-git-upload-pack-advertisement");
}

Verdict no_clone(const Course& course) {
  const auto* response = course.refs.response();
  auto confidence = Confidence::medium;
  std::string why = outcome(course.refs);
  if (response && response->status == 200)
    why = fmt::format(
        "200 is no list of refs, but {}",
        probe::header(response->headers, "Content-Type").value_or("something without a type").substr(0, 80));
  if (response && !bears_mark(*response)) {
    confidence = Confidence::high;
    why += "; Azure DevOps did not write this answer";
  }
  return {Status::fail,
          Cause::api_git_unavailable,
          fmt::format("the API answers, but cloning \"{}\" over smart HTTP does not work: {}",
                      course.repository, why),
          confidence,
          {},
          {{"path", course.refs.request.url.path}}};
}

Verdict judge_repositories(const Course& course) {
  const auto& answer = course.repositories;
  const auto* response = answer.response();
  if (response && (response->status == 401 || response->status == 403 || is_sign_in(*response))) {
    if (bears_mark(*answer.response())) {
      return {Status::fail,
              Cause::api_token_scope,
              fmt::format("the token lists projects, but not repositories: it lacks Code (Read); {}",
                          outcome(answer)),
              Confidence::high,
              {},
              {{"scope", "Code (Read)"}}};
    }
    return {
        Status::fail,
        Cause::api_git_unavailable,
        fmt::format("the list of repositories {}; Azure DevOps did not write this answer", outcome(answer)),
        Confidence::medium,
        {}};
  }
  if (!is_good(answer))
    return skip(fmt::format("cloning was not tried: the list of repositories {}", outcome(answer)));
  const auto list = repository_list(answer.response()->body);
  if (!list.has_documented_shape)
    return skip("cloning was not tried: the list of repositories cannot be read");
  return skip(list.count == 0
                  ? "cloning was not tried: the token sees no repository"
                  : "cloning was not tried: every visible repository is disabled or in maintenance");
}

std::string hooks_by_hand(const Course& course) {
  return fmt::format(
      "look at {}/{{project}}/_settings/serviceHooks with the token's account: who may create a subscription "
      "there has "
      "the permission",
      course.base);
}

/// "A, B, C and 17 more".
std::string some_of(const std::vector<std::string>& names) {
  constexpr std::size_t shown = 3;
  const auto first = std::span{names}.first(std::min(names.size(), shown));
  const auto more = names.size() - first.size();
  return fmt::format("{}{}", fmt::join(first, ", "), more > 0 ? fmt::format(" and {} more", more) : "");
}

}  // namespace

FeatureVerdict judge_git(const Course& course) {
  FeatureVerdict judged{{}, course.base + "/_git", {course.repositories.id}};
  if (!course.refs.exchange) {
    judged.verdict =
        course.repositories.exchange ? judge_repositories(course) : skip("cloning was not tried");
    return judged;
  }
  judged.subject = course.refs.request.url.text();
  judged.evidence.push_back(course.refs.id);
  const auto* response = course.refs.response();
  const bool good = (response && is_ref_advertisement(*response)) || is_advertisement_too_large(course.refs);
  judged.verdict =
      good ? pass(fmt::format("\"{}\" can be cloned over smart HTTP", course.repository)) : no_clone(course);
  return judged;
}

FeatureVerdict judge_webhooks(const Course& course) {
  FeatureVerdict judged{{}, "service hooks", {}};
  const auto unknown = [&](std::string why) {
    judged.verdict = skip(
        fmt::format("whether the token may create webhooks is unknown: {}; {}", why, hooks_by_hand(course)));
    return judged;
  };
  if (!course.hook_actions.exchange)
    return unknown(course.interrupted ? "it was not asked" : "no project is visible");
  judged.evidence.push_back(course.hook_actions.id);
  if (!is_good(course.hook_actions))
    return unknown(fmt::format("the list of permissions {}", outcome(course.hook_actions)));
  if (course.hooks.empty()) return unknown("the list of permissions does not name EditSubscriptions");

  std::vector<std::string> allowed, denied;
  for (const auto& hook : course.hooks) {
    if (!hook.answer.exchange) return unknown("it was not asked for every project");
    judged.evidence.push_back(hook.answer.id);
    if (!is_good(hook.answer)) return unknown(fmt::format("the question {}", outcome(hook.answer)));
    const auto granted = permissions(hook.answer.response()->body, hook.projects.size());
    if (!granted) return unknown("the answer is not one yes or no for each project");
    for (std::size_t i = 0; i < granted->size(); ++i)
      ((*granted)[i] ? allowed : denied).push_back(hook.projects[i]);
  }
  if (denied.empty()) {
    judged.verdict = pass("the token may create webhooks");
  } else if (!allowed.empty()) {
    judged.verdict = pass(
        fmt::format("the token may create webhooks in {}; not in {}", some_of(allowed), some_of(denied)));
  } else {
    // Among projects that were not asked about, one may have the permission.
    const bool is_certain = !course.hooks_cut && !course.pages_cut;
    judged.verdict = {is_certain ? Status::fail : Status::warn,
                      Cause::api_webhook_permission_missing,
                      fmt::format("the token may not create webhooks in {}{}", some_of(denied),
                                  log_note(*course.hooks.back().answer.response())),
                      is_certain ? Confidence::high : Confidence::medium,
                      {},
                      {{"project", denied.front()}}};
  }
  return judged;
}

FeatureVerdict judge_oauth_policy(const Course& course) {
  FeatureVerdict judged{{}, "Third-party application access via OAuth", {}};
  const auto unknown = [&](std::string_view why) {
    judged.verdict = skip(fmt::format(
        "{}: look at {}/_settings/organizationPolicy, Application connection policies", why, course.base));
    return judged;
  };
  if (!course.policy.exchange) return unknown("the policy was not read");
  judged.evidence.push_back(course.policy.id);
  if (!is_good(course.policy)) return unknown("the token may not read the organization's policies");

  constexpr std::string_view policies =
      "/fps/dataProviders/data/ms.vss-admin-web.organization-policies-data-provider/policies/"
      "applicationConnection/*/"
      "policy/";
  const std::array<std::string, 3> places{fmt::format("{}name", policies), fmt::format("{}value", policies),
                                          fmt::format("{}isValueUndefined", policies)};
  const std::array<std::string_view, 3> wanted{places[0], places[1], places[2]};
  const auto json = read_json(course.policy.response()->body, wanted);
  for (const auto& [pointer, name] : json.values) {
    // The name is inverted: the stored value true means that access is off.
    if (name != "Policy.DisallowOAuthAuthentication" || !pointer.ends_with("/name")) continue;
    const auto entry = pointer.substr(0, pointer.size() - std::string_view{"/name"}.size());
    if (json.at(entry + "/isValueUndefined") == "true")
      return unknown("the policy is not set, so that the platform's default holds");
    const auto value = json.at(entry + "/value");
    if (value == "false") {
      judged.verdict = pass("third-party applications may use OAuth");
      return judged;
    }
    if (value == "true") {
      judged.verdict = {Status::warn,
                        Cause::api_oauth_policy_disabled,
                        "third-party access via OAuth is off in the organization; tokens are not affected",
                        Confidence::medium,
                        {fmt::format("The settings are at {}/_settings/organizationPolicy.", course.base)}};
      return judged;
    }
  }
  return unknown("the organization's settings do not show the policy to this token");
}

}  // namespace fwprobe::checks::azure_devops
