#include "probe/ocsp.h"

#include <functional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "probe/openssl_ptr.h"
#include "tests/support/handshakes.h"
#include "tests/support/tls_server.h"

namespace fwprobe::probe {
namespace {

using namespace fwprobe::tests;

/// The tests' chain with one leaf, and what a responder says about it.
struct Stapled {
  Identity subject = leaf();
  const Identity& issuer = authorities().intermediate;

  Identity responder(const std::string& usage) const {
    return leaf_by(issuer, {.name = "Responder", .alternative_names = "", .extra_usage = usage});
  }
  std::string by(const Identity& signer, const OcspWish& wish = {}) const {
    return ocsp_response(wish, subject, issuer, signer);
  }
  StapledStatus read(const std::string& response, const Identity& root = authorities().root) const {
    const StorePtr store{X509_STORE_new()};
    X509_STORE_add_cert(store.get(), root.certificate.get());
    const std::unique_ptr<STACK_OF(X509), OpensslDeleter<free_certificates>> presented{sk_X509_new_null()};
    for (const auto* identity : {&subject, &issuer}) {
      X509_up_ref(identity->certificate.get());
      sk_X509_push(presented.get(), identity->certificate.get());
    }
    return read_stapled({reinterpret_cast<const unsigned char*>(response.data()), response.size()},
                        *presented, *store);
  }
};

struct Row {
  const char* name;
  std::function<StapledStatus(const Stapled&)> read;
  OcspStatus status;
  std::string detail;  ///< a part of it
};

using S = const Stapled&;

TEST(Ocsp, StapledResponses) {
  const Row rows[] = {
      {"good, by the issuer", [](S s) { return s.read(s.by(s.issuer)); }, OcspStatus::good, ""},
      {"good, by a responder that the issuer delegated to",
       [](S s) { return s.read(s.by(s.responder("OCSPSigning"))); }, OcspStatus::good, ""},
      {"good, with names made by SHA-256",
       [](S s) { return s.read(s.by(s.issuer, {.name_digest = EVP_sha256()})); }, OcspStatus::good, ""},
      {"revoked, with time and reason",
       [](S s) { return s.read(s.by(s.issuer, {.status = V_OCSP_CERTSTATUS_REVOKED})); }, OcspStatus::revoked,
       "2023-11-14T22:13:20Z, keyCompromise"},
      {"revoked, without a reason",
       [](S s) { return s.read(s.by(s.issuer, {.status = V_OCSP_CERTSTATUS_REVOKED, .reason = -1})); },
       OcspStatus::revoked, "2023-11-14T22:13:20Z, no reason given"},
      {"unknown to the responder",
       [](S s) { return s.read(s.by(s.issuer, {.status = V_OCSP_CERTSTATUS_UNKNOWN})); }, OcspStatus::unknown,
       ""},
      {"a responder that the issuer delegated nothing to",
       [](S s) { return s.read(s.by(s.responder("serverAuth"))); }, OcspStatus::invalid,
       "signature does not verify"},
      {"a signer of another authority", [](S s) { return s.read(s.by(authorities().stranger)); },
       OcspStatus::invalid, "signature does not verify"},
      {"an untrusted root", [](S s) { return s.read(s.by(s.issuer), authorities().stranger); },
       OcspStatus::invalid, "signature does not verify"},
      {"past its nextUpdate, with what it said",
       [](S s) {
         return s.read(s.by(s.issuer, {.status = V_OCSP_CERTSTATUS_REVOKED, .made = -48h, .next = -24h}));
       },
       OcspStatus::invalid, "it says revoked"},
      {"before its thisUpdate", [](S s) { return s.read(s.by(s.issuer, {.made = 24h, .next = 48h})); },
       OcspStatus::invalid, "status not yet valid"},
      {"about another certificate", [](S s) { return s.read(ocsp_response({}, leaf(), s.issuer, s.issuer)); },
       OcspStatus::invalid, "another certificate"},
      {"a refusal", [](S s) { return s.read(std::string{"\x30\x03\x0a\x01\x03", 5}); }, OcspStatus::invalid,
       "trylater"},
      {"bytes that are none", [](S s) { return s.read("HTTP/1.1 200 OK"); }, OcspStatus::invalid,
       "cannot be parsed"},
      {"nothing", [](S s) { return s.read(""); }, OcspStatus::invalid, "cannot be parsed"},
  };
  const Stapled stapled;
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    const auto got = row.read(stapled);
    EXPECT_EQ(got.status, row.status) << got.detail;
    EXPECT_THAT(got.detail, testing::HasSubstr(row.detail));
  }
}

TEST(Ocsp, AStapledResponseIsReadFromTheHandshake) {
  const Stapled stapled;
  const auto revoked = stapled.by(stapled.issuer, {.status = V_OCSP_CERTSTATUS_REVOKED});
  for (const std::string version : {"-tls1_2", "-tls1_3"}) {
    const TlsServer server{{.leaf = stapled.subject,
                            .chain = {stapled.issuer},
                            .arguments = {version, "-status_file", "@staple"},
                            .files = {{"staple", revoked}}}};
    ASSERT_TRUE(server.listening()) << server.log();
    asio::io_context context;
    auto loaded = contexts();
    const auto [fact, connection] = shake(context, loaded, server.endpoint(), question());
    EXPECT_EQ(in_words(fact), version == "-tls1_2" ? "TLSv1.2" : "TLSv1.3") << server.log();
    EXPECT_EQ(fact.ocsp, OcspStatus::revoked) << fact.ocsp_detail;
    EXPECT_EQ(fact.ocsp_detail, "2023-11-14T22:13:20Z, keyCompromise");
    EXPECT_FALSE(connection) << "no request is sent to a server whose certificate is revoked";
  }
}

}  // namespace
}  // namespace fwprobe::probe
