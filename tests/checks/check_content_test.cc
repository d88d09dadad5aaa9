#include <asio/error.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checks/checks.h"
#include "checks/plan.h"

namespace fwprobe::checks {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

probe::Host host(std::string text) {
  asio::error_code none;
  const auto address = asio::ip::make_address(text, none);
  return {std::move(text), none ? std::nullopt : std::optional{address}};
}

probe::Url url(std::string scheme, std::string name, std::uint16_t port, std::string path = "/") {
  return {.scheme = std::move(scheme),
          .has_userinfo = false,
          .host = host(std::move(name)),
          .port = port,
          .path = std::move(path),
          .query = {}};
}

/// A target, what was measured for it, and what the check says.
struct Scene {
  explicit Scene(probe::Url asked = url("https", "azure.example.com", 443),
                 Profile profile = Profile::azure_devops_server) {
    target.scheme = asked.scheme == "https" ? Scheme::https : Scheme::http;
    target.host = asked.host;
    target.port = asked.port;
    target.url = std::move(asked);
    settings.profile = profile;
  }

  Scene& resolves(std::string name, std::string address) {
    settings.overrides.push_back({std::move(name), {asio::ip::make_address(address)}});
    return *this;
  }
  Scene& add(probe::Fact fact) {
    const auto id = static_cast<std::uint32_t>(evidence.measurements().size() + 1);
    evidence.add({{id}, {}, std::move(fact)});
    return *this;
  }
  Scene& answers(std::vector<probe::HttpHeader> headers, std::string body = {},
                 std::string path = "/c/_apis/projects") {
    probe::HttpExchange exchange;
    exchange.question.request.url = target.url;
    exchange.question.request.url.path = std::move(path);
    probe::HttpResponse response;
    response.status = 200;
    response.headers = std::move(headers);
    response.body = std::move(body);
    exchange.result = std::move(response);
    return add(std::move(exchange));
  }
  Scene& answers_json(std::string body, std::string path = "/c/_apis/projects") {
    return answers({{"Content-Type", "application/json"}}, std::move(body), std::move(path));
  }
  Scene& connects(std::string address, std::uint16_t port) {
    return add(probe::TcpConnect{{{asio::ip::make_address(address), port}}, probe::TcpEstablished{}});
  }
  Scene& refuses(std::string address, std::uint16_t port) {
    probe::ConnectFailure failure;
    failure.error = asio::error::connection_refused;
    return add(probe::TcpConnect{{{asio::ip::make_address(address), port}}, std::unexpected{failure}});
  }

  Case the_case() const { return {target, settings, evidence}; }
  Findings findings() const { return check_content(the_case()); }
  std::vector<Journey> journeys() const { return content_wishes(the_case()).journeys; }
  std::vector<std::string> causes() const {
    std::vector<std::string> found;
    for (const auto& finding : findings())
      found.push_back(finding.cause ? std::string{row(*finding.cause).code}
                                    : std::string{name_of(finding.status)});
    return found;
  }
  static std::string_view name_of(Status status) { return status == Status::pass ? "pass" : "skip"; }

