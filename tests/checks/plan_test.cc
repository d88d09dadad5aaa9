#include "checks/plan.h"

#include <asio/error.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace fwprobe::checks {
namespace {

using asio::ip::make_address;
using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

/// An investigation that is answered by hand: what the plan asks is collected, what a test answers is
/// evidence.
class PlanTest : public testing::Test {
 protected:
  void aim(const char* text) { target_ = *parse_target(text); }

  std::vector<probe::Question> next() {
    std::vector<probe::Question> questions;
    reasons_.clear();
    for (auto& planned : next_questions({target_, settings_, evidence_}, asked_)) {
      questions.push_back(planned.question);
      reasons_.push_back(planned.because);
    }
    asked_.insert(asked_.end(), questions.begin(), questions.end());
    return questions;
  }

  /// The questions of one kind that the plan asks next.
  template <typename Q>
  std::vector<Q> next_of() {
    std::vector<Q> found;
    for (const auto& question : next())
      if (const auto* q = std::get_if<Q>(&question)) found.push_back(*q);
    return found;
  }

  probe::MeasurementId answer(probe::Fact fact) {
    const probe::MeasurementId id{++last_};
    evidence_.add({id, {}, std::move(fact)});
    return id;
  }

  /// Answers whatever is asked about this machine: IPv4, one resolver, no hosts file.
  void answer_environment() {
    for (const auto& question : next_of<probe::EnvironmentQuestion>()) {
      probe::Environment environment;
      environment.question = question;
      environment.resolver.servers = {resolver_};
      environment.resolver.search = search_;
      answer(environment);
    }
  }

  void answer_dns(const probe::DnsQuestion& question, std::vector<const char*> addresses) {
    probe::DnsLookup lookup;
    lookup.question = question;
    lookup.status = addresses.empty() ? probe::DnsStatus::nodata : probe::DnsStatus::answered;
    for (const auto* address : addresses) lookup.addresses.push_back({make_address(address), {}});
    answer(lookup);
  }

  probe::MeasurementId establish(const probe::TcpQuestion& question) {
    return answer(probe::TcpConnect{question, probe::TcpEstablished{}});
  }
  void refuse(const probe::TcpQuestion& question) {
    answer(probe::TcpConnect{question,
                             std::unexpected{probe::ConnectFailure{
                                 {std::make_error_code(std::errc::connection_refused), {}}, 0, false}}});
  }
  probe::MeasurementId shake_hands(const probe::TlsQuestion& question,
                                   std::vector<probe::Certificate> chain = {}) {
    probe::TlsHandshake handshake;
    handshake.question = question;
    handshake.chain = std::move(chain);
    handshake.result = probe::TlsSession{};
    return answer(handshake);
  }
  void fail_handshake(const probe::TlsQuestion& question, probe::TlsFailure failure) {
    probe::TlsHandshake handshake;
    handshake.question = question;
    handshake.result = std::unexpected{std::move(failure)};
    answer(handshake);
  }

