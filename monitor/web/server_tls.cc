#include "monitor/web/server_tls.h"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "probe/pem.h"
#include "probe/tls_library.h"

namespace fwprobe::monitor {
namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const auto& name : names) all += (all.empty() ? "" : ":") + name;
  return all;
}

/// The certificate was read from the client, and nobody looks at it: RequestClientCert, RequireAnyClientCert.
int accept_any(X509_STORE_CTX*, void*) { return 1; }

std::expected<void, std::string> verify_clients(SSL_CTX& context, const TlsServer& tls) {
  switch (tls.client_auth) {
    case ClientAuth::none:
      return {};
    case ClientAuth::request:
      SSL_CTX_set_cert_verify_callback(&context, accept_any, nullptr);
      SSL_CTX_set_verify(&context, SSL_VERIFY_PEER, nullptr);
      return {};
    case ClientAuth::require_any:
      SSL_CTX_set_cert_verify_callback(&context, accept_any, nullptr);
      SSL_CTX_set_verify(&context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
      return {};
    case ClientAuth::verify_if_given:
      SSL_CTX_set_verify(&context, SSL_VERIFY_PEER, nullptr);
      break;
    case ClientAuth::require_and_verify:
      SSL_CTX_set_verify(&context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
      break;
  }
  const auto authorities = probe::read_certificates(tls.client_ca);
  if (!authorities) return std::unexpected{authorities.error()};
  for (int i = 0; i < sk_X509_num(authorities->get()); ++i) {
    auto* authority = sk_X509_value(authorities->get(), i);
    if (X509_STORE_add_cert(SSL_CTX_get_cert_store(&context), authority) != 1 ||
        SSL_CTX_add_client_CA(&context, authority) != 1)
      return std::unexpected{
          fmt::format("{}: cannot be used as an authority of clients", tls.client_ca.string())};
  }
  return {};
}

std::expected<void, std::string> identify(SSL_CTX& context, const TlsServer& tls) {
  const auto chain = probe::read_certificates(tls.certificate);
  if (!chain) return std::unexpected{chain.error()};
  const auto key = probe::read_private_key(tls.key);
  if (!key) return std::unexpected{key.error()};
  auto* leaf = sk_X509_value(chain->get(), 0);
  if (X509_check_private_key(leaf, key->get()) != 1)
    return std::unexpected{fmt::format("{}: the private key does not belong to the first certificate of {}",
                                       tls.key.string(), tls.certificate.string())};
  auto* rest = sk_X509_dup(chain->get());
  if (rest == nullptr) return std::unexpected{std::string{"out of memory"}};
  sk_X509_shift(rest);
  const bool used = SSL_CTX_use_cert_and_key(&context, leaf, key->get(), rest, 1) == 1;
  sk_X509_free(rest);
  if (!used)
    return std::unexpected{fmt::format("{}: the library does not accept this certificate: {}",
                                       tls.certificate.string(),
                                       ERR_reason_error_string(ERR_peek_last_error()))};
  return {};
}

bool restrict_to(SSL_CTX& context, const TlsServer& tls) {
  // TLS 1.0 and 1.1 sign with SHA-1, which level 1 and above refuse.
  if (tls.least_version < TLS1_2_VERSION) SSL_CTX_set_security_level(&context, 0);
  if (tls.server_preference) SSL_CTX_set_options(&context, SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_options(&context, SSL_OP_NO_RENEGOTIATION);
  // Whoever resumes a session shows no certificate: none is kept, and a new configuration holds at once.
  SSL_CTX_set_options(&context, SSL_OP_NO_TICKET);
  SSL_CTX_set_session_cache_mode(&context, SSL_SESS_CACHE_OFF);
  return SSL_CTX_set_min_proto_version(&context, tls.least_version) == 1 &&
         SSL_CTX_set_max_proto_version(&context, tls.most_version) == 1 &&
         (tls.ciphers.empty() || SSL_CTX_set_cipher_list(&context, joined(tls.ciphers).c_str()) == 1) &&
         (tls.groups.empty() || SSL_CTX_set1_groups_list(&context, joined(tls.groups).c_str()) == 1);
}

}  // namespace

std::expected<asio::ssl::context, std::string> make_server_context(const TlsServer& tls) {
  probe::start_tls_library();
  ERR_clear_error();
  asio::ssl::context context{asio::ssl::context::tls_server};
  auto& native = *context.native_handle();
  if (!restrict_to(native, tls))
    return std::unexpected{fmt::format("TLS versions, cipher suites and curves do not go together: {}",
                                       ERR_reason_error_string(ERR_peek_last_error()))};
  for (const auto step : {identify, verify_clients}) {
    auto done = step(native, tls);
    ERR_clear_error();
    if (!done) return std::unexpected{done.error()};
  }
  return context;
}

}  // namespace fwprobe::monitor
