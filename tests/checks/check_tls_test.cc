#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509_vfy.h>

#include "tests/checks/measurements.h"

namespace fwprobe::checks {
namespace {

using namespace measured;
using testing::HasSubstr;

constexpr const char* v4 = "203.0.113.9";

/// A connection (m2) on which the handshakes stand.
Scene connected_scene() {
  Scene scene{"https://azure.example.com"};
  scene.settings.overrides = {{"azure.example.com", {ip(v4)}}};
  return scene.add(connected(to(v4, 443)));
}

probe::TlsFailure received(std::uint8_t code) {
  probe::TlsFailure failure;
  failure.received = probe::TlsAlert{code, probe::alert_name(code)};
  failure.answered = true;
  return failure;
}
probe::TlsFailure sent(std::uint8_t code, std::string reason) {
  probe::TlsFailure failure;
  failure.sent = probe::TlsAlert{code, probe::alert_name(code)};
  failure.answered = failure.server_hello = true;
  failure.reason = std::move(reason);
  return failure;
}
probe::TlsFailure spoke(std::string bytes) {
  probe::TlsFailure failure;
  failure.first_bytes = std::move(bytes);
  failure.answered = true;
  failure.reason = "wrong version number";
  return failure;
}
probe::TlsFailure ended_with(probe::TransportFailure end, bool answered = false) {
  probe::TlsFailure failure;
  failure.transport = std::move(end);
  failure.answered = answered;
  return failure;
}

Scene fails(probe::TlsFailure failure) {
  auto scene = connected_scene();
  return scene.add(failed(hello(2, scene.target), std::move(failure)));
}
Scene asks_for_certificate(probe::TlsFailure failure) {
  auto scene = connected_scene();
  auto handshake = failed(hello(2, scene.target), std::move(failure));
  handshake.client_certificate_requested = true;
  return scene.add(std::move(handshake));
}
/// The permissive handshake on another connection agrees on this.
Scene offers(Scene scene, const char* version, const char* cipher) {
  scene.add(connected(to(v4, 443, 2)));
  auto handshake = shaken(hello(scene.last().number, scene.target, probe::TlsPolicy::permissive), {});
  handshake.result->version = version;
  handshake.result->cipher = cipher;
  return scene.add(std::move(handshake));
}
Scene permissive_fails(Scene scene, std::uint8_t alert) {
  scene.add(connected(to(v4, 443, 2)));
  return scene.add(
      failed(hello(scene.last().number, scene.target, probe::TlsPolicy::permissive), received(alert)));
}

struct Row {
  const char* name;
  Scene scene;
  std::vector<std::string> expected;
};

void check_rows(std::span<const Row> rows) {
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    EXPECT_EQ(brief(row.scene.judged_by(check_tls)), row.expected);
  }
}

TEST(CheckTls, HowHandshakesEnd) {
  probe::TlsFailure stalled = ended_with(deadline(), true);
  stalled.server_hello = true;
  probe::TlsFailure rejected = ended_with({system_error(EHOSTUNREACH), icmp(3, 13, "198.51.100.1")});
  probe::TlsFailure never;
  never.reason = "no host to verify the certificate for";
  const Row rows[] = {
      {"plain HTTP answers", fails(spoke("HTTP/1.1 400 Bad Request\r\n")), {"fail tls.not_tls server high"}},
      {"an SSH server greets", fails(spoke("SSH-2.0-OpenSSH_9.2p1\r\n")), {"fail tls.not_tls server high"}},
      {"something unknown answers", fails(spoke("\x01\x02")), {"fail tls.not_tls server high"}},
      {"no answer to the ClientHello",
       fails(ended_with(deadline())),
       {"fail tls.client_hello_dropped path medium"}},
      {"a router rejects the ClientHello",
       fails(rejected),
       {"fail tls.client_hello_dropped path 198.51.100.1 medium"}},
      {"an answer that stalls", fails(stalled), {"fail tls.handshake_timeout path medium"}},
      {"reset on the ClientHello, and nothing to compare",
       fails(ended_with(reset())),
       {"fail tls.client_hello_reset path low"}},
      {"closed on the ClientHello, and a silent connection stays open",
       fails(ended_with(closed())).add(connected(listening(to(v4, 443)))),
       {"fail tls.client_hello_reset path medium"}},
      {"closed on the ClientHello, and a silent connection is closed as well: the ClientHello is not why",
       fails(ended_with(closed())).add(ended(listening(to(v4, 443)), false)),
       {"fail tcp.closed_early server medium"}},
      {"a silent connection to another address proves nothing",
       fails(ended_with(reset())).add(ended(listening(to("203.0.113.10", 443)), false)),
       {"fail tls.client_hello_reset path low"}},
      {"cut in the middle", fails(ended_with(reset(), true)), {"fail tls.client_hello_reset path low"}},
      {"cut after asking for a client certificate",
       asks_for_certificate(ended_with(closed(), true)),
       {"fail tls.client_certificate_required server medium"}},
      {"nothing could be asked", fails(never), {"error"}},
  };
  check_rows(rows);
}

TEST(CheckTls, Alerts) {
  const auto given = [](Scene scene) {
    scene.settings.tls.client_certificate = "client.pem";
    return scene;
  };
  const Row rows[] = {
      {"unrecognized_name", fails(received(112)), {"fail tls.unrecognized_name server high"}},
      {"certificate_required is TLS 1.3's own word for it",
       asks_for_certificate(received(116)),
       {"fail tls.client_certificate_required server high"}},
      {"handshake_failure after a request for a certificate is TLS 1.2's",
       asks_for_certificate(received(40)),
       {"fail tls.client_certificate_required server medium"}},
      {"bad_certificate after a request",
       asks_for_certificate(received(42)),
       {"fail tls.client_certificate_required server medium"}},
      {"unknown_ca: the given certificate is not accepted",
       given(asks_for_certificate(received(48))),
       {"fail tls.client_certificate_required server medium"}},
      {"unknown_ca without a request is some other alert",
       fails(received(48)),
       {"fail tls.alert server high"}},
      {"internal_error", fails(received(80)), {"fail tls.alert server high"}},
      {"an alert without a name", fails(received(200)), {"fail tls.alert server high"}},

      {"protocol_version, and the server offers TLS 1.0",
       offers(fails(received(70)), "TLSv1.0", "TLS_RSA_WITH_AES_128_CBC_SHA"),
       {"fail tls.protocol_version server high"}},
      {"protocol_version, and the server accepts nothing at all",
       permissive_fails(fails(received(70)), 70),
       {"fail tls.protocol_version server high"}},
      {"our own refusal of an old ServerHello",
       offers(fails(sent(70, "unsupported protocol")), "TLSv1.1", "TLS_RSA_WITH_AES_128_CBC_SHA"),
       {"fail tls.protocol_version server high"}},
      {"handshake_failure, and the server offers TLS 1.0: it is the version",
       offers(fails(received(40)), "TLSv1.0", "TLS_RSA_WITH_AES_128_CBC_SHA"),
       {"fail tls.protocol_version server high"}},
      {"handshake_failure, and the server offers weak ciphers with TLS 1.2",
       offers(fails(received(40)), "TLSv1.2", "TLS_RSA_WITH_NULL_SHA256"),
       {"fail tls.no_common_cipher server high"}},
      {"handshake_failure to everything may be any objection",
       permissive_fails(fails(received(40)), 40),
       {"fail tls.no_common_cipher server medium"}},
      {"handshake_failure alone is still less",
       fails(received(40)),
       {"fail tls.no_common_cipher server low"}},
      {"insufficient_security",
       offers(fails(received(71)), "TLSv1.2", "TLS_RSA_WITH_NULL_SHA256"),
       {"fail tls.no_common_cipher server high"}},
      {"our own refusal of a small key exchange",
       offers(fails(sent(40, "dh key too small")), "TLSv1.2", "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"),
       {"fail tls.no_common_cipher server high"}},
      {"a server that breaks the protocol",
       fails(sent(10, "unexpected message")),
       {"fail tls.alert server low"}},
  };
  check_rows(rows);
  EXPECT_THAT(words(rows[8].scene.judged_by(check_tls)), HasSubstr("TLSv1.0"));
  EXPECT_THAT(words(rows[4].scene.judged_by(check_tls)), HasSubstr("does not accept the client certificate"));
}

const probe::VerifyError no_issuer{X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
                                   "unable to get local issuer certificate", 0};
const probe::VerifyError no_signature{X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
                                      "unable to verify the first certificate", 0};
const probe::VerifyError self_signed{X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, "self-signed certificate", 0};
const probe::VerifyError unknown_root{X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
                                      "self-signed certificate in certificate chain", 2};
const probe::VerifyError wrong_name{X509_V_ERR_HOSTNAME_MISMATCH, "hostname mismatch", 0};
const probe::VerifyError expired{X509_V_ERR_CERT_HAS_EXPIRED, "certificate has expired", 0};

probe::VerifyError at_depth(probe::VerifyError error, int depth) {
  error.depth = depth;
  return error;
}

const auto leaf = [] { return certificate("CN=azure.example.com", "CN=Issuing CA"); };
const auto intermediate = [] { return certificate("CN=Issuing CA", "CN=Root CA"); };
const auto root = [] { return certificate("CN=Root CA", "CN=Root CA"); };

Scene presents(std::vector<probe::Certificate> chain, std::vector<probe::VerifyError> errors = {}) {
  auto scene = connected_scene();
  return scene.add(shaken(hello(2, scene.target), std::move(chain), std::move(errors)));
}

TEST(CheckTls, Certificates) {
  const auto logged = [] {
    auto made = leaf();
    made.public_log = true;
    return made;
  };
  const auto own = [] { return certificate("CN=localhost", "CN=localhost"); };
  const auto revoked = [] {
    auto scene = connected_scene();
    auto handshake = shaken(hello(2, scene.target), {leaf(), intermediate()});
    handshake.ocsp = probe::OcspStatus::revoked;
    handshake.ocsp_detail = "2026-05-01, keyCompromise";
    return scene.add(std::move(handshake));
  };
  const auto own_roots = [](Scene& scene) { scene.settings.tls.ca_file = "ca.pem"; };
  const auto another_sends_it = [](Scene scene) {
    scene.add(connected(to("203.0.113.10", 443)));
    return scene.add(shaken(hello(scene.last().number, scene.target), {leaf(), intermediate()}));
  };
  const probe::VerifyError weak_key{X509_V_ERR_EE_KEY_TOO_SMALL, "EE certificate key too weak", 0};
  const probe::VerifyError weak_digest{X509_V_ERR_CA_MD_TOO_WEAK, "CA signature digest algorithm too weak",
                                       1};
  const probe::VerifyError not_yet{X509_V_ERR_CERT_NOT_YET_VALID, "certificate is not yet valid", 0};
  const probe::VerifyError wrong_address{X509_V_ERR_IP_ADDRESS_MISMATCH, "IP address mismatch", 0};
  const probe::VerifyError purpose{X509_V_ERR_INVALID_PURPOSE, "unsuitable certificate purpose", 0};
  const auto untrusted_low = "fail tls.certificate_untrusted server low";
  const Row rows[] = {
      {"a verified chain passes", presents({leaf(), intermediate()}), {"pass"}},
      {"the leaf has expired",
       presents({leaf(), intermediate()}, {expired}),
       {"fail tls.certificate_expired server high"}},
      {"an intermediate has expired",
       presents({leaf(), intermediate()}, {at_depth(expired, 1)}),
       {"fail tls.certificate_expired server high"}},
      {"not yet valid",
       presents({leaf(), intermediate()}, {not_yet}),
       {"fail tls.certificate_not_yet_valid server high"}},
      {"for another name",
       presents({leaf(), intermediate()}, {wrong_name}),
       {"fail tls.certificate_name_mismatch server high"}},
      {"for another address",
       presents({leaf(), intermediate()}, {wrong_address}),
       {"fail tls.certificate_name_mismatch server high"}},
      {"self-signed", presents({own()}, {self_signed}), {"fail tls.certificate_self_signed server high"}},
      {"the chain ends in a root that is not trusted",
       presents({leaf(), intermediate(), root()}, {unknown_root}),
       {"fail tls.certificate_untrusted server high"}},
      {"the chain leads up to a root that is neither sent nor known",
       presents({leaf(), intermediate()}, {at_depth(no_issuer, 1)}),
       {"fail tls.certificate_untrusted server medium"}},
      {"a leaf alone: a missing intermediate or an unknown authority",
       presents({leaf()}, {no_issuer, no_signature}),
       {untrusted_low}},
      {"a leaf alone, of a public authority: those use intermediates",
       presents({logged()}, {no_issuer, no_signature}),
       {"fail tls.certificate_incomplete_chain server high"}},
      {"a leaf alone, of a public authority, against roots of the user's own",
       presents({logged()}, {no_issuer, no_signature}).with(own_roots),
       {untrusted_low}},
      {"leaf and root, and nothing between",
       presents({leaf(), root()}, {no_issuer, no_signature}),
       {"fail tls.certificate_incomplete_chain server medium"}},
      {"a leaf alone, while another address sends its issuer",
       another_sends_it(presents({leaf()}, {no_issuer, no_signature})),
       {"fail tls.certificate_incomplete_chain server high", "pass"}},
      {"revoked, by the stapled response", revoked(), {"fail tls.certificate_revoked server high"}},
      {"a small key",
       presents({leaf(), intermediate()}, {weak_key}),
       {"fail tls.certificate_weak server high"}},
      {"an old digest",
       presents({leaf(), intermediate()}, {weak_digest}),
       {"fail tls.certificate_weak server high"}},
      {"what the library objects to otherwise",
       presents({leaf(), intermediate()}, {purpose}),
       {"fail tls.certificate_untrusted server medium"}},
      {"self-signed and for another name: trust first",
       presents({own()}, {self_signed, wrong_name}),
       {"fail tls.certificate_self_signed server high", "fail tls.certificate_name_mismatch server high"}},
      {"an appliance's old default: to renew it mends nothing",
       presents({own()}, {self_signed, expired, wrong_name}),
       {"fail tls.certificate_self_signed server high", "fail tls.certificate_name_mismatch server high",
        "fail tls.certificate_expired server high"}},
      {"expired for certain, and perhaps not trusted",
       presents({leaf()}, {no_issuer, no_signature, expired}),
       {"fail tls.certificate_expired server high", untrusted_low}},
  };
  check_rows(rows);
  EXPECT_THAT(steps(rows[9].scene.judged_by(check_tls)),
              HasSubstr("Install the certificate of 'CN=Issuing CA'"))
      << "the remedy for the other possibility is there, too";
}

TEST(CheckTls, TheRemedyForAnUnknownRootNamesEveryClientsStore) {
  for (const auto& scene : {presents({certificate("CN=self", "CN=self")}, {self_signed}),
                            presents({leaf(), intermediate(), root()}, {unknown_root})})
    for (const auto* store :
         {"update-ca-certificates", "update-ca-trust", "certutil -addstore Root", "http.sslCAInfo",
          "schannel", "NODE_EXTRA_CA_CERTS", "keytool -importcert -cacerts"})
      EXPECT_THAT(steps(scene.judged_by(check_tls)), HasSubstr(store));
}

TEST(CheckTls, AChainInAnyOrderIsReadByItsNames) {
  const auto findings = presents({leaf(), root(), intermediate()}, {unknown_root}).judged_by(check_tls);
  EXPECT_THAT(brief(findings), testing::ElementsAre("fail tls.certificate_untrusted server high"));
  EXPECT_THAT(words(findings), HasSubstr("ends in 'CN=Root CA'"));
}

TEST(CheckTls, TheNamesThatACertificateHasAreSaid) {
  auto other = leaf();
  other.dns_names = {"www.example.net", "example.net"};
  EXPECT_THAT(words(presents({other}, {wrong_name}).judged_by(check_tls)),
              HasSubstr("www.example.net, example.net"));
}

TEST(CheckTls, CertificatesThatExpireSoonAreAWarningBesideThePass) {
  const auto ends_in = [](auto left, probe::Certificate made) {
    made.not_after = noon() + left;
    return made;
  };
  const std::vector<std::string> warned{"pass", "warn tls.certificate_expires_soon server high"};
  const Row rows[] = {
      {"the leaf ends in ten days", presents({ends_in(24h * 10, leaf()), intermediate()}), warned},
      {"the intermediate ends in ten days", presents({leaf(), ends_in(24h * 10, intermediate())}), warned},
      {"fifteen days are enough", presents({ends_in(24h * 15, leaf())}), {"pass"}},
      {"a root that is sent along ends nothing",
       presents({leaf(), intermediate(), ends_in(24h, root())}),
       {"pass"}},
      {"an expired certificate that the path does not need ends nothing",
       presents({leaf(), intermediate(), ends_in(-24h, certificate("CN=Old Cross", "CN=Older Root"))}),
       {"pass"}},
      {"the user's own window", presents({ends_in(24h * 20, leaf())}).with([](Scene& s) {
         s.settings.expiry_warning = std::chrono::days{30};
       }),
       warned},
  };
  check_rows(rows);
}

TEST(CheckTls, APassSaysWhatWasAgreedOnAndHowLongItLasts) {
  EXPECT_THAT(words(presents({leaf(), intermediate()}).judged_by(check_tls)),
              HasSubstr("TLSv1.3, TLS_AES_128_GCM_SHA256, X25519; certificate verified, 60 days left"));
}

TEST(CheckTls, NothingIsHeldAgainstAServerThatWasNotReached) {
  EXPECT_THAT(brief(Scene{"https://azure.example.com"}.judged_by(check_tls)), testing::ElementsAre("skip"));
  EXPECT_THAT(Scene{"http://azure.example.com"}.judged_by(check_tls), testing::IsEmpty());
}

}  // namespace
}  // namespace fwprobe::checks
