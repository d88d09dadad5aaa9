// What all handshakes of a run share: trusted roots, the client certificate, and the two policies.

#include <optional>
#include <stdexcept>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "probe/openssl_ptr.h"
#include "probe/pem.h"
#include "probe/tls.h"
#include "probe/tls_library.h"
#include "probe/tls_roots.h"
#include "probe/tls_witness.h"

namespace fwprobe::probe {
namespace {

struct Identity {
  CertificatesPtr chain;
  KeyPtr key;
};

std::string library_reason() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason != nullptr ? reason : "out of memory";
}

std::expected<std::optional<Identity>, std::string> read_identity(const TlsCredentials& credentials) {
  if (credentials.client_certificate.empty()) {
    if (credentials.client_key.empty()) return std::nullopt;
    return std::unexpected{fmt::format("{}: a client key is of no use without its certificate; give both",
                                       credentials.client_key.string())};
  }
  auto chain = read_certificates(credentials.client_certificate);
  if (!chain) return std::unexpected{chain.error()};
  const auto& key_file =
      credentials.client_key.empty() ? credentials.client_certificate : credentials.client_key;
  auto key = read_private_key(key_file);
  if (!key) return std::unexpected{key.error()};
  if (X509_check_private_key(sk_X509_value(chain->get(), 0), key->get()) != 1) {
    ERR_clear_error();
    return std::unexpected{fmt::format(
        "{}: the private key does not belong to the first certificate of {}; that file must begin "
        "with the client's own certificate",
        key_file.string(), credentials.client_certificate.string())};
  }
  return Identity{std::move(*chain), std::move(*key)};
}

/// What we offer when we only want to learn what the server has: everything the library knows. The curves
/// that are not on by default are those of RFC 7027 and older ones.
bool allow_everything(SSL_CTX& context) {
  SSL_CTX_set_security_level(&context, 0);
  SSL_CTX_set_options(&context, SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION);
  return SSL_CTX_set_min_proto_version(&context, TLS1_VERSION) == 1 &&
         SSL_CTX_set_cipher_list(&context, "ALL:COMPLEMENTOFALL") == 1 &&
         SSL_CTX_set1_groups_list(
             &context,
             "X25519:P-256:X448:P-521:P-384:ffdhe2048:ffdhe3072:ffdhe4096:brainpoolP256r1:"
             "brainpoolP384r1:brainpoolP512r1:secp256k1:P-224:P-192") == 1;
}

/// RFC 9325 §3.1.1: TLS 1.2 and newer. Level 2 asks for 112 bits of security: RSA of 2048 bits, no SHA-1.
bool allow_the_accepted(SSL_CTX& context) {
  SSL_CTX_set_security_level(&context, 2);
  return SSL_CTX_set_min_proto_version(&context, TLS1_2_VERSION) == 1;
}

}  // namespace

struct TlsContexts::Impl {
  TlsCredentials credentials;
  std::optional<Identity> identity;
  StorePtr store;
  std::string roots;
  std::optional<asio::ssl::context> standard;
  std::optional<asio::ssl::context> permissive;

  std::expected<void, std::string> load_store() {
    if (store) return {};
    StorePtr loaded{X509_STORE_new()};
    if (!loaded) return std::unexpected{library_reason()};
    if (credentials.ca_file.empty()) {
      roots = add_roots(*loaded, system_root_places());
    } else {
      const auto certificates = read_certificates(credentials.ca_file);
      if (!certificates) return std::unexpected{certificates.error()};
      for (int i = 0; i < sk_X509_num(certificates->get()); ++i)
        X509_STORE_add_cert(loaded.get(), sk_X509_value(certificates->get(), i));
      // What the user names is trusted, also when it is an intermediate; curl reads --cacert the same way.
      X509_STORE_set_flags(loaded.get(), X509_V_FLAG_PARTIAL_CHAIN);
      roots = credentials.ca_file.string();
    }
    store = std::move(loaded);
    return {};
  }

  std::expected<asio::ssl::context, std::string> make(TlsPolicy policy) {
    if (auto loaded = load_store(); !loaded) return std::unexpected{loaded.error()};
    ContextPtr context{SSL_CTX_new(TLS_client_method())};
    const bool made = context && (policy != TlsPolicy::permissive ? allow_the_accepted(*context)
                                                                  : allow_everything(*context));
    if (!made) return std::unexpected{library_reason()};
    SSL_CTX_set1_cert_store(context.get(), store.get());
    TlsWitness::prepare(*context);
    if (identity) {
      auto* leaf = sk_X509_value(identity->chain.get(), 0);
      if (SSL_CTX_use_certificate(context.get(), leaf) != 1 ||
          SSL_CTX_use_PrivateKey(context.get(), identity->key.get()) != 1)
        return std::unexpected{
            fmt::format("{}: cannot be used: {}", credentials.client_certificate.string(), library_reason())};
      for (int i = 1; i < sk_X509_num(identity->chain.get()); ++i)
        SSL_CTX_add1_chain_cert(context.get(), sk_X509_value(identity->chain.get(), i));
    }
    return asio::ssl::context{context.release()};
  }
};

TlsContexts::TlsContexts(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
TlsContexts::TlsContexts(TlsContexts&&) noexcept = default;
TlsContexts& TlsContexts::operator=(TlsContexts&&) noexcept = default;
TlsContexts::~TlsContexts() = default;

std::expected<TlsContexts, std::string> TlsContexts::load(TlsCredentials credentials) {
  auto impl = std::make_unique<Impl>();
  impl->credentials = std::move(credentials);
  const auto& files = impl->credentials;
  if (files.ca_file.empty() && files.client_certificate.empty() && files.client_key.empty())
    return TlsContexts{std::move(impl)};
  start_tls_library();
  auto identity = read_identity(files);
  if (!identity) return std::unexpected{identity.error()};
  if (auto loaded = impl->load_store(); !loaded) return std::unexpected{loaded.error()};
  if (!*identity) return TlsContexts{std::move(impl)};
  // Whether the library accepts it shows only here.
  impl->identity = std::move(*identity);
  auto context = impl->make(TlsPolicy::standard);
  if (!context) return std::unexpected{context.error()};
  impl->standard.emplace(std::move(*context));
  return TlsContexts{std::move(impl)};
}

asio::ssl::context& TlsContexts::context(TlsPolicy policy) {
  auto& context = policy == TlsPolicy::permissive ? impl_->permissive : impl_->standard;
  if (!context) {
    start_tls_library();
    auto made = impl_->make(policy);
    if (!made) throw std::runtime_error{"no TLS context: " + made.error()};
    context.emplace(std::move(*made));
  }
  return *context;
}

const std::string& TlsContexts::trusted_roots() const { return impl_->roots; }

}  // namespace fwprobe::probe
