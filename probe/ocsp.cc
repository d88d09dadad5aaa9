#include "probe/ocsp.h"

#include <memory>

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>

#include "probe/certificate.h"
#include "probe/openssl_ptr.h"

namespace fwprobe::probe {
namespace {

using ResponsePtr = std::unique_ptr<OCSP_RESPONSE, OpensslDeleter<OCSP_RESPONSE_free>>;
using BasicPtr = std::unique_ptr<OCSP_BASICRESP, OpensslDeleter<OCSP_BASICRESP_free>>;
using CertIdPtr = std::unique_ptr<OCSP_CERTID, OpensslDeleter<OCSP_CERTID_free>>;

/// Responders' clocks and ours need not agree to the second; five minutes is what OpenSSL's own tools allow.
constexpr long clock_tolerance = 300;
/// A response for one certificate carries one answer, a few responders send more.
constexpr int most_answers = 100;

StapledStatus invalid(std::string why) {
  ERR_clear_error();
  return {OcspStatus::invalid, std::move(why)};
}

std::string library_reason() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  return reason != nullptr ? reason : "no reason given";
}

std::string date_text(const ASN1_TIME* time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(WallClock::to_time_t(time_of(time))));
}

/// Whoever signed the leaf: among what was presented, or a root that was not.
CertificatePtr issuer_of(X509& leaf, STACK_OF(X509) & presented, X509_STORE& roots) {
  for (int i = 0; i < sk_X509_num(&presented); ++i) {
    auto* candidate = sk_X509_value(&presented, i);
    if (X509_check_issued(candidate, &leaf) != X509_V_OK) continue;
    X509_up_ref(candidate);
    return CertificatePtr{candidate};
  }
  const std::unique_ptr<X509_STORE_CTX, OpensslDeleter<X509_STORE_CTX_free>> lookup{X509_STORE_CTX_new()};
  X509* root = nullptr;
  if (lookup && X509_STORE_CTX_init(lookup.get(), &roots, &leaf, nullptr) == 1)
    X509_STORE_CTX_get1_issuer(&root, lookup.get(), &leaf);
  return CertificatePtr{root};
}

/// Whether `answer` is about `leaf`: its name for a certificate is made with a digest of its own choice.
bool is_about(const OCSP_SINGLERESP& answer, const X509& leaf, const X509& issuer) {
  auto* id = const_cast<OCSP_CERTID*>(OCSP_SINGLERESP_get0_id(&answer));
  ASN1_OBJECT* digest_name = nullptr;
  OCSP_id_get0_info(nullptr, &digest_name, nullptr, nullptr, id);
  const auto* digest = EVP_get_digestbyobj(digest_name);
  if (digest == nullptr) return false;
  const CertIdPtr own{OCSP_cert_to_id(digest, &leaf, &issuer)};
  return own && OCSP_id_cmp(own.get(), id) == 0;
}

OCSP_SINGLERESP* find_answer(OCSP_BASICRESP& basic, const X509& leaf, const X509& issuer) {
  for (int i = 0; i < OCSP_resp_count(&basic) && i < most_answers; ++i) {
    auto* answer = OCSP_resp_get0(&basic, i);
    if (is_about(*answer, leaf, issuer)) return answer;
  }
  return nullptr;
}

StapledStatus read_answer(OCSP_SINGLERESP& answer) {
  int reason = 0;
  ASN1_GENERALIZEDTIME* revoked = nullptr;
  ASN1_GENERALIZEDTIME* produced = nullptr;
  ASN1_GENERALIZEDTIME* next = nullptr;
  const auto status = OCSP_single_get0_status(&answer, &reason, &revoked, &produced, &next);
  if (OCSP_check_validity(produced, next, clock_tolerance, -1) != 1)
    return invalid(fmt::format("{}: thisUpdate {}, nextUpdate {}; it says {}", library_reason(),
                               date_text(produced), next != nullptr ? date_text(next) : "absent",
                               OCSP_cert_status_str(status)));
  if (status == V_OCSP_CERTSTATUS_GOOD) return {OcspStatus::good, {}};
  if (status != V_OCSP_CERTSTATUS_REVOKED) return {OcspStatus::unknown, {}};
  return {OcspStatus::revoked, fmt::format("{}, {}", date_text(revoked),
                                           reason < 0 ? "no reason given" : OCSP_crl_reason_str(reason))};
}

}  // namespace

StapledStatus read_stapled(std::span<const unsigned char> response, STACK_OF(X509) & presented,
                           X509_STORE& roots) {
  auto* leaf = sk_X509_value(&presented, 0);
  if (leaf == nullptr) return invalid("there is no certificate that it could be about");
  const auto* at = response.data();
  const ResponsePtr parsed{d2i_OCSP_RESPONSE(nullptr, &at, static_cast<long>(response.size()))};
  if (!parsed) return invalid("it cannot be parsed");
  if (const auto status = OCSP_response_status(parsed.get()); status != OCSP_RESPONSE_STATUS_SUCCESSFUL)
    return invalid(fmt::format("the responder answered {}", OCSP_response_status_str(status)));
  const BasicPtr basic{OCSP_response_get1_basic(parsed.get())};
  if (!basic) return invalid("it is of no known type");
  if (OCSP_basic_verify(basic.get(), &presented, &roots, 0) != 1)
    return invalid(fmt::format("its signature does not verify: {}", library_reason()));
  const auto issuer = issuer_of(*leaf, presented, roots);
  auto* answer = issuer ? find_answer(*basic, *leaf, *issuer) : nullptr;
  if (answer == nullptr) return invalid("it is about another certificate");
  return read_answer(*answer);
}

}  // namespace fwprobe::probe
