#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>

#include "checks/builders.h"
#include "tests/checks/measurements.h"

namespace fwprobe::checks {
namespace {

using namespace measured;
using testing::HasSubstr;
using testing::Not;

Finding fails(Check check, Cause cause, Confidence confidence = Confidence::high) {
  auto finding = problem(Status::fail, check, "subject", cause, "summary", {{7}}, {});
  finding.confidence = confidence;
  return finding;
}
Finding warns(Check check, Cause cause) {
  return problem(Status::warn, check, "subject", cause, "summary", {{8}}, {});
}
Finding errs(Check check) {
  auto finding = skip(check, "subject", "no time was left");
  finding.status = Status::error;
  return finding;
}
Finding passes(Check check) { return pass(check, "subject", "fine", {}); }

std::string cause_of(const Findings& findings) {
  const auto diagnosis = Scene{"https://azure.example.com"}.diagnosis(findings);
  if (!diagnosis) return "none";
  return diagnosis->cause ? std::string{row(*diagnosis->cause).code} : "unmeasured";
}

TEST(Diagnosis, TheEarliestBrokenThingWins) {
  struct Row {
    const char* name;
    Findings findings;
    const char* expected;
  };
  const Row rows[] = {
      {"what passed has no diagnosis",
       {passes(Check::dns), passes(Check::tcp), skip(Check::proxy, "", "")},
       "none"},
      {"nothing at all has none either", {}, "none"},
      {"a blocking address that then times out",
       {fails(Check::tcp, Cause::tcp_filtered), fails(Check::dns, Cause::dns_sinkhole)},
       "dns.sinkhole"},
      {"a failure goes before a warning of an earlier layer",
       {warns(Check::dns, Cause::dns_timeout), fails(Check::http, Cause::http_forbidden)},
       "http.forbidden"},
      {"a failure goes before what could not be measured",
       {errs(Check::dns), fails(Check::http, Cause::http_forbidden)},
       "http.forbidden"},
      {"what could not be measured goes before a warning",
       {warns(Check::dns, Cause::dns_timeout), errs(Check::http)},
       "unmeasured"},
      {"a warning is diagnosed when nothing is worse",
       {passes(Check::dns), warns(Check::tls, Cause::tls_certificate_expires_soon)},
       "tls.certificate_expires_soon"},
      {"a wrong clock goes before the certificates that it makes look expired",
       {fails(Check::tls, Cause::tls_certificate_expired),
        fails(Check::environment, Cause::local_clock_skew, Confidence::medium)},
       "local.clock_skew"},
      {"but not before a connection that fails",
       {fails(Check::environment, Cause::local_clock_skew), fails(Check::tcp, Cause::tcp_partial)},
       "tcp.partial"},
      {"no route for the only family goes before what connect said",
       {fails(Check::tcp, Cause::local_no_route), fails(Check::environment, Cause::local_no_address_family)},
       "local.no_address_family"},
      {"some addresses fail: that, not what one of them met",
       {fails(Check::tcp, Cause::tcp_filtered), fails(Check::tcp, Cause::tcp_partial, Confidence::medium)},
       "tcp.partial"},
      {"all addresses fail, each in its way: the surest",
       {fails(Check::tcp, Cause::tcp_refused, Confidence::medium), fails(Check::tcp, Cause::tcp_rejected)},
       "tcp.rejected"},
      {"equally sure: the first address",
       {fails(Check::tcp, Cause::tcp_filtered), fails(Check::tcp, Cause::tcp_rejected)},
       "tcp.filtered"},
      {"in the certificate layer the check's own order counts, not sureness",
       {fails(Check::tls, Cause::tls_certificate_untrusted, Confidence::medium),
        fails(Check::tls, Cause::tls_certificate_expired)},
       "tls.certificate_untrusted"},
      {"resolvers that disagree come after what stopped the request",
       {fails(Check::dns, Cause::dns_disagreement), fails(Check::tcp, Cause::tcp_filtered)},
       "tcp.filtered"},
      {"resolvers that disagree, and nothing else",
       {fails(Check::dns, Cause::dns_disagreement), passes(Check::http)},
       "dns.disagreement"},
      {"a closed connection explains the handshake",
       {fails(Check::tls, Cause::tls_client_hello_reset), fails(Check::tcp, Cause::tcp_closed_early)},
       "tcp.closed_early"},
      {"a proxy's refusal goes before TLS",
       {fails(Check::tls, Cause::tls_alert), fails(Check::proxy, Cause::proxy_denied)},
       "proxy.denied"},
      {"another service's content says nothing about this one",
       {fails(Check::content, Cause::content_localhost_url), fails(Check::api, Cause::api_not_the_service)},
       "api.not_the_service"},
      {"a published list explains, and what was measured decides",
       {fails(Check::allowlist, Cause::allowlist_address_not_listed), fails(Check::tcp, Cause::tcp_filtered)},
       "tcp.filtered"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(cause_of(row.findings), row.expected);
  }
}

TEST(Diagnosis, CarriesWhatTheFindingHas) {
  auto finding =
      problem(Status::fail, Check::tcp, "203.0.113.9:443", Cause::tcp_rejected, "192.0.2.1 says no", {{4}},
              {{"address", "203.0.113.9"}, {"port", "443"}, {"sender", "192.0.2.1"}});
  finding.location = Location{Where::path, {}, ip("192.0.2.1"), Precision::at, {}};
  finding.confidence = Confidence::medium;
  const auto diagnosis = *Scene{"https://azure.example.com"}.diagnosis({finding});
  EXPECT_EQ(diagnosis.title, row(Cause::tcp_rejected).title);
  EXPECT_THAT(diagnosis.explanation, HasSubstr("203.0.113.9:443: 192.0.2.1 says no."));
  EXPECT_EQ(diagnosis.location.where, Where::path);
  EXPECT_EQ(diagnosis.location.address, ip("192.0.2.1"));
  EXPECT_EQ(diagnosis.location.precision, Precision::at);
  EXPECT_EQ(diagnosis.confidence, Confidence::medium);
  EXPECT_EQ(diagnosis.responsible, Responsible::network);
  EXPECT_EQ(diagnosis.remedy, finding.remedy);
  EXPECT_EQ(diagnosis.evidence, finding.evidence);
}

TEST(Diagnosis, AlwaysSaysWhere) {
  const std::pair<Finding, Where> rows[] = {
      {fails(Check::environment, Cause::local_no_address_family), Where::local},
      {fails(Check::dns, Cause::dns_nxdomain), Where::resolver},
      {fails(Check::proxy, Cause::proxy_denied), Where::proxy},
      {fails(Check::http, Cause::http_forbidden), Where::server},
  };
  for (const auto& [finding, where] : rows)
    EXPECT_EQ(Scene{"https://azure.example.com"}.diagnosis({finding})->location.where, where)
        << row(*finding.cause).code;
}

TEST(Diagnosis, SaysThatItIsNotSure) {
  const auto explained = [](Confidence confidence) {
    return Scene{"https://azure.example.com"}
        .diagnosis({fails(Check::tls, Cause::tls_client_hello_reset, confidence)})
        ->explanation;
  };
  EXPECT_THAT(explained(Confidence::low), HasSubstr("more general"));
  EXPECT_THAT(explained(Confidence::medium), Not(HasSubstr("more general")));
}

TEST(Diagnosis, NamesWhatElseWasFound) {
  const auto diagnosis = *Scene{"https://azure.example.com"}.diagnosis(
      {fails(Check::tls, Cause::tls_certificate_expired),
       fails(Check::tls, Cause::tls_certificate_name_mismatch), warns(Check::dns, Cause::dns_timeout)});
  EXPECT_THAT(diagnosis.explanation, HasSubstr("Also found: tls.certificate_name_mismatch (subject)."));
}

TEST(Diagnosis, WhatCouldNotBeMeasuredHasNoCauseAndLittleConfidence) {
  const auto diagnosis = *Scene{"https://azure.example.com"}.diagnosis({errs(Check::http)});
  EXPECT_FALSE(diagnosis.cause);
  EXPECT_EQ(diagnosis.confidence, Confidence::low);
  EXPECT_THAT(diagnosis.explanation, HasSubstr("no time was left"));
}

// ---- all checks together, from measurements
// -----------------------------------------------------------------------

std::string judged(const Scene& scene) {
  const auto findings = scene.judged_by(judge);
  const auto diagnosis = scene.diagnosis(findings);
  const auto cause = diagnosis && diagnosis->cause ? row(*diagnosis->cause).code : std::string_view{"-"};
  return fmt::format("{} {}", name(worst(findings)), cause);
}

TEST(Judge, FromTheMeasurementsToTheCause) {
  constexpr const char* host = "azure.example.com";
  constexpr const char* v4 = "203.0.113.9";
  const auto resolved = [](const char* address) {
    return Scene{"https://azure.example.com"}
        .add(answer(host, {address}))
        .add(lookup(host, probe::DnsType::aaaa, probe::DnsStatus::nodata));
  };
  const auto shaken_on = [](Scene scene, std::vector<probe::VerifyError> errors = {}) {
    scene.add(connected(to(v4, 443)));
    return scene.add(shaken(hello(scene.last().number, scene.target),
                            {certificate("CN=azure.example.com", "CN=CA"), certificate("CN=CA", "CN=Root")},
                            std::move(errors)));
  };
  const auto answers = [](Scene scene, std::uint16_t status,
                          const char* date = "Mon, 15 Jun 2026 12:00:00 GMT") {
    return scene.add(answered(scene.last().number, "https://azure.example.com/", status, {{"Date", date}}));
  };
  struct Row {
    const char* name;
    Scene scene;
    const char* expected;
  };
  const Row rows[] = {
      {"a healthy server", answers(shaken_on(resolved(v4)), 200), "pass -"},
      {"a name that does not exist",
       Scene{"https://azure.example.com"}
           .add(lookup(host, probe::DnsType::a, probe::DnsStatus::nxdomain))
           .add(lookup(host, probe::DnsType::aaaa, probe::DnsStatus::nxdomain)),
       "fail dns.nxdomain"},
      {"a blocking address, and then silence", resolved("0.0.0.0").add(silent(to("0.0.0.0", 443))),
       "fail dns.sinkhole"},
      {"silence", resolved(v4).add(silent(to(v4, 443))), "fail tcp.filtered"},
      {"a certificate for another name",
       shaken_on(resolved(v4), {{X509_V_ERR_HOSTNAME_MISMATCH, "hostname mismatch", 0}}),
       "fail tls.certificate_name_mismatch"},
      {"a page that is refused", answers(shaken_on(resolved(v4)), 403), "fail http.forbidden"},
      {"a handshake and then no time: nothing has passed", shaken_on(resolved(v4)), "error -"},
      {"a connection and then no time", resolved(v4).add(connected(to(v4, 443))), "error -"},
      {"nothing was measured", Scene{"https://azure.example.com"}, "error -"},
      {"a TCP target needs no more than its connection",
       Scene{"tcp://203.0.113.9:5432"}.add(connected(listening(to(v4, 5432)))), "pass -"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(judged(row.scene), row.expected);
  }
}

}  // namespace
}  // namespace fwprobe::checks
