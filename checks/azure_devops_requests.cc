#include <algorithm>
#include <set>
#include <span>

#include <fmt/format.h>

#include "checks/azure_devops.h"
#include "checks/azure_devops_answers.h"
#include "checks/azure_devops_names.h"
#include "checks/plan.h"

namespace fwprobe::checks::azure_devops {
namespace {

using probe::Credential;

/// 5,000 projects; whoever has more knows after these whether the list works.
constexpr std::size_t max_pages = 50;
/// All pages together; a project takes about 500 bytes, and what is read is kept as evidence.
constexpr std::size_t max_listed_bytes = 16UL * 1024 * 1024;
/// How many projects one permission request names: IIS takes 2,048 characters of query by default.
constexpr std::size_t hook_projects = 20;
constexpr std::size_t max_hook_requests = 10;
constexpr std::size_t longest_id = 64;  // a GUID has 36
constexpr std::size_t longest_continuation = 256;

/// Which requests carry what: JSON, no redirect to a sign-in page (the SDK's own header for it).
std::vector<probe::HttpHeader> api_headers() {
  return {{"Accept", "application/json"}, {"X-TFS-FedAuthRedirect", "Suppress"}};
}

class Walk {
 public:
  explicit Walk(const Case& the_case)
      : case_{the_case}, collection_{collection_segments(the_case)}, path_{path_of(collection_)} {
    course_.collection = join(collection_);
    course_.base = the_case.target.url.origin() + path_;
    if (!the_case.settings.token || the_case.settings.token->empty())
      course_.token = TokenUse::not_given;
    else if (the_case.target.scheme != Scheme::https)
      course_.token = TokenUse::kept_from_http;
    else
      course_.token = TokenUse::sent;
  }

  Course take() && {
    go();
    return std::move(course_);
  }

 private:
  void go() {
    // Without a credential first: marks, challenges and the realm, which is the server's own idea of its
    // address. connectionData is preview in every release, so it gets no api-version.
    if (!ask(course_.anonymous, get(path_ + "/_apis/connectionData", "", Credential::none))) return;
    const auto* anonymous = course_.anonymous.response();
    if (!anonymous || anonymous->status == 429) return;
    // At the root of a server a good token is refused, too: nothing there can be held against it.
    if (collection_.empty() && !names_organization(case_.target.host.name)) {
      course_.lacks_collection = true;
      return;
    }
    if (anonymous->status == 404 && !look_elsewhere()) return;
    if (course_.is_found_elsewhere()) return;
    if (course_.token == TokenUse::sent && !may_see_token(*anonymous))
      course_.token = TokenUse::kept_from_others;
    if (course_.token == TokenUse::kept_from_others) return;
    if (!list_projects()) return;
    const int status = course_.projects.front().status();
    if (status == 404 && !look_elsewhere()) return;
    if ((status == 200 || status == 400) &&
        !ask(course_.options, request("OPTIONS", path_ + "/_apis/", "", credential())))
      return;
    // Refused the list: a token that may read code lacks a scope, one that may not is refused altogether.
    const auto* list = course_.projects.front().response();
    const bool refused = course_.token == TokenUse::sent &&
                         (status == 401 || status == 403 || (list != nullptr && is_sign_in(*list)));
    if (status != 200 && !refused) return;
    if (!ask(course_.repositories, get(path_ + "/_apis/git/repositories", "api-version=6.0", credential())))
      return;
    if (status != 200 || refused || course_.token != TokenUse::sent) return;
    if (!look_for_refs() || !ask_for_hooks()) return;
    if (is_services(case_, course_))
      ask(course_.policy, get(path_ + "/_settings/organizationPolicy", "__rt=fps&__ver=2", credential()));
  }

  /// The token goes to nobody but the service, or who asks for a credential in its place.
  static bool may_see_token(const probe::HttpResponse& anonymous) {
    return bears_mark(anonymous) || anonymous.status == 401 || is_sign_in(anonymous);
  }

  /// False while its answer is awaited.
  bool look_elsewhere() {
    if (course_.elsewhere.exchange || is_services(case_, course_)) return true;
    const auto other = with_prefix_turned(collection_);
    if (collection_.empty() || other.empty()) return true;
    course_.other_collection = join(other);
    return ask(course_.elsewhere, get(path_of(other) + "/_apis/connectionData", "", Credential::none));
  }

  bool list_projects() {
    std::set<std::string, std::less<>> seen;  // a server that repeats itself would go on for ever
    std::size_t listed_bytes = 0;
    std::string query = "api-version=6.0&$top=100";
    while (true) {
      auto& page = course_.projects.emplace_back();
      if (!ask(page, get(path_ + "/_apis/projects", query, credential()))) return false;
      const auto* response = page.response();
      if (!response) return course_.projects.size() > 1;
      const auto next = probe::header(response->headers, "x-ms-continuationtoken");
      if (response->status != 200 || !next || next->empty()) return true;
      listed_bytes += response->body.size();
      if (listed_bytes > max_listed_bytes || next->size() > longest_continuation ||
          !seen.emplace(*next).second || course_.projects.size() == max_pages) {
        course_.pages_cut = true;
        return true;
      }
      query = fmt::format("api-version=6.0&$top=100&continuationToken={}", encode(*next));
    }
  }

