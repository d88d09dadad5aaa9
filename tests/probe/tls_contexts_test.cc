// Roots and client certificates.

#include <algorithm>
#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/x509.h>

#include "probe/openssl_ptr.h"
#include "probe/tls_roots.h"
#include "tests/support/handshakes.h"
#include "tests/support/tls_server.h"

namespace fwprobe::probe {
namespace {

using namespace fwprobe::tests;
using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

/// Of `openssl pkcs8 -topk8` and `openssl ec -aes128`.
constexpr const char* encrypted_pkcs8 =
    "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"
    "MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAj/1dOPZtVtvAICCAAw\n"
    "DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEL4yM73dfbT89tnvVLkJs7wEgZCz\n"
    "9O8czsIX6Nr3M5zKIb6RYrKq193Y/k5RuPO0UsrAtWhkTBj4hkA21UTA1qxFv/aX\n"
    "tDns9ztOG+1zHK9tTaEaIzb64dCZIGLA6oEHUD3zdLLKONLBRMSH5a+UD1xb3fKh\n"
    "ttYTXDnbPA44sDQ4DIsy/6Kg+493Fok7xBId5k/qrU7vFxpL2Yf9sucdbx4oAi4=\n"
    "-----END ENCRYPTED PRIVATE KEY-----\n";
constexpr const char* encrypted_traditional =
    "-----BEGIN EC PRIVATE KEY-----\n"
    "Proc-Type: 4,ENCRYPTED\n"
    "DEK-Info: AES-128-CBC,39DA6896D79B3F520885DA5D27E58CA4\n"
    "\n"
    "qAV4ZEB9yQlIwpAHsjW+pIQg3tLFwz1NgMmcnVLlSQZ+NuTNUVqdrg5QLS7hqRr6\n"
    "cjLb+IHH31T/O+NNp++UfHK6M1yTB/FiWYXnR2XXOhMJkfCOYZYT/tujpjuGShiy\n"
    "T1sGcfxjXZYMN51AEavgix8dokf9Qp1yqxTP9QSVvls=\n"
    "-----END EC PRIVATE KEY-----\n";

Identity client(const Identity& issuer = authorities().root) {
  return leaf_by(issuer, {.name = "client", .alternative_names = "", .extra_usage = "clientAuth"});
}

/// A server that lets in clients with a certificate of the tests' root.
TlsServerWish demanding(std::vector<std::string> arguments = {}) {
  arguments.insert(arguments.end(), {"-Verify", "1", "-verify_return_error", "-CAfile", "@root.pem"});
  return {.leaf = leaf(),
          .chain = {authorities().intermediate},
          .arguments = std::move(arguments),
          .files = {{"root.pem", authorities().root.certificate_pem()}}};
}

TlsCredentials with_client(const TempFolder& folder, const Identity& identity) {
  folder.write("client.pem", identity.certificate_pem());
  folder.write("client.key", identity.key_pem());
  auto credentials = trusting_the_root();
  credentials.client_certificate = folder.path("client.pem");
  credentials.client_key = folder.path("client.key");
  return credentials;
}

TEST(TlsClientCertificate, LetsUsIn) {
  const TempFolder folder;
  const auto credentials = with_client(folder, client());
  for (const std::string version : {"-tls1_2", "-tls1_3"}) {
    const TlsServer server{demanding({version})};
    ASSERT_TRUE(server.listening()) << server.log();
    const auto fact = fact_of(server.endpoint(), question(), 10s, credentials);
    EXPECT_TRUE(fact.result) << in_words(fact) << server.log();
    EXPECT_TRUE(fact.client_certificate_requested);
  }
}

TEST(TlsClientCertificate, OfAnotherAuthorityIsRefusedByAnAlert) {
  const TempFolder folder;
  const auto credentials = with_client(folder, client(authorities().stranger));
  for (const std::string version : {"-tls1_2", "-tls1_3"}) {
    const TlsServer server{demanding({version})};
    ASSERT_TRUE(server.listening()) << server.log();
    EXPECT_EQ(in_words(fact_of(server.endpoint(), question(), 10s, credentials)),
              "received unknown_ca, after ServerHello");
  }
}

TEST(TlsClientCertificate, MayStandInOneFileWithItsKeyAndIntermediates) {
  const TempFolder folder;
  const auto identity = client(authorities().intermediate);
  folder.write("all.pem", identity.key_pem() + identity.certificate_pem() +
                              authorities().intermediate.certificate_pem());
  auto credentials = trusting_the_root();
  credentials.client_certificate = folder.path("all.pem");
  auto wish = demanding();
  wish.arguments[1] = "2";  // one intermediate more
  const TlsServer server{wish};
  ASSERT_TRUE(server.listening()) << server.log();
  const auto fact = fact_of(server.endpoint(), question(), 10s, credentials);
  EXPECT_EQ(in_words(fact), "TLSv1.3") << server.log();
}

/// The error of loading these; "" when it works.
std::string complaint(const TlsCredentials& credentials) {
  const auto loaded = TlsContexts::load(credentials);
  return loaded ? "" : loaded.error();
}

TEST(TlsCredentialFiles, ErrorsSayWhichFileAndWhatWouldBeRight) {
  const TempFolder folder;
  const auto good = with_client(folder, client());
  ASSERT_EQ(complaint(good), "");
  const auto file = [&](const char* name, const std::string& content) {
    folder.write(name, content);
    return folder.path(name);
  };
  const auto with_ca = [](const std::string& path) { return TlsCredentials{path, {}, {}}; };
  const auto with_key = [&](const std::string& path) {
    return TlsCredentials{{}, good.client_certificate, path};
  };

  const auto missing = folder.path("missing.pem");
  EXPECT_EQ(complaint(with_ca(missing)), missing + ": No such file or directory");
  EXPECT_EQ(complaint(with_ca(folder.path())), folder.path() + ": Is a directory");
  const auto endless = complaint(with_ca("/dev/zero"));
  EXPECT_EQ(endless, "/dev/zero: File too large");
  const auto empty = file("empty.pem", "");
  EXPECT_THAT(complaint(with_ca(empty)), AllOf(StartsWith(empty), HasSubstr("holds no PEM certificate")));
  const auto der = file("root.der", authorities().root.der());
  EXPECT_THAT(complaint(with_ca(der)), AllOf(StartsWith(der), HasSubstr("openssl x509 -inform DER")));
  const auto key_only = file("key.pem", client().key_pem());
  EXPECT_THAT(complaint(with_ca(key_only)), HasSubstr("holds no PEM certificate"));
  const auto pem = authorities().root.certificate_pem();
  const auto cut = file("cut.pem", pem + pem.substr(0, pem.size() / 2));
  EXPECT_EQ(complaint(with_ca(cut)),
            fmt::format("{}:{}:1: certificate 2 cannot be read", cut, 1 + std::ranges::count(pem, '\n')));
  const auto spoilt =
      file("spoilt.pem", "# spoilt\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
  EXPECT_EQ(complaint(with_ca(spoilt)), spoilt + ":2:1: certificate 1 cannot be read");

  const auto other_key = file("other.key", client().key_pem());
  EXPECT_THAT(complaint(with_key(other_key)),
              AllOf(StartsWith(other_key), HasSubstr("does not belong to the first certificate of")));
  for (const auto* encrypted : {encrypted_pkcs8, encrypted_traditional}) {
    const auto locked = file("locked.key", encrypted);
    EXPECT_THAT(complaint(with_key(locked)), AllOf(StartsWith(locked), HasSubstr("is encrypted")));
  }
  const auto no_key = file("nokey.pem", pem);
  EXPECT_THAT(complaint(with_key(no_key)), AllOf(StartsWith(no_key), HasSubstr("holds no PEM private key")));
  const auto bad_key = file("bad.key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
  EXPECT_EQ(complaint(with_key(bad_key)), bad_key + ": the private key cannot be read");
  EXPECT_THAT(complaint({{}, {}, good.client_key}),
              AllOf(StartsWith(good.client_key.string()), HasSubstr("give both")));

  const auto weak =
      leaf_by(authorities().root, {.name = "weak", .alternative_names = "", .key = rsa_key(1024)});
  EXPECT_THAT(complaint(with_client(folder, weak)), HasSubstr("cannot be used: ee key too small"));
}

TEST(TlsRoots, AnIntermediateInTheCaFileIsATrustAnchor) {
  const TempFolder folder;
  folder.write("anchor.pem", authorities().intermediate.certificate_pem());
  const TlsServer server{{.leaf = leaf(), .chain = {authorities().intermediate}}};
  ASSERT_TRUE(server.listening()) << server.log();
  const auto fact = fact_of(server.endpoint(), question(), 10s, {folder.path("anchor.pem"), {}, {}});
  EXPECT_EQ(in_words(fact), "TLSv1.3");
  EXPECT_EQ(fact.verified_path.size(), 2U);
}

TEST(TlsRoots, TheSystemDoesNotTrustTheTests) {
  const TlsServer server{{.leaf = leaf()}};
  ASSERT_TRUE(server.listening()) << server.log();
  EXPECT_EQ(in_words(fact_of(server.endpoint(), question(), 10s, {})), "TLSv1.3 20@0 21@0");
}

/// Whether `certificate` verifies by what add_roots() finds in `places`.
bool trusted(const RootPlaces& places, const Identity& identity, const std::string& from) {
  const StorePtr store{X509_STORE_new()};
  EXPECT_EQ(add_roots(*store, places), from);
  const std::unique_ptr<X509_STORE_CTX, OpensslDeleter<X509_STORE_CTX_free>> context{X509_STORE_CTX_new()};
  X509_STORE_CTX_init(context.get(), store.get(), identity.certificate.get(), nullptr);
  return X509_verify_cert(context.get()) == 1;
}

TEST(TlsRoots, AHashedDirectoryIsPreferredToABundle) {
  const TempFolder hashed;
  const TempFolder other;
  const auto& root = authorities().root;
  const auto& stranger = authorities().stranger;
  const auto hash = X509_subject_name_hash(root.certificate.get());
  hashed.write(fmt::format("{:08x}.0", hash), root.certificate_pem());
  other.write("bundle.pem", stranger.certificate_pem());
  other.write("README.0", "no hash");
  const RootPlaces both{{"/nonexistent", other.path(), hashed.path()},
                        {"/nonexistent", other.path("bundle.pem")}};
  EXPECT_TRUE(trusted(both, root, hashed.path()));
  EXPECT_FALSE(trusted(both, stranger, hashed.path())) << "the bundle is not loaded as well";
  const RootPlaces only_bundle{{other.path()}, {other.path("README.0"), other.path("bundle.pem")}};
  EXPECT_TRUE(trusted(only_bundle, stranger, other.path("bundle.pem")));
  EXPECT_FALSE(trusted({{other.path()}, {}}, root, ""));
}

TEST(TlsRoots, TheEnvironmentIsNotRead) {
  const auto before = system_root_places();
  setenv("SSL_CERT_DIR", "/nonexistent", 1);
  setenv("SSL_CERT_FILE", "/nonexistent", 1);
  const auto after = system_root_places();
  unsetenv("SSL_CERT_DIR");
  unsetenv("SSL_CERT_FILE");
  EXPECT_EQ(before.directories, after.directories);
  EXPECT_EQ(before.bundles, after.bundles);
}

}  // namespace
}  // namespace fwprobe::probe