  Target target_;
  Settings settings_;
  Evidence evidence_;
  std::vector<probe::Question> asked_;
  std::vector<std::string> reasons_;  ///< of the questions that came last
  probe::UdpEndpoint resolver_{make_address("192.0.2.53"), 53};
  std::vector<std::string> search_;
  std::uint32_t last_ = 0;
};

TEST_F(PlanTest, BothFamiliesAreAskedOfEveryResolverAtOnce) {
  aim("https://azure.example.com");
  settings_.dns_servers = {resolver_, {make_address("192.0.2.54"), 53}};
  answer_environment();
  EXPECT_THAT(next_of<probe::DnsQuestion>(), SizeIs(4));
  EXPECT_THAT(next(), IsEmpty()) << "nothing is asked twice";
}

/// Those that listen on for a second answer, of all that the plan asks next.
std::vector<probe::DnsQuestion> gathering(const std::vector<probe::DnsQuestion>& questions) {
  std::vector<probe::DnsQuestion> found;
  for (const auto& question : questions)
    if (question.listen == probe::DnsListen::all) found.push_back(question);
  return found;
}

TEST_F(PlanTest, ASecondAnswerIsWaitedForOnlyWhereTheFirstIsInDoubt) {
  enum class Met : std::uint8_t { success, refusal, silence, wrong_certificate };
  struct Row {
    const char* name;
    const char* address;
    Met met;
    std::size_t asked;
    const char* resolver = "192.0.2.53";
  };
  const Row rows[] = {
      {"a healthy target", "8.8.8.8", Met::success, 0},
      {"a refusal is an answer", "8.8.8.8", Met::refusal, 0},
      {"silence", "8.8.8.8", Met::silence, 1},
      {"a certificate of another name", "8.8.8.8", Met::wrong_certificate, 1},
      {"an address that blocks", "0.0.0.0", Met::refusal, 1},
      {"loopback, where nothing listens", "127.0.0.1", Met::refusal, 1},
      {"loopback, where the service is", "127.0.0.1", Met::success, 0},
      {"a resolver on this machine", "8.8.8.8", Met::silence, 0, "127.0.0.53"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    evidence_ = {};
    asked_.clear();
    resolver_.address(make_address(row.resolver));
    aim("https://azure.example.com");
    answer_environment();
    const auto dns = next_of<probe::DnsQuestion>();
    answer_dns(dns[0], {row.address});
    answer_dns(dns[1], {});
    const probe::TcpQuestion connect{{make_address(row.address), 443}, probe::TcpPurpose::reach};
    next();
    if (row.met == Met::refusal) refuse(connect);
    if (row.met == Met::silence)
      answer(probe::TcpConnect{
          connect, std::unexpected{probe::ConnectFailure{{asio::error::timed_out, {}}, 2, false}}});
    if (row.met == Met::success || row.met == Met::wrong_certificate) {
      establish(connect);
      for (const auto& hello : next_of<probe::TlsQuestion>()) {
        probe::TlsHandshake handshake;
        handshake.question = hello;
        handshake.result = probe::TlsSession{};
        if (row.met == Met::wrong_certificate) handshake.verify_errors = {{62, "hostname mismatch", 0}};
        answer(handshake);
      }
    }
    next();
    std::vector<probe::DnsQuestion> asked;
    for (const auto& question : asked_)
      if (const auto* one = std::get_if<probe::DnsQuestion>(&question)) asked.push_back(*one);
    EXPECT_THAT(gathering(asked), SizeIs(row.asked));
    EXPECT_THAT(gathering(next_of<probe::DnsQuestion>()), IsEmpty()) << "and only once";
  }
}

TEST_F(PlanTest, AFamilyThatIsNotWantedIsNotAsked) {
  aim("https://azure.example.com");
  settings_.family = Family::ipv6;
  answer_environment();
  const auto questions = next_of<probe::DnsQuestion>();
  ASSERT_THAT(questions, SizeIs(1));
  EXPECT_EQ(questions[0].type, probe::DnsType::aaaa);
}

TEST_F(PlanTest, AnAddressNeedsNoName) {
  aim("https://192.0.2.1");
  answer_environment();
  const auto questions = next_of<probe::TcpQuestion>();
  ASSERT_THAT(questions, SizeIs(1));
  EXPECT_EQ(questions[0].remote, (probe::TcpEndpoint{make_address("192.0.2.1"), 443}));
}

TEST_F(PlanTest, AGivenAddressIsUsedInsteadOfDns) {
  aim("https://azure.example.com");
  settings_.overrides = {{"azure.example.com", {make_address("192.0.2.7")}}};
  answer_environment();
  const auto questions = next();
  ASSERT_THAT(questions, SizeIs(1));
  EXPECT_EQ(std::get<probe::TcpQuestion>(questions[0]).remote.address(), make_address("192.0.2.7"));
}

TEST_F(PlanTest, ConnectionsStartWhenTheFirstFamilyHasAnswered) {
  aim("https://azure.example.com");
  answer_environment();
  const auto dns = next_of<probe::DnsQuestion>();
  answer_dns(dns[0], {"192.0.2.1", "192.0.2.2"});
  EXPECT_THAT(next_of<probe::TcpQuestion>(), SizeIs(2));
  answer_dns(dns[1], {"2001:db8::1"});
  EXPECT_THAT(next_of<probe::TcpQuestion>(), SizeIs(1));
}

TEST_F(PlanTest, AShortNameIsSearchedForAsTheSystemWould) {
  aim("https://azure");
  search_ = {"corp.example"};
  answer_environment();
  const auto dns = next_of<probe::DnsQuestion>();
  ASSERT_THAT(dns, SizeIs(4));
  EXPECT_EQ(dns[0].name, "azure.corp.example");
  EXPECT_EQ(dns[2].name, "azure");
}

TEST_F(PlanTest, ASilentResolverIsAskedOverTcp) {
  aim("https://azure.example.com");
  answer_environment();
  for (const auto& question : next_of<probe::DnsQuestion>()) {
    probe::DnsLookup silent;
    silent.question = question;
    silent.status = probe::DnsStatus::timeout;
    answer(silent);
  }
  const auto again = next_of<probe::DnsQuestion>();
  ASSERT_THAT(again, SizeIs(2));
  EXPECT_EQ(again[0].transport, probe::DnsTransport::tcp);
}

TEST_F(PlanTest, TheHandshakeRunsOnTheConnectionThatTcpOpened) {
  aim("https://192.0.2.1");
  answer_environment();
  const auto connection = establish(next_of<probe::TcpQuestion>()[0]);
  const auto hello = next_of<probe::TlsQuestion>();
  ASSERT_THAT(hello, SizeIs(1));
  EXPECT_EQ(hello[0].connection, connection);
  EXPECT_EQ(hello[0].server_name, "") << "an address is no server name";
  const auto session = shake_hands(hello[0]);
  const auto requests = next_of<probe::HttpQuestion>();
  ASSERT_THAT(requests, SizeIs(1));
  EXPECT_EQ(requests[0].connection, session);
}

TEST_F(PlanTest, EveryAddressIsTakenUpToItsHandshake) {
  aim("https://azure.example.com");
  settings_.overrides = {{"azure.example.com", {make_address("192.0.2.1"), make_address("2001:db8::1")}}};
  answer_environment();
  for (const auto& question : next_of<probe::TcpQuestion>()) establish(question);
  EXPECT_THAT(next_of<probe::TlsQuestion>(), SizeIs(2));
}

TEST_F(PlanTest, NothingIsSentOverAChainThatDidNotVerify) {
  aim("https://192.0.2.1");
  answer_environment();
  establish(next_of<probe::TcpQuestion>()[0]);
  probe::TlsHandshake handshake;
  handshake.question = next_of<probe::TlsQuestion>()[0];
  handshake.result = probe::TlsSession{};
  handshake.verify_errors = {{10, "certificate has expired", 0}};
  answer(handshake);
  EXPECT_THAT(next(), IsEmpty());
}

TEST_F(PlanTest, AttemptsFollowOneAnother) {
  aim("tcp://192.0.2.1:1433");
  settings_.attempts = 2;
  answer_environment();
  const auto first = next_of<probe::TcpQuestion>();
  ASSERT_THAT(first, SizeIs(1));
  EXPECT_EQ(first[0].purpose, probe::TcpPurpose::listen) << "a bare TCP target is watched for an early end";
  EXPECT_THAT(next(), IsEmpty());
  establish(first[0]);
  const auto second = next_of<probe::TcpQuestion>();
  ASSERT_THAT(second, SizeIs(1));
  EXPECT_EQ(second[0].attempt, 2);
}

TEST_F(PlanTest, ARefusedVersionIsFollowedByAPermissiveHandshakeOnItsOwnConnection) {
  aim("tls://192.0.2.1:443");
  answer_environment();
  establish(next_of<probe::TcpQuestion>()[0]);
  const auto hello = next_of<probe::TlsQuestion>()[0];
  fail_handshake(hello, {.transport = {},
                         .received = probe::TlsAlert{70, "protocol_version"},
                         .sent = {},
                         .reason = {},
                         .first_bytes = {},
                         .answered = true,
                         .server_hello = false});
  const auto reconnect = next_of<probe::TcpQuestion>();
  ASSERT_THAT(reconnect, SizeIs(1));
  EXPECT_EQ(reconnect[0].attempt, 2);
  establish(reconnect[0]);
  const auto again = next_of<probe::TlsQuestion>();
  ASSERT_THAT(again, SizeIs(1));
  EXPECT_EQ(again[0].policy, probe::TlsPolicy::permissive);
  shake_hands(again[0]);
  EXPECT_THAT(next(), IsEmpty()) << "what a permissive handshake opened is never used";
}

TEST_F(PlanTest, AResetOnTheClientHelloIsComparedWithSilence) {
  aim("tls://192.0.2.1:443");
  answer_environment();
  establish(next_of<probe::TcpQuestion>()[0]);
  fail_handshake(next_of<probe::TlsQuestion>()[0],
                 {.transport = probe::TransportFailure{asio::error::connection_reset, {}},
                  .received = {},
                  .sent = {},
                  .reason = {},
                  .first_bytes = {},
                  .answered = false,
                  .server_hello = false});
  const auto quiet = next_of<probe::TcpQuestion>();
  ASSERT_THAT(quiet, SizeIs(1));
  EXPECT_EQ(quiet[0].purpose, probe::TcpPurpose::listen);
}

TEST_F(PlanTest, AConnectionThatClosedWhileIdleIsReplacedOnce) {
  aim("http://192.0.2.1/");
  answer_environment();
  establish(next_of<probe::TcpQuestion>()[0]);
  const auto first = next_of<probe::HttpQuestion>()[0];
  probe::HttpResponse redirect;
  redirect.status = 302;
  redirect.headers = {{"Location", "/next"}};
  redirect.reusable = true;
  const auto kept = answer(probe::HttpExchange{first, {}, redirect});
  const auto second = next_of<probe::HttpQuestion>();
  ASSERT_THAT(second, SizeIs(1));
  EXPECT_EQ(second[0].connection, kept) << "the connection is kept";
  probe::HttpFailure stale;
  stale.transport = probe::TransportFailure{asio::error::eof, {}};
  answer(probe::HttpExchange{second[0], {}, std::unexpected{stale}});
  const auto reconnect = next_of<probe::TcpQuestion>();
  ASSERT_THAT(reconnect, SizeIs(1));
  const auto fresh = establish(reconnect[0]);
  const auto third = next_of<probe::HttpQuestion>();
  ASSERT_THAT(third, SizeIs(1));
  EXPECT_EQ(third[0].connection, fresh);
  EXPECT_EQ(third[0].request, second[0].request);
}

TEST_F(PlanTest, ThroughAProxyTheNameIsTheProxysToResolve) {
  aim("https://azure.example.com");
  settings_.proxies = *probe::ProxyRules::fixed("http://192.0.2.80:3128");
  answer_environment();
  const auto questions = next();
  ASSERT_THAT(questions, SizeIs(1));
  const auto& to_proxy = std::get<probe::TcpQuestion>(questions[0]);
  EXPECT_EQ(to_proxy.remote, (probe::TcpEndpoint{make_address("192.0.2.80"), 3128}));
  const auto connection = establish(to_proxy);
  const auto tunnel = next_of<probe::TunnelQuestion>();
  ASSERT_THAT(tunnel, SizeIs(1));
  EXPECT_EQ(tunnel[0].connection, connection);
  EXPECT_EQ(tunnel[0].host.name, "azure.example.com");
  const auto open = answer(probe::ProxyTunnel{tunnel[0], probe::TunnelOpen{200}});
  const auto hello = next_of<probe::TlsQuestion>();
  ASSERT_THAT(hello, SizeIs(1));
  EXPECT_EQ(hello[0].connection, open);
}

TEST_F(PlanTest, PlainHttpGoesToAnHttpProxyAsItIs) {
  aim("http://intranet.example.com/");
  settings_.proxies = *probe::ProxyRules::fixed("http://192.0.2.80:3128");
  answer_environment();
  establish(next_of<probe::TcpQuestion>()[0]);
  const auto requests = next_of<probe::HttpQuestion>();
  ASSERT_THAT(requests, SizeIs(1));
  EXPECT_EQ(requests[0].form, probe::RequestForm::absolute);
}

TEST_F(PlanTest, ARefusedTunnelIsNotAskedForAgain) {
  aim("https://azure.example.com");
  settings_.proxies = *probe::ProxyRules::fixed("http://192.0.2.80:3128");
  answer_environment();
  establish(next_of<probe::TcpQuestion>()[0]);
  answer(probe::ProxyTunnel{next_of<probe::TunnelQuestion>()[0], std::unexpected{probe::TunnelFailure{}}});
  for (const auto& dns : next_of<probe::DnsQuestion>()) answer_dns(dns, {"192.0.2.9"});
  const auto direct = next_of<probe::TcpQuestion>();
  ASSERT_THAT(direct, SizeIs(1)) << "only whether the way past the proxy is open";
  EXPECT_EQ(direct[0].purpose, probe::TcpPurpose::compare);
  EXPECT_EQ(direct[0].remote.port(), 443);
}

TEST_F(PlanTest, ADeadAddressEndsThere) {
  aim("https://192.0.2.1");
  settings_.trace = TraceMode::never;
  answer_environment();
  refuse(next_of<probe::TcpQuestion>()[0]);
  EXPECT_THAT(next(), IsEmpty());
}

// ---- where does it end?

TEST_F(PlanTest, ARefusedAddressIsTracedBesideOtherFlowsToIt) {
  aim("https://192.0.2.1");
  answer_environment();
  refuse(next_of<probe::TcpQuestion>()[0]);
  const auto paths = next_of<probe::PathQuestion>();
  ASSERT_THAT(paths, SizeIs(3));
  EXPECT_EQ(paths[0].remote.port(), 443);
  EXPECT_EQ(paths[1].remote.port(), 80);
  EXPECT_EQ(paths[2].flow, probe::PathFlow::udp);
  EXPECT_THAT(next(), IsEmpty());
}

TEST_F(PlanTest, AnOverdueConnectionIsTracedWhileItWaits) {
  aim("https://192.0.2.1");
  answer_environment();
  const auto connect = next_of<probe::TcpQuestion>()[0];
  EXPECT_THAT(next(), IsEmpty()) << "an answer may still come in time";
  EXPECT_THAT(next_questions({target_, settings_, evidence_}, asked_, {connect}), SizeIs(3));
}

TEST_F(PlanTest, WhatIsAlwaysTracedIsTracedBesideItsConnection) {
  aim("tcp://192.0.2.1:8443");
  settings_.trace = TraceMode::always;
  settings_.hops = 12;
  answer_environment();
  const auto questions = next();
  ASSERT_THAT(questions, SizeIs(2));
  const auto connect = std::get<probe::TcpQuestion>(questions[0]);
  EXPECT_EQ(std::get<probe::PathQuestion>(questions[1]),
            (probe::PathQuestion{{make_address("192.0.2.1"), 8443}, probe::PathFlow::syn, 12, {}}));
  establish(connect);
  EXPECT_THAT(next(), IsEmpty()) << "what works needs no control";
}

TEST_F(PlanTest, AnErrorInTheServersNameIsTracedBesideOtherFlowsToIt) {
  aim("https://192.0.2.1");
  answer_environment();
  const probe::IcmpError prohibited{probe::IcmpError::Family::icmp, 3, 13, make_address("192.0.2.1")};
  answer(probe::TcpConnect{next_of<probe::TcpQuestion>()[0],
                           std::unexpected{probe::ConnectFailure{
                               {std::make_error_code(std::errc::host_unreachable), prohibited}, 0, false}}});
  EXPECT_THAT(next_of<probe::PathQuestion>(), SizeIs(3));
}

TEST_F(PlanTest, LoopbackHasNoPath) {
  aim("https://127.0.0.1");
  answer_environment();
  refuse(next_of<probe::TcpQuestion>()[0]);
  EXPECT_THAT(next(), IsEmpty());
}

TEST_F(PlanTest, WhoSaidNoIsLookedForWithoutAControl) {
  aim("https://192.0.2.1");
  answer_environment();
  const probe::IcmpError prohibited{probe::IcmpError::Family::icmp, 3, 13, make_address("198.51.100.1")};
  answer(probe::TcpConnect{next_of<probe::TcpQuestion>()[0],
                           std::unexpected{probe::ConnectFailure{
                               {std::make_error_code(std::errc::host_unreachable), prohibited}, 0, false}}});
  EXPECT_THAT(next_of<probe::PathQuestion>(), SizeIs(1));
}

TEST_F(PlanTest, AnUnansweredHelloIsComparedAndSweptAsFarAsTheServer) {
  aim("https://azure.example.com");
  settings_.overrides = {{"azure.example.com", {make_address("192.0.2.7")}}};
  answer_environment();
  establish(next_of<probe::TcpQuestion>()[0]);
  probe::TlsFailure silence;
  silence.transport = probe::TransportFailure{asio::error::timed_out, {}};
  fail_handshake(next_of<probe::TlsQuestion>()[0], silence);

  auto questions = next();
  ASSERT_THAT(questions, SizeIs(2)) << "a connection for the comparison, and the path";
  const auto path = std::get<probe::PathQuestion>(questions[1]);
  EXPECT_EQ(path.flow, probe::PathFlow::syn);
  answer(probe::PathTrace{
      path, {{1, probe::StepAnswer::expired, {}, {}, {}}, {2, probe::StepAnswer::accepted, {}, {}, {}}}});
  establish(std::get<probe::TcpQuestion>(questions[0]));
  questions = next();
  ASSERT_THAT(questions, SizeIs(3)) << "another name, a connection for the next one, and the sweep";
  const auto compared = std::get<probe::TlsQuestion>(questions[0]);
  EXPECT_EQ(compared.policy, probe::TlsPolicy::comparison);
  EXPECT_EQ(compared.server_name, "www.example.com");
  const auto sweep = std::get<probe::PathQuestion>(questions[2]);
  EXPECT_EQ(sweep.flow, probe::PathFlow::client_hello);
  EXPECT_EQ(sweep.hops, 2);
  ASSERT_TRUE(sweep.hello);
  EXPECT_EQ(sweep.hello->server_name, "azure.example.com");
}

TEST_F(PlanTest, ADeviceThatInspectsTlsIsTracedBesideOtherFlowsToTheServer) {
  aim("tls://azure.example.com:443");
  settings_.overrides = {{"azure.example.com", {make_address("192.0.2.7")}}};
  answer_environment();
  establish(next_of<probe::TcpQuestion>()[0]);
  probe::Certificate leaf;
  leaf.subject = "CN=azure.example.com";
  leaf.issuer = "CN=Zscaler Intermediate Root CA (zscaler.net),O=Zscaler Inc.";
  shake_hands(next_of<probe::TlsQuestion>()[0], {leaf});
  const auto paths = next_of<probe::PathQuestion>();
  ASSERT_THAT(paths, SizeIs(3));
  EXPECT_EQ(paths[0].remote.port(), 443);
  EXPECT_EQ(paths[1].remote.port(), 80);
  EXPECT_EQ(paths[2].flow, probe::PathFlow::udp);
  EXPECT_EQ(reasons_[0],
            "something answers in place of the server: from which distance is the connection accepted?");
  EXPECT_THAT(next(), IsEmpty());
}

TEST_F(PlanTest, ABlockPageIsTracedAndAFirewallOfTheServersOwnIsNot) {
  const auto answer_with = [&](std::uint16_t status, std::vector<probe::HttpHeader> headers,
                               std::string body) {
    aim("http://192.0.2.1/");
    evidence_ = {};
    asked_.clear();
    answer_environment();
    establish(next_of<probe::TcpQuestion>()[0]);
    probe::HttpExchange exchange;
    exchange.question = next_of<probe::HttpQuestion>()[0];
    exchange.result = probe::HttpResponse{};
    exchange.result->status = status;
    exchange.result->headers = std::move(headers);
    exchange.result->body = std::move(body);
    answer(exchange);
    return next_of<probe::PathQuestion>();
  };
  EXPECT_THAT(answer_with(403, {{"Content-Type", "text/html"}},
                          "<title>Web Filter Violation</title><h1>FortiGuard Intrusion Prevention - Access "
                          "Blocked</h1>"),
              SizeIs(3));
  EXPECT_THAT(answer_with(403, {{"cf-mitigated", "challenge"}, {"Server", "cloudflare"}}, ""), IsEmpty());
  EXPECT_THAT(answer_with(403, {}, "no"), IsEmpty());
  EXPECT_THAT(answer_with(200, {}, "hello"), IsEmpty());
}

// ---- why is it asked?

TEST_F(PlanTest, OrdinaryStepsNeedNoReason) {
  aim("https://azure.example.com/");
  settings_.overrides = {{"azure.example.com", {make_address("192.0.2.7")}}};
  answer_environment();
  EXPECT_THAT(reasons_, ElementsAre(""));
  const auto ask = [&] {
    auto questions = next();
    EXPECT_THAT(reasons_, Each(""));
    return questions;
  };
  establish(std::get<probe::TcpQuestion>(ask()[0]));
  shake_hands(std::get<probe::TlsQuestion>(ask()[0]));
  EXPECT_THAT(ask(), SizeIs(1));
}

TEST_F(PlanTest, EveryTraceSaysWhatItDecides) {
  aim("https://192.0.2.1");
  answer_environment();
  refuse(next_of<probe::TcpQuestion>()[0]);
  next();
  const auto* control = "a RST answers the SYN on port 443: how far do other packets to this address come?";
  EXPECT_THAT(reasons_,
              ElementsAre("a RST answers the SYN: from which distance does it come?", control, control));
}

TEST_F(PlanTest, AComparisonAndItsConnectionHaveOneReason) {
  aim("tls://azure.example.com:443");
  settings_.overrides = {{"azure.example.com", {make_address("192.0.2.7")}}};
  settings_.trace = TraceMode::never;
  answer_environment();
  establish(next_of<probe::TcpQuestion>()[0]);
  probe::TlsFailure silence;
  silence.transport = probe::TransportFailure{asio::error::timed_out, {}};
  fail_handshake(next_of<probe::TlsQuestion>()[0], silence);
  const auto* reason = "nothing came back on the ClientHello: is it the server's name that decides?";
  establish(next_of<probe::TcpQuestion>()[0]);
  EXPECT_THAT(reasons_, ElementsAre(reason));
  next();
  EXPECT_THAT(reasons_, ElementsAre(reason, reason)) << "the other name, and a connection for none";
}

TEST_F(PlanTest, WhatARedirectLeadsToHasTheRedirectAsItsReason) {
  aim("http://192.0.2.1/");
  answer_environment();
  establish(next_of<probe::TcpQuestion>()[0]);
  probe::HttpResponse redirect;
  redirect.status = 302;
  redirect.headers = {{"Location", "http://192.0.2.2/"}};
  answer(probe::HttpExchange{next_of<probe::HttpQuestion>()[0], {}, redirect});
  const auto connect = next_of<probe::TcpQuestion>();
  ASSERT_THAT(connect, SizeIs(1));
  EXPECT_THAT(reasons_, ElementsAre("the response m3 redirects there"));
  establish(connect[0]);
  EXPECT_THAT(next_of<probe::HttpQuestion>(), SizeIs(1));
  EXPECT_THAT(reasons_, ElementsAre("the response m3 redirects there"));
}

// ---- several names at one address

probe::HttpResponse redirect_to(const char* location) {
  probe::HttpResponse response;
  response.status = 302;
  response.headers = {{"Location", location}};
  return response;
}

TEST_F(PlanTest, ARedirectToAnotherNameAtTheSameAddressGetsAConnectionOfItsOwn) {
  aim("https://example.com");
  settings_.overrides = {{"example.com", {make_address("192.0.2.1")}},
                         {"www.example.com", {make_address("192.0.2.1")}}};
  answer_environment();
  establish(next_of<probe::TcpQuestion>()[0]);
  shake_hands(next_of<probe::TlsQuestion>()[0]);
  answer(probe::HttpExchange{next_of<probe::HttpQuestion>()[0], {}, redirect_to("https://www.example.com/")});
  answer_environment();
  const auto connect = next_of<probe::TcpQuestion>();
  ASSERT_THAT(connect, SizeIs(1));
  EXPECT_EQ(connect[0].attempt, 2);
  establish(connect[0]);
  const auto hello = next_of<probe::TlsQuestion>();
  ASSERT_THAT(hello, SizeIs(1));
  EXPECT_EQ(hello[0].server_name, "www.example.com");
  shake_hands(hello[0]);
  const auto request = next_of<probe::HttpQuestion>();
  ASSERT_THAT(request, SizeIs(1));
  EXPECT_EQ(request[0].request.url.host.name, "www.example.com");

  answer(probe::HttpExchange{request[0], {}, redirect_to("https://example.com/back")});
  const auto again = next_of<probe::TcpQuestion>();
  ASSERT_THAT(again, SizeIs(1));
  establish(again[0]);
  const auto back = next_of<probe::TlsQuestion>();
  ASSERT_THAT(back, SizeIs(1));
  EXPECT_EQ(back[0].server_name, "example.com");
}

TEST_F(PlanTest, ARedirectToAnotherNameThroughAProxyGetsATunnelOfItsOwn) {
  aim("https://example.com");
  settings_.proxies = *probe::ProxyRules::fixed("http://192.0.2.80:3128");
  answer_environment();
  establish(next_of<probe::TcpQuestion>()[0]);
  answer(probe::ProxyTunnel{next_of<probe::TunnelQuestion>()[0], probe::TunnelOpen{200}});
  shake_hands(next_of<probe::TlsQuestion>()[0]);
  answer(probe::HttpExchange{next_of<probe::HttpQuestion>()[0], {}, redirect_to("https://www.example.com/")});
  const auto connect = next_of<probe::TcpQuestion>();
  ASSERT_THAT(connect, SizeIs(1));
  establish(connect[0]);
  const auto tunnel = next_of<probe::TunnelQuestion>();
  ASSERT_THAT(tunnel, SizeIs(1));
  EXPECT_EQ(tunnel[0].host.name, "www.example.com");
}

TEST_F(PlanTest, ANameWhoseHandshakeFailedAtASharedAddressIsNotTriedAgain) {
  aim("https://example.com");
  settings_.overrides = {{"example.com", {make_address("192.0.2.1")}},
                         {"www.example.com", {make_address("192.0.2.1")}}};
  settings_.trace = TraceMode::never;
  answer_environment();
  establish(next_of<probe::TcpQuestion>()[0]);
  shake_hands(next_of<probe::TlsQuestion>()[0]);
  answer(probe::HttpExchange{next_of<probe::HttpQuestion>()[0], {}, redirect_to("https://www.example.com/")});
  answer_environment();
  establish(next_of<probe::TcpQuestion>()[0]);
  probe::TlsFailure refused;
  refused.answered = true;
  refused.received = probe::TlsAlert{112, "unrecognized_name"};
  fail_handshake(next_of<probe::TlsQuestion>()[0], refused);
  EXPECT_THAT(next_of<probe::TcpQuestion>(), IsEmpty());
}

}  // namespace
}  // namespace fwprobe::checks