  /// What git itself asks first when it clones.
  bool look_for_refs() {
    const auto* response = course_.repositories.response();
    if (!response || response->status != 200) return true;
    const auto repository = repository_list(response->body).usable;
    if (!repository) return true;
    course_.repository = repository->name;
    auto refs = get(clone_path(*repository) + "/info/refs", "service=git-upload-pack", credential());
    refs.headers = {{"Accept", "*/*"}, {"Git-Protocol", "version=2"}, {"X-TFS-FedAuthRedirect", "Suppress"}};
    return ask(course_.refs, std::move(refs));
  }

  /// The announced clone URL on the origin that was asked: whether its host is right is the content check's
  /// question.
  std::string clone_path(const Repository& repository) const {
    const auto announced = probe::parse_url(repository.remote_url);
    if (announced && announced->path.starts_with(path_ + "/") && announced->path.contains("/_git/"))
      return announced->path;
    return fmt::format("{}/{}/_git/{}", path_, encode(repository.project), encode(repository.name));
  }

  bool ask_for_hooks() {
    const auto projects = visible_projects();
    if (projects.empty()) return true;
    if (!ask(course_.hook_actions,
             get(fmt::format("{}/_apis/securitynamespaces/{}", path_, service_hooks_namespace),
                 "api-version=6.0", credential())))
      return false;
    const auto* actions = course_.hook_actions.response();
    const auto bit = actions && actions->status == 200 ? edit_subscriptions_bit(actions->body) : std::nullopt;
    if (!bit) return true;
    for (std::size_t first = 0; first < projects.size(); first += hook_projects) {
      const auto some = std::span{projects}.subspan(first, std::min(hook_projects, projects.size() - first));
      if (course_.hooks.size() == max_hook_requests) {
        course_.hooks_cut = true;
        return true;
      }
      if (!ask_for_hooks_of(some, *bit)) return false;
      if (!all_denied(course_.hooks.back())) return true;
    }
    return true;
  }

  bool ask_for_hooks_of(std::span<const Project> projects, std::string_view bit) {
    auto& hook = course_.hooks.emplace_back();
    std::vector<std::string> tokens;
    for (const auto& project : projects) {
      tokens.push_back("PublisherSecurity/" + encode(project.id));
      hook.projects.push_back(project.name.empty() ? project.id : project.name);
    }
    return ask(
        hook.answer,
        get(fmt::format("{}/_apis/permissions/{}/{}", path_, service_hooks_namespace, bit),
            fmt::format("tokens={}&alwaysAllowAdministrators=false&api-version=6.0", fmt::join(tokens, ",")),
            credential()));
  }

  /// Only then another project may still have the permission, and is worth the question.
  static bool all_denied(const HookAnswer& hook) {
    const auto* response = hook.answer.response();
    if (!response || response->status != 200 || !bears_mark(*response)) return false;
    const auto granted = permissions(response->body, hook.projects.size());
    return granted && std::ranges::find(*granted, true) == granted->end();
  }

  std::vector<Project> visible_projects() const {
    std::vector<Project> found;
    for (const auto& page : course_.projects) {
      if (page.status() != 200) break;
      for (auto& project : project_list(page.response()->body).projects)
        if (!project.id.empty() && project.id.size() <= longest_id) found.push_back(std::move(project));
    }
    return found;
  }

  Credential credential() const {
    return course_.token == TokenUse::sent ? Credential::token : Credential::none;
  }

  probe::HttpRequest get(std::string path, std::string query, Credential credential) const {
    return request("GET", std::move(path), std::move(query), credential);
  }

  probe::HttpRequest request(std::string method, std::string path, std::string query,
                             Credential credential) const {
    probe::HttpRequest made{std::move(method), case_.target.url, api_headers(), credential};
    made.url.path = std::move(path);
    made.url.query = std::move(query);
    return made;
  }

  /// True when the answer is there, be it a failure.
  bool ask(Answer& answer, probe::HttpRequest request) {
    course_.requests.push_back(request);
    answer.request = std::move(request);
    answer.exchange = find_exchange(case_.evidence, answer.request, &answer.id);
    course_.interrupted = !answer.exchange;
    return answer.exchange != nullptr;
  }

  const Case& case_;
  std::vector<std::string> collection_;
  std::string path_;
  Course course_;
};

}  // namespace

bool Course::is_found_elsewhere() const {
  const auto* response = elsewhere.response();
  return response && response->status != 404 &&
         (response->status / 100 == 2 || response->status == 401 || is_sign_in(*response)) &&
         bears_mark(*response);
}

Course course(const Case& the_case) { return Walk{the_case}.take(); }

bool is_services(const Case& the_case, const Course& course) {
  for (const auto* answer : {&course.anonymous, &course.decisive()}) {
    const auto* response = answer->response();
    if (!response) continue;
    const auto type = deployment_type(*response);
    if (type == "hosted" || probe::header(response->headers, "X-VSS-ResourceTenant") ||
        challenges(*response).offers("TFS-Federated"))
      return true;
    if (type == "onPremises") return false;
  }
  const auto& host = the_case.target.host.name;
  return host == "dev.azure.com" || names_organization(host) ||
         the_case.profile() == Profile::azure_devops_services;
}

}  // namespace fwprobe::checks::azure_devops

namespace fwprobe::checks {

Wishes azure_devops_wishes(const Case& the_case) {
  auto course = azure_devops::course(the_case);
  Wishes wishes{std::move(course.requests), {}};
  if (!wishes.requests.empty() && wishes.requests.back() == course.elsewhere.request)
    wishes.because = fmt::format("there is no collection '{}': does the server know '{}'?", course.collection,
                                 course.other_collection);
  return wishes;
}

}  // namespace fwprobe::checks
