#pragma once
// Answers of Azure DevOps as they were recorded in the field, and an investigation that is answered with
// them.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "checks/checks.h"
#include "checks/plan.h"

namespace fwprobe::checks::recorded {

using probe::HttpHeader;
using probe::HttpResponse;

inline constexpr std::string_view activity = "5fed5113-3642-436b-bfaa-cc98fca9eed1";
inline constexpr std::string_view project_id = "6ce954b1-ce1f-45d1-b94d-e6bf2464ba2c";

inline HttpResponse answer(std::uint16_t status, std::string_view type, std::string body,
                           std::vector<HttpHeader> headers = {}) {
  headers.push_back({"Content-Type", std::string{type}});
  HttpResponse response;
  response.status = status;
  response.version = "1.1";
  response.wire_bytes = body.size();
  response.body = std::move(body);
  response.headers = std::move(headers);
  response.reusable = true;
  return response;
}

/// With the headers by which the service is known.
inline HttpResponse marked(HttpResponse response) {
  response.headers.push_back({"Server", "Microsoft-IIS/10.0"});
  response.headers.push_back({"X-TFS-ProcessId", "8bb4b7f2-1f5c-46fe-a975-14fd79ca14ef"});
  response.headers.push_back({"ActivityId", std::string{activity}});
  response.headers.push_back({"X-VSS-E2EID", "11a8632f-39b9-4aa5-bf71-061cdd2a1e5c"});
  return response;
}

inline HttpResponse json(std::uint16_t status, std::string body, std::vector<HttpHeader> headers = {}) {
  return marked(answer(status, "application/json; charset=utf-8", std::move(body), std::move(headers)));
}

inline HttpResponse error(std::uint16_t status, std::string_view type, std::string_view message) {
  return json(
      status,
      fmt::format(R"({{"$id":"1","innerException":null,"message":"{}","typeName":"N.{}, A","typeKey":"{}",)"
                  R"("errorCode":0,"eventId":3000}})",
                  message, type, type));
}

inline HttpResponse challenge(std::vector<std::string> schemes) {
  std::vector<HttpHeader> headers;
  for (auto& scheme : schemes) headers.push_back({"WWW-Authenticate", std::move(scheme)});
  return marked(answer(401, "text/html", "", std::move(headers)));
}

inline HttpResponse server_challenge() {
  return challenge({"Bearer", R"(Basic realm="https://azure.example.com/")", "Negotiate", "NTLM"});
}

inline HttpResponse services_challenge() {
  auto response = challenge({"Bearer authorization_uri=https://login.microsoftonline.com/0000",
                             R"(Basic realm="https://tfsprodcin2.visualstudio.com/")", "TFS-Federated"});
  response.headers.push_back({"X-VSS-ResourceTenant", "00000000-0000-0000-0000-000000000000"});
  return response;
}

inline std::string projects_body() {
  return fmt::format(
      R"({{"count":1,"value":[{{"id":"{}","name":"Fabrikam","url":"https://azure.example.com/c/_apis/projects/1",)"
      R"("state":"wellFormed","revision":411518573,"visibility":"private"}}]}})",
      project_id);
}

inline std::string repositories_body(std::string_view remote_url) {
  return fmt::format(
      R"({{"value":[{{"id":"225f7195-0000-0000-0000-000000000000","name":"Fabrikam Git",)"
      R"("project":{{"id":"{}","name":"Fabrikam"}},"defaultBranch":"refs/heads/main","remoteUrl":"{}",)"
      R"("isDisabled":false}}],"count":1}})",
      project_id, remote_url);
}

inline std::string options_body(std::string_view released, std::string_view newest) {
  return fmt::format(
      R"({{"count":3,"value":[)"
      R"({{"id":"1","area":"core","resourceName":"projects","minVersion":"1.0","maxVersion":"{1}","releasedVersion":"{0}"}},)"
      R"({{"id":"2","area":"git","resourceName":"repositories","minVersion":"1.0","maxVersion":"{1}","releasedVersion":"{0}"}},)"
      R"({{"id":"3","area":"Location","resourceName":"ConnectionData","minVersion":"1.0","maxVersion":"{1}","releasedVersion":"0.0"}}]}})",
      released, newest);
}

inline HttpResponse refs() {
  return marked(answer(200, "application/x-git-upload-pack-advertisement",
                       "001e# service=git-upload-pack\n0000000eversion 2\n0000"));
}

inline std::string out_of_range(std::string_view supported) {
  return fmt::format(
      "The requested REST API version of 6.0 is out of range for this server. The latest REST API version "
      "this server supports is {}.",
      supported);
}

/// One answer, for the requests whose method, path and query hold this text: "OPTIONS ", "/_apis/projects".
struct Rule {
  std::string_view request;
  HttpResponse response;
};

/// A server: the first rule that fits answers, else a healthy Azure DevOps Server 2022.
struct Server {
  std::vector<Rule> rules;

  HttpResponse operator()(const probe::HttpRequest& request) const {
    const auto line = fmt::format("{} {}?{}", request.method, request.url.path, request.url.query);
    for (const auto& rule : rules)
      if (line.contains(rule.request)) return rule.response;
    if (request.credential == probe::Credential::none) return server_challenge();
    if (line.contains("/_apis/projects")) return json(200, projects_body());
    if (line.starts_with("OPTIONS")) return json(200, options_body("7.0", "7.1"));
    if (line.contains("/_apis/git/repositories"))
      return json(200, repositories_body("https://azure.example.com/c/Fabrikam/_git/Fabrikam%20Git"));
    if (line.contains("/info/refs")) return refs();
    if (line.contains("/_apis/securitynamespaces/"))
      return json(200, R"({"count":1,"value":[{"namespaceId":"cb594ebe","actions":[)"
                       R"({"bit":1,"name":"ViewSubscriptions"},{"bit":2,"name":"EditSubscriptions"}]}]})");
    if (line.contains("/_apis/permissions/")) return json(200, R"({"count":1,"value":[true]})");
    return error(404, "VssResourceNotFoundException", "no such resource");
  }
};

/// A target that is investigated against a recorded server.
struct Investigated {
  Target target;
  Settings settings;
  Evidence evidence;
  std::vector<probe::HttpRequest> asked;

  explicit Investigated(std::string_view scheme = "https", std::string_view path = "/") {
    target.scheme = scheme == "https" ? Scheme::https : Scheme::http;
    target.host = {"azure.example.com", std::nullopt};
    target.port = scheme == "https" ? 443 : 80;
    target.url.scheme = scheme;
    target.url.host = target.host;
    target.url.port = target.port;
    target.url.path = path;
    settings.profile = Profile::azure_devops_server;
    settings.collection = "c";
    settings.token = probe::Secret{"sekret"};
  }

  Case the_case() const { return {target, settings, evidence}; }

  void record(const probe::HttpRequest& request, std::expected<HttpResponse, probe::HttpFailure> result) {
    asked.push_back(request);
    probe::HttpExchange exchange;
    exchange.question = {{}, request, probe::RequestForm::origin};
    exchange.result = std::move(result);
    evidence.add({{static_cast<std::uint32_t>(asked.size())}, {}, std::move(exchange)});
  }

  /// The first request that is wished for and has no answer; null when nothing is left to ask.
  std::optional<probe::HttpRequest> next() const {
    for (const auto& request : azure_devops_wishes(the_case()).requests)
      if (!find_exchange(evidence, request)) return request;
    return std::nullopt;
  }

  Findings against(const Server& server) {
    while (const auto request = next()) record(*request, server(*request));
    return check_azure_devops(the_case());
  }
};

}  // namespace fwprobe::checks::recorded
