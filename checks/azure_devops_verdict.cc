#include <fmt/format.h>

#include "checks/azure_devops_judge.h"

namespace fwprobe::checks::azure_devops {

bool is_microsoft(const probe::HttpResponse& response) {
  return writer(response).starts_with("Microsoft-IIS") || writer(response).starts_with("Microsoft-HTTPAPI");
}

Verdict Judge::verdict() const {
  if (is_sign_in(response_)) return sign_in();
  switch (response_.status) {
    case 200:
      return listed();
    case 400:
      return bad_request();
    case 401:
      return refused();
    case 403:
      return forbidden();
    case 404:
      return not_found();
    case 429:
      return throttled();
    default:
      break;
  }
  if (response_.status >= 500) return server_error();
  if (response_.status >= 400) return other_client_error();
  if (response_.status >= 300) return redirected();
  return marked_ ? fail(Cause::api_unexpected_response,
                        fmt::format("{} in place of a list of projects", describe(response_)))
                 : foreign();
}

Verdict Judge::fail(Cause cause, std::string summary, Confidence confidence, std::vector<std::string> advice,
                    Facts facts) const {
  summary += log_note(response_);
  return {Status::fail, cause, std::move(summary), confidence, std::move(advice), std::move(facts)};
}

bool Judge::code_is_readable() const {
  const auto* response = course_.repositories.response();
  return response && response->status == 200 && bears_mark(*response) &&
         repository_list(response->body).has_documented_shape;
}

std::string Judge::other() const {
  return writer(response_).empty() ? std::string{"something in between"} : std::string{writer(response_)};
}

Verdict Judge::listed() const {
  if (!marked_ && (is_html(response_) || &answer_ == &course_.anonymous)) return foreign();
  if (is_html(response_)) {
    return fail(Cause::content_not_json,
                fmt::format("an HTML page in place of JSON{}", quote(error_.message)));
  }
  const auto list = project_list(response_.body);
  if (!list.is_json) return fail(Cause::content_not_json, "the answer is not JSON", Confidence::medium);
  if (!list.has_documented_shape)
    return fail(Cause::api_unexpected_response, "JSON, but no list of projects", Confidence::medium);
  if (!marked_) {
    return fail(
        Cause::api_not_the_service,
        "a list of projects without the service's own headers: something in between made the answer or "
        "removed them",
        Confidence::low, {"Let the response headers X-TFS-ProcessId, X-VSS-E2EID and ActivityId through."});
  }
  return accepted();
}

Verdict Judge::accepted() const {
  std::size_t count = 0, pages = 0;
  bool cut = course_.pages_cut;
  for (const auto& page : course_.projects) {
    if (!page.exchange) {
      cut = true;
      break;
    }
    ++pages;
    if (page.status() != 200) return broken_page(page, pages);
    const auto list = project_list(page.response()->body);
    if (!list.has_documented_shape) return broken_page(page, pages);
    count += list.count;
  }
  if (count == 0) {
    Verdict verdict{Status::warn,
                    Cause::api_token_scope,
                    token_sent() ? "the token is accepted, but its account sees no project"
                                 : "the list of projects is empty",
                    Confidence::low,
                    {"Add the token's account to a project of this collection."}};
    verdict.summary += log_note(response_);
    return verdict;
  }
  const auto visible = fmt::format("{}{} project{}{}", count, cut ? " or more" : "", count == 1 ? "" : "s",
                                   pages > 1 ? fmt::format(" on {} pages", pages) : "");
  return {Status::pass,
          std::nullopt,
          token_sent() ? fmt::format("the token is accepted: {} visible", visible)
                       : fmt::format("answers without a token: {} visible", visible),
          Confidence::high,
          {}};
}

Verdict Judge::broken_page(const Answer& page, std::size_t number) const {
  const auto* response = page.response();
  return fail(Cause::api_unexpected_response,
              fmt::format("page {} of the list of projects: {}", number,
                          response ? describe(*response) : "no answer"),
              Confidence::medium);
}

Verdict Judge::not_found() const {
  if (course_.is_found_elsewhere()) {
    const auto& found = course_.other_collection;
    const bool has_prefix = found.size() > course_.collection.size();
    return fail(Cause::api_collection_not_found,
                fmt::format("404 at /{}, while the server answers at /{}", course_.collection, found),
                Confidence::high,
                has_prefix ? std::vector<std::string>{}
                           : std::vector{fmt::format("Leave the prefix out: --collection {}.", found)},
                has_prefix ? Facts{{"suggestion", found}} : Facts{});
  }
  // The front end of Azure DevOps Services says so in plain text, before any host of an organization is
  // asked.
  const bool by_front_end =
      is_services(case_, course_) && response_.body.starts_with("The resource cannot be found.");
  if (!marked_ && !by_front_end) return foreign();
  return fail(Cause::api_collection_not_found,
              fmt::format("there is no organization or collection \"{}\", or this token does not see it{}",
                          course_.collection, quote(error_.message)),
              marked_ ? Confidence::high : Confidence::medium);
}

Verdict Judge::foreign() const {
  return fail(
      Cause::api_not_the_service,
      fmt::format("{}, without X-TFS-ProcessId, X-VSS-E2EID or ActivityId: this is not Azure DevOps",
                  describe(response_)),
      Confidence::medium,
      {"Compare host and port with the server's public URL, and the host name with the binding of its IIS "
       "site."});
}

Verdict Judge::redirected() const {
  const auto location = probe::header(response_.headers, "Location").value_or("");
  const auto next = probe::resolve(case_.target.url, location);
  const auto said = fmt::format("{} to {}", response_.status, next ? next->text() : std::string{"nowhere"});
  if (next && next->host != case_.target.host)
    return fail(Cause::http_redirect_off_host, said, Confidence::medium);
  if (next && next->scheme == "https" && case_.target.scheme == Scheme::http)
    return fail(Cause::http_unexpected_status, said, Confidence::high,
                {fmt::format("Use {} as the server's URL.", next->origin())});
  return fail(Cause::http_unexpected_status, said, marked_ ? Confidence::high : Confidence::low);
}

Verdict Judge::bad_request() const {
  const bool version = error_.type == "VssVersionOutOfRangeException" ||
                       error_.contains("out of range for this server") ||
                       error_.contains("outside the valid version range");
  if (version) return too_old();
  // "Bad Request - Invalid Hostname": Windows has no site that is bound to this name.
  if (!marked_ && writer(response_).starts_with("Microsoft-HTTPAPI")) return foreign();
  if (marked_) {
    return fail(Cause::api_unexpected_response,
                fmt::format("{}{}", describe(response_), quote(error_.message)), Confidence::medium);
  }
  return other_client_error();
}

Verdict Judge::too_old() const {
  const auto level = rest_level(course_);
  const auto confidence = marked_ ? Confidence::high : Confidence::medium;
  if (!level) {
    return fail(Cause::api_version_unsupported,
                fmt::format("the server does not serve REST 6.0{}", quote(error_.message)), Confidence::low);
  }
  if (*level >= first_accepted) {
    return fail(Cause::api_unexpected_response,
                fmt::format("{} refuses REST 6.0{}", product_name(*level), quote(error_.message)),
                Confidence::low);
  }
  return fail(*level < first_azure_devops ? Cause::api_tfs_unsupported : Cause::api_version_unsupported,
              fmt::format("{}; REST 6.0 came with Azure DevOps Server 2020", product_name(*level)),
              confidence);
}

Verdict Judge::throttled() const {
  const auto after = probe::header(response_.headers, "Retry-After").value_or("").substr(0, 40);
  std::vector<std::string> advice;
  if (!after.empty()) advice.push_back(fmt::format("Wait as the answer says: Retry-After: {}.", after));
  return fail(Cause::http_client_error,
              marked_ ? fmt::format("throttled{}", quote(error_.message))
                      : fmt::format("throttled by {}, not by Azure DevOps", other()),
              marked_ ? Confidence::high : Confidence::low, std::move(advice));
}

Verdict Judge::server_error() const {
  if (marked_) {
    const bool offline = probe::header(response_.headers, "X-VSS-HostOfflineError").has_value();
    return fail(
        Cause::http_server_error,
        fmt::format("{}{}{}", describe(response_),
                    offline ? ": the collection is offline or being serviced" : "", quote(error_.message)));
  }
  if (response_.status == 503 && writer(response_).starts_with("Microsoft-HTTPAPI")) {
    return fail(Cause::http_server_error,
                "503 from Windows itself: the application pool of Azure DevOps is stopped", Confidence::high,
                {"Start the application pool \"Azure DevOps Server Application Pool\" in IIS."});
  }
  return fail(
      Cause::http_server_error,
      fmt::format("{} from {}, not from Azure DevOps: it cannot reach the server behind it, or the server is "
                  "down",
                  response_.status, other()),
      Confidence::low);
}

Verdict Judge::other_client_error() const {
  return fail(
      Cause::http_client_error,
      marked_ ? fmt::format("{}{}", describe(response_), quote(error_.message))
              : fmt::format("{} from {}; Azure DevOps did not write this answer", response_.status, other()),
      marked_ ? Confidence::medium : Confidence::low);
}

Verdict judge_decisive(const Case& the_case, const Course& course) {
  return Judge{the_case, course}.verdict();
}

std::optional<RestVersion> rest_level(const Course& course) {
  if (const auto* response = course.decisive().response(); response && response->status == 400)
    if (const auto named = latest_supported(service_error(*response).message)) return named;
  const auto* options = course.options.response();
  return options && options->status == 200 ? rest_level(options->body) : std::nullopt;
}

std::string describe(const probe::HttpResponse& response) {
  const auto by = writer(response);
  return fmt::format("{}{}{}", response.status, by.empty() ? "" : " from ", by);
}

std::string quote(const std::string& words) { return words.empty() ? "" : fmt::format(": \"{}\"", words); }

std::string log_note(const probe::HttpResponse& response) {
  const auto key = log_key(response);
  return key.empty() ? "" : fmt::format(" (log key {})", key);
}

}  // namespace fwprobe::checks::azure_devops
