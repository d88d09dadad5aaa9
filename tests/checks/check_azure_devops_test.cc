#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checks/azure_devops.h"
#include "tests/checks/azure_devops_recordings.h"

namespace fwprobe::checks {
namespace {

using namespace recorded;
using testing::Contains;
using testing::HasSubstr;
using testing::Not;

const Finding* find(const Findings& findings, Status status) {
  for (const auto& finding : findings)
    if (finding.status == status) return &finding;
  return nullptr;
}

const Finding* find_about(const Findings& findings, std::string_view text) {
  for (const auto& finding : findings)
    if (finding.subject.contains(text) || finding.summary.contains(text)) return &finding;
  return nullptr;
}

/// "fail api.token_invalid": the worst finding, in words that a failed test prints.
std::string outcome(const Findings& findings) {
  for (const auto status : {Status::error, Status::fail, Status::warn})
    if (const auto* finding = find(findings, status))
      return fmt::format("{} {}", name(status), finding->cause ? row(*finding->cause).code : "without cause");
  return findings.empty() ? "nothing" : "pass";
}

std::string told(const Findings& findings) {
  std::string text;
  for (const auto& finding : findings)
    text += fmt::format("{} {}: {}\n", name(finding.status), finding.subject, finding.summary);
  return text;
}

std::vector<std::string> lines_of(const Investigated& run) {
  std::vector<std::string> lines;
  for (const auto& request : run.asked) lines.push_back(request.method + " " + request.url.target());
  return lines;
}

HttpResponse unmarked(std::uint16_t status, std::string_view server, std::string_view type = "text/html",
                      std::string body = "<html><head><title>x</title></head></html>",
                      std::vector<HttpHeader> headers = {}) {
  headers.push_back({"Server", std::string{server}});
  return answer(status, type, std::move(body), std::move(headers));
}

HttpResponse with(HttpResponse response, std::string name, std::string value) {
  response.headers.push_back({std::move(name), std::move(value)});
  return response;
}

HttpResponse unauthorized(std::string_view message) {
  auto response = error(401, "AccessCheckException", message);
  response.headers.push_back({"WWW-Authenticate", R"(Basic realm="https://azure.example.com/")"});
  return response;
}

struct Row {
  const char* name;
  std::string outcome;
  Confidence confidence;
  Server server;
  const char* words = "";  ///< that the summary holds
};

TEST(AzureDevOps, WhatASymptomMeans) {
  const std::string_view projects = "GET /c/_apis/projects", any;
  const auto sign_in =
      answer(302, "text/html", "<html><head><title>Object moved</title></head></html>",
             {{"Location", "https://spsprodeus1.vssps.visualstudio.com/_signin?realm=dev.azure.com"}});
  const auto iis_basic =
      unmarked(401, "Microsoft-IIS/10.0", "text/html", "", {{"WWW-Authenticate", R"(Basic realm="srv1")"}});
  const auto http_sys = unmarked(401, "Microsoft-HTTPAPI/2.0", "text/html; charset=us-ascii", "<html></html>",
                                 {{"WWW-Authenticate", "Negotiate"}, {"WWW-Authenticate", "NTLM"}});
  const Row rows[] = {
      {"a server that answers everything passes", "pass", {}, {}},
      {"an empty 401 with the application's Basic challenge is a wrong token",
       "fail api.token_invalid",
       Confidence::high,
       {{{projects, server_challenge()}, {"/_apis/git", server_challenge()}}},
       "not accepted"},
      {"the sentence about expiry names an expired token",
       "fail api.token_invalid",
       Confidence::high,
       {{{projects, unauthorized("Access Denied: The Personal Access Token used has expired.")}}},
       "expired"},
      {"the sentence about expiry may stand in a page",
       "fail api.token_invalid",
       Confidence::high,
       {{{projects,
          marked(
              answer(401, "text/html",
                     "<html><body>Access Denied: The Personal Access Token used has expired.</body></html>",
                     {{"WWW-Authenticate", "Basic realm=\"https://azure.example.com/\""}}))}}},
       "expired"},
      {"a redirect to the sign-in page is a token that is not accepted",
       "fail api.token_invalid",
       Confidence::high,
       {{{any, marked(sign_in)}}},
       "sign in"},
      {"the sign-in redirect is known by its address without marks",
       "fail api.token_invalid",
       Confidence::high,
       {{{projects, sign_in}, {"/_apis/git", sign_in}}}},
      {"203 with a page is the older form of it",
       "fail api.token_invalid",
       Confidence::high,
       {{{any,
          marked(answer(203, "text/html", "<html><title>Azure DevOps Services | Sign In</title></html>"))}}}},
      {"a sign-in page with status 200 is no list",
       "fail api.token_invalid",
       Confidence::high,
       {{{any,
          marked(answer(200, "text/html", "<html><title>Azure DevOps Services | Sign In</title></html>"))}}}},
      {"a sign-in page for the list alone is a scope that lacks, as a 401 is",
       "fail api.token_scope",
       Confidence::high,
       {{{projects,
          marked(answer(203, "text/html", "<html><title>Azure DevOps Services | Sign In</title></html>"))}}},
       "Project and team (Read)"},
      {"and so is a redirect to it",
       "fail api.token_scope",
       Confidence::high,
       {{{projects, marked(sign_in)}}}},
      {"a sign-in page for the repositories alone is another scope",
       "fail api.token_scope",
       Confidence::high,
       {{{"/_apis/git",
          marked(answer(203, "text/html", "<html><title>Azure DevOps Services | Sign In</title></html>"))}}},
       "Code (Read)"},
      {"a portal's own sign-in page is not the service's",
       "fail api.not_the_service",
       Confidence::medium,
       {{{projects, unmarked(200, "BigIP", "text/html", "<html><title>Sign in</title></html>")}}}},
      {"another page of the service is not JSON",
       "fail content.not_json",
       Confidence::high,
       {{{projects, marked(answer(200, "text/html", "<html><title>Maintenance</title></html>"))}}},
       "Maintenance"},
      {"what calls itself JSON and is not",
       "fail content.not_json",
       Confidence::medium,
       {{{projects, json(200, "{\"count\":1,\"value\":[")}}}},
      {"JSON of another shape",
       "fail api.unexpected_response",
       Confidence::medium,
       {{{projects, json(200, "{\"count\":1}")}}}},
      {"JSON whose items are no projects",
       "fail api.unexpected_response",
       Confidence::medium,
       {{{projects, json(200, "{\"value\":[{\"x\":1}]}")}}}},
      {"a token that reads code and not the list lacks a scope",
       "fail api.token_scope",
       Confidence::high,
       {{{projects, server_challenge()}}},
       "Project and team"},
      {"403 from the service is a permission",
       "fail api.token_scope",
       Confidence::medium,
       {{{projects,
          error(403, "AccessCheckException", "Access Denied: Jane needs the following permission(s)")},
         {"/_apis/git", server_challenge()}}},
       "Jane needs"},
      {"an account that is no member",
       "fail api.token_invalid",
       Confidence::medium,
       {{{projects, with(error(401, "UnauthorizedRequestException",
                               "TF400813: The user 'jane' is not authorized to access this resource."),
                         "WWW-Authenticate", "Basic realm=\"https://tfsprodcin2.visualstudio.com/\"")},
         {"/_apis/git", server_challenge()}}},
       "TF400813"},
      {"the service says that no credential came",
       "fail api.token_invalid",
       Confidence::low,
       {{{projects, with(server_challenge(), "X-TFS-ServiceError",
                         "TF400813%3A%20Resource%20not%20available%20for%20anonymous%20access.")},
         {"/_apis/git", server_challenge()}}},
       "no credential arrived"},
      {"only Negotiate and NTLM are offered",
       "fail api.basic_auth_disabled",
       Confidence::high,
       {{{any, challenge({"Negotiate", "NTLM"})}}},
       "Negotiate, NTLM"},
      {"both in one header line",
       "fail api.basic_auth_disabled",
       Confidence::high,
       {{{any, challenge({"Bearer, Negotiate, NTLM"})}}}},
      {"Windows answers before the application does",
       "fail api.basic_auth_disabled",
       Confidence::high,
       {{{any, http_sys}}}},
      {"IIS Basic Authentication takes the token away from the application",
       "fail api.basic_auth_disabled",
       Confidence::high,
       {{{projects, iis_basic}}},
       "IIS"},
      {"IIS Basic Authentication on the whole site",
       "fail api.basic_auth_disabled",
       Confidence::medium,
       {{{any, iis_basic}}}},
      {"a proxy's own 401 is not the service's",
       "fail http.unauthorized",
       Confidence::low,
       {{{any, unmarked(401, "nginx/1.22.1", "text/html", "",
                        {{"WWW-Authenticate", "Basic realm=\"restricted\""}})}}},
       "nginx/1.22.1"},
      {"404 from the service is a collection that does not exist",
       "fail api.collection_not_found",
       Confidence::high,
       {{{any, marked(answer(404, "text/plain; charset=utf-8", "The resource cannot be found."))}}}},
      {"a collection that is there below tfs/",
       "fail api.collection_not_found",
       Confidence::high,
       {{{"/tfs/c/_apis", server_challenge()},
         {any, marked(answer(404, "text/plain", "The resource cannot be found."))}}},
       "/tfs/c"},
      {"the same where IIS itself answers at the root",
       "fail api.collection_not_found",
       Confidence::high,
       {{{"/tfs/c/_apis", server_challenge()}, {any, unmarked(404, "Microsoft-IIS/10.0")}}},
       "/tfs/c"},
      {"404 from something else",
       "fail api.not_the_service",
       Confidence::medium,
       {{{any, unmarked(404, "Microsoft-IIS/10.0")}}}},
      {"a welcome page",
       "fail api.not_the_service",
       Confidence::medium,
       {{{any, unmarked(200, "Apache")}}},
       "Apache"},
      {"no site is bound to the name",
       "fail api.not_the_service",
       Confidence::medium,
       {{{any, unmarked(400, "Microsoft-HTTPAPI/2.0")}}}},
      {"a list without the service's marks proves nothing",
       "fail api.not_the_service",
       Confidence::low,
       {{{projects, answer(200, "application/json", projects_body(), {{"Server", "nginx"}})}}}},
      {"Server 2019 says what it supports",
       "fail api.version_unsupported",
       Confidence::high,
       {{{projects, error(400, "VssVersionOutOfRangeException", out_of_range("5.1"))}}},
       "Azure DevOps Server 2019"},
      {"TFS 2018 says what it supports",
       "fail api.tfs_unsupported",
       Confidence::high,
       {{{projects, error(400, "VssVersionOutOfRangeException", out_of_range("4.1"))}}},
       "Team Foundation Server 2018"},
      {"a refused version without a number is named by OPTIONS",
       "fail api.tfs_unsupported",
       Confidence::high,
       {{{projects,
          error(400, "VssVersionOutOfRangeException", "outside the valid version range for this route")},
         {"OPTIONS ", json(200, options_body("3.2", "3.2"))}}},
       "Team Foundation Server 2017"},
      {"a refused version that nothing names",
       "fail api.version_unsupported",
       Confidence::low,
       {{{projects,
          error(400, "VssVersionOutOfRangeException", "outside the valid version range for this route")},
         {"OPTIONS ", error(404, "X", "no")}}}},
      {"an error of its own",
       "fail api.unexpected_response",
       Confidence::medium,
       {{{projects, error(400, "VssPropertyValidationException", "something is wrong")}}},
       "something is wrong"},
      {"Conditional Access",
       "fail http.forbidden",
       Confidence::high,
       {{{projects,
          marked(
              answer(403, "text/html",
                     "<html><title>VS403463: The conditional access policy defined by your Microsoft Entra "
                     "administrator has failed.</title></html>"))}}},
       "VS403463"},
      {"a firewall's 403",
       "fail http.forbidden",
       Confidence::low,
       {{{any, unmarked(403, "AkamaiGHost")}}},
       "AkamaiGHost"},
      {"throttled",
       "fail http.client_error",
       Confidence::high,
       {{{projects, with(error(429, "X", "TF400733: The request has been canceled"), "Retry-After", "30")}}},
       "TF400733"},
      {"the collection is offline",
       "fail http.server_error",
       Confidence::high,
       {{{any, with(marked(answer(503, "text/html", "")), "X-VSS-HostOfflineError", "1")}}},
       "offline"},
      {"the application pool is stopped",
       "fail http.server_error",
       Confidence::high,
       {{{any, unmarked(503, "Microsoft-HTTPAPI/2.0")}}},
       "application pool"},
      {"a reverse proxy that reaches nothing",
       "fail http.server_error",
       Confidence::low,
       {{{any, unmarked(502, "nginx/1.22.1")}}},
       "nginx/1.22.1"},
      {"a server that sends elsewhere",
       "fail http.redirect_off_host",
       Confidence::medium,
       {{{any, unmarked(302, "nginx", "text/html", "", {{"Location", "https://portal.example.com/"}})}}}},
      {"a token that sees no project is a warning",
       "warn api.token_scope",
       Confidence::low,
       {{{projects, json(200, "{\"count\":0,\"value\":[]}")}}},
       "sees no project"},
      {"the API works and cloning does not",
       "fail api.git_unavailable",
       Confidence::high,
       {{{"/info/refs", unmarked(403, "squid")}}},
       "squid"},
      {"a page in place of refs",
       "fail api.git_unavailable",
       Confidence::medium,
       {{{"/info/refs", marked(answer(200, "text/html", "<html></html>"))}}},
       "text/html"},
      {"repositories are refused",
       "fail api.token_scope",
       Confidence::high,
       {{{"/_apis/git", server_challenge()}}},
       "Code (Read)"},
      {"webhooks are denied",
       "fail api.webhook_permission_missing",
       Confidence::high,
       {{{"/_apis/permissions/", json(200, R"({"count":1,"value":[false]})")}}},
       "Fabrikam"},
      {"no answer about webhooks is no alarm",
       "pass",
       {},
       {{{"/_apis/permissions/", error(403, "X", "no")}}}},
      {"no list of permissions is no alarm",
       "pass",
       {},
       {{{"/_apis/securitynamespaces/", error(401, "X", "no")}}}},
      {"an odd answer about webhooks is no alarm",
       "pass",
       {},
       {{{"/_apis/permissions/", json(200, R"({"value":[0]})")}}}},
      {"a proxy's answer about webhooks is no alarm",
       "pass",
       {},
       {{{"/_apis/permissions/", answer(200, "application/json", R"({"value":[false]})")}}}},
      {"OPTIONS that is not let through does not matter",
       "pass",
       {},
       {{{"OPTIONS ", unmarked(405, "nginx")}}}},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    Investigated run;
    const auto findings = run.against(row.server);
    EXPECT_EQ(outcome(findings), row.outcome) << told(findings);
    const auto* worst = find(findings, Status::fail);
    if (!worst) worst = find(findings, Status::warn);
    if (!worst) continue;
    EXPECT_EQ(worst->confidence, row.confidence) << told(findings);
    EXPECT_THAT(worst->summary, HasSubstr(row.words));
    EXPECT_FALSE(worst->evidence.empty());
    for (const auto id : worst->evidence) EXPECT_TRUE(id && run.evidence.find(id)) << id.number;
  }
}

TEST(AzureDevOps, AsksInTheOrderOfMicrosoftsOwnClients) {
  Investigated run;
  run.settings.collection = "tfs/My Collection";
  run.against({{{"/_apis/git/repositories",
                 json(200, repositories_body("http://localhost/tfs/My%20Collection/F/_git/R"))}}});
  EXPECT_THAT(lines_of(run),
              testing::ElementsAre(
                  "GET /tfs/My%20Collection/_apis/connectionData",
                  "GET /tfs/My%20Collection/_apis/projects?api-version=6.0&$top=100",
                  "OPTIONS /tfs/My%20Collection/_apis/",
                  "GET /tfs/My%20Collection/_apis/git/repositories?api-version=6.0",
                  "GET /tfs/My%20Collection/F/_git/R/info/refs?service=git-upload-pack",
                  "GET "
                  "/tfs/My%20Collection/_apis/securitynamespaces/"
                  "cb594ebe-87dd-4fc9-ac2c-6a10a4c92046?api-version=6.0",
                  "GET "
                  "/tfs/My%20Collection/_apis/permissions/cb594ebe-87dd-4fc9-ac2c-6a10a4c92046/"
                  "2?tokens=PublisherSecurity/"
                  "6ce954b1-ce1f-45d1-b94d-e6bf2464ba2c&alwaysAllowAdministrators=false&api-version=6.0"));
  for (const auto& request : run.asked) {
    EXPECT_EQ(request.url.origin(), "https://azure.example.com");
    EXPECT_THAT(request.headers, Contains(HttpHeader{"X-TFS-FedAuthRedirect", "Suppress"}));
  }
  EXPECT_EQ(run.asked.front().credential, probe::Credential::none);
}

TEST(AzureDevOps, RebuildsACloneUrlThatDoesNotBelongToTheCollection) {
  for (const auto* announced : {"https://other.example.com/Elsewhere/_git/x", "not a url", "",
                                "http://azure.example.com/c/no clone"}) {
    Investigated run;
    run.against({{{"/_apis/git/repositories", json(200, repositories_body(announced))}}});
    EXPECT_THAT(lines_of(run),
                Contains("GET /c/Fabrikam/_git/Fabrikam%20Git/info/refs?service=git-upload-pack"))
        << announced;
  }
}

TEST(AzureDevOps, ReadsEveryPageOfTheList) {
  Investigated run;
  const auto findings =
      run.against({{{"continuationToken=100", json(200, projects_body())},
                    {"/_apis/projects", json(200, projects_body(), {{"x-ms-continuationtoken", "100"}})},
                    {"/_apis/permissions/", json(200, R"({"count":2,"value":[true,false]})")}}});
  EXPECT_THAT(lines_of(run),
              Contains("GET /c/_apis/projects?api-version=6.0&$top=100&continuationToken=100"));
  EXPECT_TRUE(find_about(findings, "2 projects on 2 pages")) << told(findings);
  EXPECT_TRUE(find_about(findings, "webhooks in Fabrikam; not in Fabrikam")) << told(findings);
}

TEST(AzureDevOps, AsksAboutWebhooksUntilOneProjectAllowsThem) {
  std::string items, all_denied = R"({"value":[false)";
  for (int i = 0; i < 300; ++i) items += fmt::format(R"({}{{"id":"p{}","name":"P{}"}})", i ? "," : "", i, i);
  for (int i = 1; i < 20; ++i) all_denied += ",false";
  const auto many = json(200, fmt::format(R"({{"value":[{}]}})", items));
  const auto denied = json(200, all_denied + "]}");
  auto allowed = denied;
  allowed.body.replace(allowed.body.find("false"), 5, "true");

  Investigated denies;
  auto findings = denies.against({{{"/_apis/projects", many}, {"/_apis/permissions/", denied}}});
  EXPECT_EQ(outcome(findings), "warn api.webhook_permission_missing") << told(findings);
  EXPECT_TRUE(find_about(findings, "P0, P1, P2 and 197 more")) << told(findings);

  Investigated allows;
  findings = allows.against(
      {{{"/_apis/projects", many}, {"PublisherSecurity/p40,", allowed}, {"/_apis/permissions/", denied}}});
  EXPECT_EQ(outcome(findings), "pass") << told(findings);
  EXPECT_THAT(lines_of(allows).back(), HasSubstr("PublisherSecurity/p40,"));
}

TEST(AzureDevOps, AListThatNeverEndsIsLeft) {
  Investigated repeats;
  const auto findings =
      repeats.against({{{"/_apis/projects", json(200, projects_body(), {{"X-MS-ContinuationToken", "7"}})}}});
  EXPECT_TRUE(find_about(findings, "or more projects")) << told(findings);
  EXPECT_LT(repeats.asked.size(), 12u);

  Investigated grows;
  std::size_t page = 0;
  while (const auto request = grows.next()) {
    auto response = Server{}(*request);
    if (request->url.path.contains("/_apis/projects"))
      response.headers.push_back({"x-ms-continuationtoken", std::to_string(++page)});
    grows.record(*request, std::move(response));
  }
  EXPECT_EQ(page, 50u);
}

TEST(AzureDevOps, AListOfHugePagesIsLeft) {
  Investigated run;
  std::size_t page = 0;
  while (const auto request = run.next()) {
    auto response = Server{}(*request);
    if (request->url.path.contains("/_apis/projects")) {
      response.body.append(6UL * 1024 * 1024, ' ');
      response.headers.push_back({"x-ms-continuationtoken", std::to_string(++page)});
    }
    run.record(*request, std::move(response));
  }
  EXPECT_EQ(page, 3u);
}

TEST(AzureDevOps, APageThatFailsFailsTheList) {
  Investigated run;
  const auto findings =
      run.against({{{"continuationToken=100", error(500, "X", "TF400898: An Internal Error Occurred.")},
                    {"/_apis/projects", json(200, projects_body(), {{"x-ms-continuationtoken", "100"}})}}});
  EXPECT_EQ(outcome(findings), "fail api.unexpected_response") << told(findings);
}

TEST(AzureDevOps, TheTokenGoesToNobodyElse) {
  Investigated plain{"http"};
  auto findings = plain.against({{{"/_apis/", server_challenge()}}});
  EXPECT_EQ(outcome(findings), "fail api.token_missing") << told(findings);
  EXPECT_TRUE(find_about(findings, "http would show it")) << told(findings);
  for (const auto& request : plain.asked) EXPECT_EQ(request.credential, probe::Credential::none);

  for (const auto& foreign :
       {unmarked(200, "Apache"), unmarked(404, "nginx"), unmarked(502, "nginx"), unmarked(403, "waf"),
        unmarked(302, "nginx", "text/html", "", {{"Location", "https://elsewhere.example/"}})}) {
    Investigated run;
    run.against({{{"", foreign}}});
    for (const auto& request : run.asked)
      EXPECT_EQ(request.credential, probe::Credential::none) << foreign.status;
  }
}

TEST(AzureDevOps, WithoutATokenTheServerIsKnownAllTheSame) {
  Investigated run;
  run.settings.token.reset();
  auto findings = run.against({});
  EXPECT_EQ(outcome(findings), "fail api.token_missing") << told(findings);

  Investigated windows;
  windows.settings.token.reset();
  findings = windows.against({{{"", challenge({"Negotiate", "NTLM"})}}});
  EXPECT_EQ(outcome(findings), "fail api.basic_auth_disabled") << told(findings);

  Investigated open;
  open.settings.token.reset();
  findings = open.against({{{"/_apis/projects", json(200, projects_body())},
                            {"/_apis/connectionData", json(200, R"({"deploymentType":"onPremises"})")}}});
  EXPECT_EQ(outcome(findings), "pass") << told(findings);
}

TEST(AzureDevOps, APathInTheServerUrlBelongsIntoTheCollection) {
  Investigated run{"https", "/tfs"};
  const auto findings = run.against({});
  const auto* finding = find(findings, Status::fail);
  ASSERT_TRUE(finding) << told(findings);
  EXPECT_EQ(finding->cause, Cause::api_url_has_path);
  EXPECT_THAT(finding->remedy, Contains(HasSubstr("put 'tfs/c' into the collection field")));
  EXPECT_THAT(lines_of(run), Contains("OPTIONS /tfs/c/_apis/"));

  Investigated pasted{"https", "/tfs/DefaultCollection/_git/x"};
  pasted.settings.collection.clear();
  EXPECT_THAT(pasted.against({}).front().remedy, Contains(HasSubstr("put 'tfs/DefaultCollection'")));
}

TEST(AzureDevOps, WithoutACollectionNothingIsHeldAgainstTheToken) {
  Investigated run;
  run.settings.collection.clear();
  const auto findings = run.against({});
  EXPECT_EQ(outcome(findings), "error without cause") << told(findings);
  EXPECT_EQ(run.asked.size(), 1u);
}

TEST(AzureDevOps, NamesProductAndVersion) {
  const std::pair<const char*, const char*> rows[] = {
      {"6.0", "Azure DevOps Server 2020 (REST 6.0)"},
      {"7.1", "Azure DevOps Server 2022.1 or 2022.2 (REST 7.1)"},
      {"5.0", "Azure DevOps Server 2020 or newer"}};
  for (const auto& [released, product] : rows) {
    Investigated run;
    const auto findings = run.against({{{"OPTIONS ", json(200, options_body(released, released))}}});
    EXPECT_TRUE(find_about(findings, product)) << told(findings);
    EXPECT_EQ(find_about(findings, "over SSH needs") != nullptr, std::string_view{released} == "6.0");
  }
}

TEST(AzureDevOps, RemediesNameWhatIsToBeChanged) {
  const std::tuple<const char*, Server, const char*> rows[] = {
      {"the scope", {{{"/_apis/projects", server_challenge()}}}, "Add the scope Project and team (Read)"},
      {"the collection",
       {{{"/tfs/c/_apis", server_challenge()}, {"", unmarked(404, "IIS")}}},
       "put the prefix before it: tfs/c"},
      {"the path", {{{"/info/refs", unmarked(403, "squid")}}}, "/c/Fabrikam/_git/Fabrikam%20Git/info/refs"},
      {"the project", {{{"/_apis/permissions/", json(200, R"({"value":[false]})")}}}, "on Fabrikam"},
      {"who answers", {{{"", unmarked(404, "Apache")}}}, "azure.example.com port 443 is answered by Apache"},
      {"the product",
       {{{"/_apis/projects", error(400, "VssVersionOutOfRangeException", out_of_range("4.1"))}}},
       "this is Team Foundation Server 2018"},
  };
  for (const auto& [what, server, words] : rows) {
    Investigated run;
    const auto findings = run.against(server);
    const auto* finding = find(findings, Status::fail);
    ASSERT_TRUE(finding) << what;
    EXPECT_THAT(finding->remedy, Contains(HasSubstr(words))) << what;
  }
  Investigated prefixed;
  prefixed.settings.collection = "tfs/c";
  const auto findings = prefixed.against({{{"/tfs/", unmarked(404, "IIS")}}});
  EXPECT_THAT(find(findings, Status::fail)->remedy,
              Contains(HasSubstr("Leave the prefix out: --collection c.")));
}

TEST(AzureDevOps, KeepsTheServersLogKey) {
  Investigated run;
  const auto findings =
      run.against({{{"/_apis/projects", server_challenge()}, {"/_apis/git", server_challenge()}}});
  EXPECT_THAT(findings.front().summary, HasSubstr(activity));
}

TEST(AzureDevOps, SaysNothingBeforeAnythingWasAsked) {
  Investigated run;
  const auto findings = check_azure_devops(run.the_case());
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings.front().status, Status::skip);

  run.record(*run.next(), std::unexpected{probe::HttpFailure{}});
  EXPECT_FALSE(run.next());
  EXPECT_EQ(outcome(check_azure_devops(run.the_case())), "pass");
  EXPECT_EQ(check_azure_devops(run.the_case()).front().status, Status::skip);

  run.settings.profile = Profile::web;
  EXPECT_TRUE(check_azure_devops(run.the_case()).empty());
}

TEST(AzureDevOps, WhatWasCutShortIsHeldAgainstNobody) {
  const Server servers[] = {
      {},
      {{{"/_apis/projects", server_challenge()}}},
      {{{"/tfs/c/_apis", server_challenge()}, {"", unmarked(404, "Microsoft-IIS/10.0")}}},
      {{{"/_apis/projects", json(200, projects_body(), {{"x-ms-continuationtoken", "100"}})}}},
      {{{"/_apis/connectionData", json(200, R"({"deploymentType":"hosted"})")}}}};
  for (const auto& server : servers) {
    Investigated run;
    while (const auto request = run.next()) {
      EXPECT_EQ(outcome(check_azure_devops(run.the_case())), "pass")
          << run.asked.size() << "\n"
          << told(check_azure_devops(run.the_case()));
      run.record(*request, server(*request));
      if (run.asked.size() > 12) break;
    }
  }
}

TEST(AzureDevOps, ACloneThatIsCutOffIsFoundWhileTheApiAnswers) {
  Investigated run;
  while (const auto request = run.next()) {
    if (request->url.path.ends_with("/info/refs"))
      run.record(*request, std::unexpected{probe::HttpFailure{}});
    else
      run.record(*request, Server{}(*request));
  }
  EXPECT_EQ(outcome(check_azure_devops(run.the_case())), "fail api.git_unavailable");
}

TEST(AzureDevOps, VeryManyRefsAreRefsToo) {
  Investigated run;
  while (const auto request = run.next()) {
    if (!request->url.path.ends_with("/info/refs")) {
      run.record(*request, Server{}(*request));
      continue;
    }
    probe::HttpFailure failure;
    failure.kind = probe::HttpFailure::Kind::body_too_large;
    failure.partial = refs();
    run.record(*request, std::unexpected{failure});
  }
  EXPECT_EQ(outcome(check_azure_devops(run.the_case())), "pass");
}

// ---- Azure DevOps Services

std::string policies(std::string_view fields) {
  return fmt::format(
      R"({{"fps":{{"dataProviders":{{"data":{{"ms.vss-admin-web.organization-policies-data-provider":{{"policies":)"
      R"({{"applicationConnection":[{{"policy":{{"name":"Policy.DisallowBasicAuthentication","value":true}}}},)"
      R"({{"policy":{{"name":"Policy.DisallowOAuthAuthentication",{}}}}}]}}}}}}}}}}}})",
      fields);
}

TEST(AzureDevOpsServices, TheOAuthPolicyIsReadAsFarAsItShows) {
  struct PolicyRow {
    const char* name;
    HttpResponse answer;
    Status status;
  };
  const PolicyRow rows[] = {
      {"the stored value true means off", json(200, policies(R"("value":true,"effectiveValue":false)")),
       Status::warn},
      {"the stored value false means on", json(200, policies(R"("value":false,"effectiveValue":true)")),
       Status::pass},
      {"not set is the platform's default", json(200, policies(R"("value":false,"isValueUndefined":true)")),
       Status::skip},
      {"a page is no answer", marked(answer(200, "text/html", "<html></html>")), Status::skip},
      {"nor is a refusal", error(401, "X", "no"), Status::skip},
      {"nor another shape", json(200, "[]"), Status::skip},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    Investigated run;
    run.settings.profile = Profile::azure_devops_services;
    const auto findings = run.against(
        {{{"/_apis/connectionData", services_challenge()}, {"/_settings/organizationPolicy", row.answer}}});
    EXPECT_TRUE(find_about(findings, "Azure DevOps Services")) << told(findings);
    const auto* finding = find_about(findings, "application access via OAuth");
    ASSERT_TRUE(finding) << told(findings);
    EXPECT_EQ(finding->status, row.status) << told(findings);
    EXPECT_EQ(finding->summary.contains("/c/_settings/organizationPolicy"), row.status == Status::skip);
  }
}

TEST(AzureDevOpsServices, AnUnknownOrganizationIsNotLookedForBelowTfs) {
  Investigated run;
  run.settings.profile = Profile::azure_devops_services;
  const auto findings = run.against(
      {{{"", marked(answer(404, "text/plain; charset=utf-8", "The resource cannot be found."))}}});
  EXPECT_EQ(outcome(findings), "fail api.collection_not_found") << told(findings);
  EXPECT_THAT(lines_of(run), Not(Contains(HasSubstr("/tfs/"))));
}

TEST(AzureDevOpsServices, TheFrontEndsPlainTextIsAnUnknownOrganizationAlsoWithoutMarks) {
  Investigated run;
  run.settings.profile = Profile::azure_devops_services;
  const auto front_end = answer(404, "text/plain; charset=utf-8", "The resource cannot be found.");
  EXPECT_EQ(outcome(run.against({{{"", front_end}}})), "fail api.collection_not_found");
  Investigated server;
  EXPECT_EQ(outcome(server.against({{{"", front_end}}})), "fail api.not_the_service");
}

TEST(AzureDevOpsServices, TheOldAddressNamesItsOrganization) {
  Investigated run;
  run.settings.profile = Profile::azure_devops_services;
  run.target.host.name = run.target.url.host.name = "fabrikam.visualstudio.com";
  run.settings.collection = "fabrikam";
  run.against({});
  EXPECT_THAT(lines_of(run), Contains("OPTIONS /_apis/"));
}

TEST(AzureDevOpsServices, AServerThatAnswersForTheServicesIsNamed) {
  Investigated run;
  run.settings.profile = Profile::azure_devops_services;
  const auto findings =
      run.against({{{"/_apis/connectionData", json(200, R"({"deploymentType":"onPremises"})")}}});
  EXPECT_TRUE(find_about(findings, "Azure DevOps Server 2022 (REST 7.0)")) << told(findings);
}

}  // namespace
}  // namespace fwprobe::checks
