#include "probe/tls_library.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "probe/openssl_ptr.h"

namespace fwprobe::probe {
namespace {

/// A context with all that OpenSSL has, beside the default one, which start_tls_library() has reduced.
class TlsLibraryTest : public testing::Test {
 protected:
  void SetUp() override {
    start_tls_library();
    ASSERT_EQ(OSSL_PROVIDER_available(nullptr, "default"), 0) << "nothing is left out";
  }

  static std::vector<std::string> suites(OSSL_LIB_CTX* library) {
    const ContextPtr context{SSL_CTX_new_ex(library, nullptr, TLS_client_method())};
    SSL_CTX_set_security_level(context.get(), 0);
    EXPECT_EQ(SSL_CTX_set_cipher_list(context.get(), "ALL:COMPLEMENTOFALL"), 1);
    std::vector<std::string> names;
    const auto* ciphers = SSL_CTX_get_ciphers(context.get());
    for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); ++i)
      names.emplace_back(SSL_CIPHER_standard_name(sk_SSL_CIPHER_value(ciphers, i)));
    return names;
  }

  static KeyPtr make_key(OSSL_LIB_CTX* library, const char* type, const char* group = nullptr) {
    const std::unique_ptr<EVP_PKEY_CTX, OpensslDeleter<EVP_PKEY_CTX_free>> context{
        EVP_PKEY_CTX_new_from_name(library, type, nullptr)};
    EVP_PKEY* key = nullptr;
    if (context && EVP_PKEY_keygen_init(context.get()) == 1 &&
        (group == nullptr || EVP_PKEY_CTX_set_group_name(context.get(), group) == 1))
      EVP_PKEY_generate(context.get(), &key);
    return KeyPtr{key};
  }

  const std::unique_ptr<OSSL_LIB_CTX, OpensslDeleter<OSSL_LIB_CTX_free>> whole{OSSL_LIB_CTX_new()};
};

TEST_F(TlsLibraryTest, HasEveryCipherSuite) {
  const auto all = suites(whole.get());
  EXPECT_GT(all.size(), 100U);
  EXPECT_EQ(suites(nullptr), all);
}

TEST_F(TlsLibraryTest, AgreesOnKeysInEveryGroup) {
  const ContextPtr context{SSL_CTX_new(TLS_client_method())};
  EXPECT_EQ(SSL_CTX_set1_groups_list(context.get(),
                                     "X25519:X448:P-256:P-384:P-521:ffdhe2048:ffdhe3072:ffdhe4096:ffdhe6144:"
                                     "ffdhe8192:brainpoolP256r1:secp256k1"),
            1);
  for (const char* type : {"X25519", "X448"}) EXPECT_TRUE(make_key(nullptr, type)) << type;
  for (const char* curve : {"P-256", "P-521", "brainpoolP512r1"})
    EXPECT_TRUE(make_key(nullptr, "EC", curve)) << curve;
  EXPECT_TRUE(make_key(nullptr, "DH", "ffdhe2048"));
}

TEST_F(TlsLibraryTest, ReadsThePublicKeysOfCertificates) {
  struct {
    const char* type;
    const char* group;
  } constexpr kinds[] = {{"RSA", nullptr},     {"RSA-PSS", nullptr},      {"EC", "P-256"},
                         {"EC", "P-384"},      {"EC", "brainpoolP256r1"}, {"EC", "secp256k1"},
                         {"ED25519", nullptr}, {"ED448", nullptr}};
  for (const auto& [type, group] : kinds) {
    const auto key = make_key(whole.get(), type, group);
    unsigned char* der = nullptr;
    const auto length = i2d_PUBKEY(key.get(), &der);
    const auto* at = der;
    const KeyPtr read{d2i_PUBKEY(nullptr, &at, length)};
    OPENSSL_free(der);
    EXPECT_TRUE(key && read && EVP_PKEY_eq(read.get(), key.get()) == 1) << type << (group ? group : "");
  }
}

TEST_F(TlsLibraryTest, KnowsTheDigestsOfSignatures) {
  for (const char* name : {"MD5", "SHA1", "SHA224", "SHA256", "SHA384", "SHA512", "SHA3-256", "RIPEMD160"}) {
    const std::unique_ptr<EVP_MD, OpensslDeleter<EVP_MD_free>> digest{EVP_MD_fetch(nullptr, name, nullptr)};
    EXPECT_TRUE(digest) << name;
    EXPECT_NE(EVP_get_digestbyname(name), nullptr) << name;
  }
}

}  // namespace
}  // namespace fwprobe::probe
