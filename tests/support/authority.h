#pragma once
// A certificate authority for tests: any certificate, also those that no real authority would issue, and OCSP
// responses.

#include <chrono>
#include <ctime>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "probe/tls_library.h"

namespace fwprobe::tests {

using X509Owner = std::shared_ptr<X509>;
using KeyOwner = std::shared_ptr<EVP_PKEY>;

/// Before the tests make keys, as the program does before it uses any.
inline const bool started = (probe::start_tls_library(), true);

inline void require(bool worked) {
  if (!worked) throw std::runtime_error{"OpenSSL refused to make what the test needs"};
}

inline KeyOwner ec_key(const char* curve = "P-256") { return {EVP_EC_gen(curve), EVP_PKEY_free}; }
inline KeyOwner rsa_key(std::size_t bits) {
  return {EVP_RSA_gen(static_cast<unsigned>(bits)), EVP_PKEY_free};
}

struct CertificateWish {
  std::string name = "server.test";                   ///< the subject's common name
  std::string alternative_names = "DNS:server.test";  ///< x509v3_config(5); empty: none
  std::chrono::hours begins{-24};                     ///< from now
  std::chrono::hours ends{24 * 30};
  const char* digest = "SHA256";  ///< empty for Ed25519
  KeyOwner key = ec_key();
  bool authority = false;
  std::string extra_usage{};  ///< extendedKeyUsage
};

/// A certificate with its key.
struct Identity {
  X509Owner certificate;
  KeyOwner key;

  std::string certificate_pem() const {
    std::unique_ptr<BIO, decltype(&BIO_free_all)> bio{BIO_new(BIO_s_mem()), BIO_free_all};
    require(PEM_write_bio_X509(bio.get(), certificate.get()) == 1);
    return text(bio.get());
  }
  std::string key_pem() const {
    std::unique_ptr<BIO, decltype(&BIO_free_all)> bio{BIO_new(BIO_s_mem()), BIO_free_all};
    require(PEM_write_bio_PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
    return text(bio.get());
  }
  std::string der() const {
    unsigned char* bytes = nullptr;
    const auto length = i2d_X509(certificate.get(), &bytes);
    require(length > 0);
    std::string copy{reinterpret_cast<char*>(bytes), static_cast<std::size_t>(length)};
    OPENSSL_free(bytes);
    return copy;
  }

 private:
  static std::string text(BIO* bio) {
    char* data = nullptr;
    const auto length = BIO_get_mem_data(bio, &data);
    return {data, static_cast<std::size_t>(length)};
  }
};

inline void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509V3_set_ctx_nodb(&context);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  require(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

/// Signed by `issuer`, or by itself.
inline Identity issue(const CertificateWish& wish, const Identity* issuer = nullptr) {
  static long serial = 0x1000;
  const Identity made{{X509_new(), X509_free}, wish.key};
  auto* certificate = made.certificate.get();
  require(X509_set_version(certificate, 2) == 1);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
  const auto now = std::time(nullptr);
  ASN1_TIME_adj(X509_getm_notBefore(certificate), now, 0, std::chrono::seconds{wish.begins}.count());
  ASN1_TIME_adj(X509_getm_notAfter(certificate), now, 0, std::chrono::seconds{wish.ends}.count());
  auto* subject = X509_get_subject_name(certificate);
  X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("fwprobe tests"), -1, -1, 0);
  require(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(wish.name.data()),
                                     static_cast<int>(wish.name.size()), -1, 0) == 1);
  auto* signer = issuer ? issuer->certificate.get() : certificate;
  X509_set_issuer_name(certificate, X509_get_subject_name(signer));
  X509_set_pubkey(certificate, wish.key.get());
  add_extension(certificate, signer, NID_basic_constraints, wish.authority ? "critical,CA:TRUE" : "CA:FALSE");
  if (wish.authority)
    add_extension(certificate, signer, NID_key_usage, "critical,keyCertSign,cRLSign,digitalSignature");
  add_extension(certificate, signer, NID_subject_key_identifier, "hash");
  add_extension(certificate, signer, NID_authority_key_identifier, "keyid:always");
  if (!wish.alternative_names.empty())
    add_extension(certificate, signer, NID_subject_alt_name, wish.alternative_names);
  if (!wish.extra_usage.empty()) add_extension(certificate, signer, NID_ext_key_usage, wish.extra_usage);
  const auto* digest = *wish.digest ? EVP_get_digestbyname(wish.digest) : nullptr;
  require(X509_sign(certificate, issuer ? issuer->key.get() : wish.key.get(), digest) > 0);
  return made;
}

struct OcspWish {
  int status = V_OCSP_CERTSTATUS_GOOD;
  int reason = OCSP_REVOKED_STATUS_KEYCOMPROMISE;
  std::time_t revoked = 1'700'000'000;  ///< 2023-11-14T22:13:20Z
  std::chrono::hours made{-1};          ///< thisUpdate, from now
  std::chrono::hours next{24};          ///< nextUpdate, from now
  const EVP_MD* name_digest = EVP_sha1();
};

/// The DER form of a response about `subject`, signed by `signer`.
inline std::string ocsp_response(const OcspWish& wish, const Identity& subject, const Identity& issuer,
                                 const Identity& signer) {
  using Time = std::unique_ptr<ASN1_GENERALIZEDTIME, decltype(&ASN1_GENERALIZEDTIME_free)>;
  const auto at = [](std::time_t seconds) {
    return Time{ASN1_GENERALIZEDTIME_set(nullptr, seconds), ASN1_GENERALIZEDTIME_free};
  };
  const auto now = std::time(nullptr);
  std::unique_ptr<OCSP_BASICRESP, decltype(&OCSP_BASICRESP_free)> basic{OCSP_BASICRESP_new(),
                                                                        OCSP_BASICRESP_free};
  std::unique_ptr<OCSP_CERTID, decltype(&OCSP_CERTID_free)> id{
      OCSP_cert_to_id(wish.name_digest, subject.certificate.get(), issuer.certificate.get()),
      OCSP_CERTID_free};
  require(OCSP_basic_add1_status(basic.get(), id.get(), wish.status, wish.reason, at(wish.revoked).get(),
                                 at(now + std::chrono::seconds{wish.made}.count()).get(),
                                 at(now + std::chrono::seconds{wish.next}.count()).get()) != nullptr);
  require(OCSP_basic_sign(basic.get(), signer.certificate.get(), signer.key.get(), EVP_sha256(), nullptr,
                          0) == 1);
  std::unique_ptr<OCSP_RESPONSE, decltype(&OCSP_RESPONSE_free)> response{
      OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic.get()), OCSP_RESPONSE_free};
  unsigned char* bytes = nullptr;
  const auto length = i2d_OCSP_RESPONSE(response.get(), &bytes);
  require(length > 0);
  std::string copy{reinterpret_cast<char*>(bytes), static_cast<std::size_t>(length)};
  OPENSSL_free(bytes);
  return copy;
}

}  // namespace fwprobe::tests