  Target target;
  Settings settings;
  Evidence evidence;
};

Scene on(std::string scheme, std::string name, std::uint16_t port) {
  return Scene{url(std::move(scheme), std::move(name), port)};
}
Scene on_the_web() { return Scene{url("https", "azure.example.com", 443), Profile::web}; }
Scene asked() { return Scene{}; }

const struct {
  const char* sentence;
  Scene scene;
  std::vector<std::string> expected;
} rows[] = {
    {"without a response there is nothing to say", asked(), {"skip"}},
    {"a server that names itself",
     asked().answers_json(R"({"url":"https://azure.example.com/c"})"),
     {"pass"}},
    {"a server that names localhost",
     asked().answers_json(R"({"url":"http://localhost:8080/tfs"})"),
     {"content.localhost_url"}},
    {"a realm shows it before any token is given",
     asked().answers(
         {{"WWW-Authenticate", "Negotiate"}, {"WWW-Authenticate", R"(Basic realm="http://localhost/tfs")"}}),
     {"content.localhost_url"}},
    {"a private address",
     asked().answers_json(R"({"message":"go to http://10.0.0.5/"})"),
     {"content.private_url"}},
    {"a private address for a user inside",
     asked()
         .resolves("azure.example.com", "10.0.0.4")
         .answers_json(R"({"message":"go to http://10.0.0.5/"})"),
     {"pass"}},
    {"a private target that names itself",
     on("https", "10.0.0.4", 443).answers_json(R"({"url":"https://10.0.0.4/c"})"),
     {"pass"}},
    {"localhost for a user inside",
     asked().resolves("azure.example.com", "10.0.0.4").answers_json(R"({"url":"http://localhost/"})"),
     {"content.localhost_url"}},
    {"localhost for a user who asked for it",
     on("https", "localhost", 8443).answers_json(R"({"url":"https://localhost:8443/c"})"),
     {"pass"}},
    {"another host", asked().answers_json(R"({"url":"https://tfs/c"})"), {"content.foreign_host_url"}},
    {"another host in a link to documentation",
     asked().answers_json(R"({"learnMoreLink":"https://aka.ms/x"})"),
     {"pass"}},
    {"http behind https",
     asked().answers_json(R"({"url":"http://azure.example.com/c"})"),
     {"content.insecure_url"}},
    {"another host in a page of the web",
     on_the_web().answers({{"Content-Type", "text/html"}}, "<a href='https://b.example'>"),
     {"pass"}},
    {"a redirect to another host on the web",
     on_the_web().answers({{"Location", "https://www.example.com/"}}),
     {"content.foreign_host_url"}},
    {"a relative redirect", on_the_web().answers({{"Location", "/next"}}), {"pass"}},
    {"an announced address that refuses",
     asked()
         .resolves("tfs", "192.0.2.7")
         .answers_json(R"({"url":"http://tfs:8080/c"})")
         .refuses("192.0.2.7", 8080),
     {"content.foreign_host_url", "content.unreachable_url"}},
    {"an announced address that accepts",
     asked()
         .resolves("tfs", "192.0.2.7")
         .answers_json(R"({"url":"http://tfs:8080/c"})")
         .connects("192.0.2.7", 8080),
     {"content.foreign_host_url"}},
    {"an announced address that is not tried yet",
     asked().resolves("tfs", "192.0.2.7").answers_json(R"({"url":"http://tfs:8080/c"})"),
     {"content.foreign_host_url"}},
    {"another port of the same host that refuses",
     asked()
         .resolves("azure.example.com", "192.0.2.7")
         .answers_json(R"({"url":"http://azure.example.com/c"})")
         .refuses("192.0.2.7", 80),
     {"content.insecure_url", "content.unreachable_url"}},
    {"the port that was asked for has its own checks",
     asked()
         .resolves("azure.example.com", "192.0.2.7")
         .answers_json(R"({"url":"https://azure.example.com/c"})")
         .refuses("192.0.2.7", 443),
     {"pass"}},
};

TEST(ContentCheck, NamesTheCause) {
  for (const auto& row : rows) EXPECT_EQ(row.scene.causes(), row.expected) << row.sentence;
}

TEST(ContentCheck, SaysNothingAboutTargetsWithoutHttp) {
  Scene scene;
  scene.target.scheme = Scheme::tcp;
  EXPECT_THAT(scene.findings(), IsEmpty());
}

TEST(ContentCheck, SaysHowMuchWasLookedAt) {
  auto scene = asked().answers_json(R"({"url":"https://azure.example.com/c"})", "/a");
  scene.answers_json(R"(["https://azure.example.com/c","http://www.w3.org/ns"])", "/b");
  const auto findings = scene.findings();
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_THAT(findings[0].summary, HasSubstr("3 URLs in 2 responses"));
  EXPECT_THAT(findings[0].evidence, SizeIs(2));
}

TEST(ContentCheck, MakesOneFindingOfAllThatNamesTheSamePlace) {
  auto scene = asked().answers({{"WWW-Authenticate", R"(Basic realm="http://localhost:8080/tfs")"}}, "",
                               "/c/_apis/connectionData");
  scene.answers_json(R"({"value":[{"url":"http://LOCALHOST:8080/1"},{"url":"http:\/\/localhost:8080/2"}]})");
  const auto findings = scene.findings();
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].status, Status::fail);
  EXPECT_EQ(findings[0].subject, "http://localhost:8080");
  EXPECT_THAT(findings[0].summary,
              AllOf(HasSubstr("3 URLs"), HasSubstr("realm of WWW-Authenticate of /c/_apis/connectionData"),
                    HasSubstr("body /value/1/url of /c/_apis/projects")));
  EXPECT_THAT(findings[0].evidence, ElementsAre(probe::MeasurementId{1}, probe::MeasurementId{2}));
}

TEST(ContentCheck, ListsFivePlacesAtMost) {
  std::string body = "[";
  for (int n = 0; n < 40; ++n) body += "\"http://localhost/\",";
  const auto findings = asked().answers_json(body + "0]").findings();
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_THAT(findings[0].summary,
              AllOf(HasSubstr("40 URLs"), HasSubstr("body /4, …"), Not(HasSubstr("body /5"))));
}

TEST(ContentCheck, NamesTheSettingToChange) {
  const auto remedy_of = [](Scene scene) {
    return scene.answers_json(R"({"url":"http://localhost/"})").findings().at(0).remedy;
  };
  EXPECT_THAT(remedy_of(asked()),
              Contains(HasSubstr("TfsConfig settings /publicUrl:https://azure.example.com/`")));
  auto upgraded = asked();
  upgraded.settings.collection = "tfs/DefaultCollection";
  EXPECT_THAT(remedy_of(upgraded), Contains(HasSubstr("/publicUrl:https://azure.example.com/tfs/`")));
  EXPECT_THAT(remedy_of(on_the_web()), Contains(AllOf(HasSubstr("public URL"), Not(HasSubstr("TfsConfig")))));
}

TEST(ContentCheck, LooksAtAResponseThatBrokeOff) {
  probe::HttpExchange exchange;
  exchange.question.request.url = url("https", "azure.example.com", 443);
  probe::HttpFailure failure;
  failure.partial = probe::HttpResponse{};
  failure.partial->headers = {{"Location", "http://localhost/"}};
  exchange.result = std::unexpected{failure};
  EXPECT_THAT(asked().add(std::move(exchange)).causes(), ElementsAre("content.localhost_url"));
}

TEST(ContentCheck, GivesTheEvidenceOfTheJourney) {
  const auto findings = asked()
                            .resolves("tfs", "192.0.2.7")
                            .answers_json(R"({"url":"http://tfs:8080/c"})")
                            .refuses("192.0.2.7", 8080)
                            .findings();
  ASSERT_THAT(findings, SizeIs(2));
  EXPECT_EQ(findings[1].status, Status::fail);
  EXPECT_THAT(findings[1].summary, AllOf(HasSubstr("http://tfs:8080"), HasSubstr("tcp.refused")));
  EXPECT_THAT(findings[1].evidence, Contains(probe::MeasurementId{2}));
}

TEST(ContentCheck, WarnsOnlyWhenSshIsClosed) {
  const auto findings = asked()
                            .resolves("azure.example.com", "192.0.2.7")
                            .answers_json(R"({"sshUrl":"ssh://azure.example.com:22/c/_git/r"})")
                            .refuses("192.0.2.7", 22)
                            .findings();
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].status, Status::warn);
  EXPECT_EQ(findings[0].cause, Cause::content_unreachable_url);
}

TEST(ContentCheck, TakesAnUnknownNameForUnreachable) {
  auto scene = asked();
  const probe::UdpEndpoint resolver{asio::ip::make_address("192.0.2.53"), 53};
  scene.settings.dns_servers = {resolver};
  scene.answers_json(R"({"url":"http://tfs:8080/c"})");
  for (const auto type : {probe::DnsType::a, probe::DnsType::aaaa}) {
    EXPECT_THAT(scene.causes(), ElementsAre("content.foreign_host_url")) << "before every answer has come";
    probe::DnsLookup lookup;
    lookup.question = {"tfs", type, resolver};
    lookup.status = probe::DnsStatus::nxdomain;
    scene.add(std::move(lookup));
  }
  EXPECT_THAT(scene.causes(), ElementsAre("content.foreign_host_url", "content.unreachable_url"));
}

TEST(ContentCheck, BelievesTheProxyAboutWhatLiesBehindIt) {
  auto scene = asked().answers_json(R"({"url":"http://tfs:8080/c"})");
  scene.settings.proxies = probe::ProxyRules::fixed("http://proxy.example:3128").value();
  EXPECT_THAT(scene.causes(), ElementsAre("content.foreign_host_url"));
  probe::ProxyTunnel tunnel;
  tunnel.question.host = host("tfs");
  tunnel.question.port = 8080;
  probe::TunnelFailure refusal;
  refusal.response = probe::HttpResponse{};
  refusal.response->status = 403;
  tunnel.result = std::unexpected{refusal};
  const auto findings = scene.add(tunnel).findings();
  ASSERT_THAT(findings, SizeIs(2));
  EXPECT_THAT(findings[1].summary, HasSubstr("403"));
}

TEST(ContentWishes, LeadToWhatTheServerAnnounces) {
  EXPECT_THAT(asked()
                  .answers_json(R"({"url":"http://tfs:8080/c","sshUrl":"ssh://azure.example.com:22/x"})")
                  .journeys(),
              ElementsAre(Journey{Scheme::http, host("tfs"), 8080, Reach::tcp,
                                  "the response m1 names it: can a client follow it?"},
                          Journey{Scheme::ssh, host("azure.example.com"), 22, Reach::tcp,
                                  "the response m1 names it: can a client follow it?"}));
  EXPECT_THAT(on_the_web().answers({{"Location", "https://www.example.com/"}}).journeys(),
              ElementsAre(Journey{Scheme::https, host("www.example.com"), 443, Reach::tcp,
                                  "the response m1 names it: can a client follow it?"}));
}

TEST(ContentWishes, LeaveOutWhatNeedsNoTest) {
  EXPECT_THAT(asked().journeys(), IsEmpty());
  EXPECT_THAT(
      asked().answers_json(R"({"url":"https://azure.example.com/","b":"http://b.example/"})").journeys(),
      IsEmpty());
  EXPECT_THAT(asked().answers_json(R"({"url":"http://localhost:8080/","href":"http://127.1/"})").journeys(),
              IsEmpty());
  EXPECT_THAT(on_the_web().answers_json(R"({"url":"http://b.example/"})").journeys(), IsEmpty());
}

TEST(ContentWishes, AreEightAtMost) {
  std::string body = "[";
  for (int n = 0; n < 20; ++n) {
    const auto link = R"({"url":"http://h)" + std::to_string(n % 12) + ".example/\"},";
    body += link + link;
  }
  EXPECT_THAT(asked().answers_json(body + "0]").journeys(), SizeIs(8));
}

}  // namespace
}  // namespace fwprobe::checks
