#include "probe/tls_witness.h"

#include <algorithm>
#include <array>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "probe/certificate.h"

namespace fwprobe::probe {
namespace {

constexpr std::size_t most_first_bytes = 64;
/// A chain of our limit gives a few errors a certificate at the very worst.
constexpr std::size_t most_errors = 128;
constexpr unsigned char fatal = 2;  // RFC 8446 §6

/// OpenSSL hands its callbacks an SSL, and this finds the witness by it: the one number that the process
/// keeps, as SSL_get_ex_new_index(3) wants it. (The slot "app data" is Asio's.)
int witness_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

TlsWitness* witness_of(X509_STORE_CTX* store) {
  const auto* ssl =
      static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  return ssl != nullptr ? static_cast<TlsWitness*>(SSL_get_ex_data(ssl, witness_index())) : nullptr;
}

/// RFC 8446 §5.1: a content type of 20 to 24 and a major version of 3.
bool begins_a_record(std::string_view bytes) {
  return bytes[0] >= 20 && bytes[0] <= 24 && (bytes.size() < 2 || bytes[1] == 3);
}

}  // namespace

TlsWitness::TlsWitness(SSL& ssl) : ssl_{ssl} {
  SSL_set_ex_data(&ssl_, witness_index(), this);
  SSL_set_verify(&ssl_, SSL_VERIFY_PEER, nullptr);
  SSL_set_msg_callback(&ssl_, &TlsWitness::on_message);
  SSL_set_msg_callback_arg(&ssl_, this);
  BIO_set_callback_ex(SSL_get_rbio(&ssl_), &TlsWitness::on_transfer);
  BIO_set_callback_arg(SSL_get_rbio(&ssl_), reinterpret_cast<char*>(this));
}

TlsWitness::~TlsWitness() {
  SSL_set_ex_data(&ssl_, witness_index(), nullptr);
  SSL_set_msg_callback(&ssl_, nullptr);
  SSL_set_msg_callback_arg(&ssl_, nullptr);
  BIO_set_callback_ex(SSL_get_rbio(&ssl_), nullptr);
  BIO_set_callback_arg(SSL_get_rbio(&ssl_), nullptr);
}

void TlsWitness::prepare(SSL_CTX& context) {
  SSL_CTX_set_cert_verify_callback(&context, &TlsWitness::verify, nullptr);
}

/// In place of X509_verify_cert(3), with its work done by it. The parameters (purpose, host, security level)
/// are set by then.
int TlsWitness::verify(X509_STORE_CTX* store, void*) {
  auto* witness = witness_of(store);
  if (witness == nullptr) return 0;
  witness->chain_seen_ = true;
  X509_STORE_CTX_set_verify_cb(store, &TlsWitness::on_verdict);
  // It may also stop by itself (memory, a chain it cannot work on), without asking on_verdict.
  if (X509_verify_cert(store) != 1 && witness->verify_errors_.empty()) witness->add_error(*store);
  witness->add_path(*store);
  ERR_clear_error();
  return 1;
}

int TlsWitness::on_verdict(int ok, X509_STORE_CTX* store) {
  if (ok == 0) witness_of(store)->add_error(*store);
  return 1;
}

void TlsWitness::add_error(X509_STORE_CTX& store) {
  const auto reported = X509_STORE_CTX_get_error(&store);
  const auto code = reported == X509_V_OK ? X509_V_ERR_UNSPECIFIED : reported;
  const VerifyError error{code, X509_verify_cert_error_string(code), X509_STORE_CTX_get_error_depth(&store)};
  if (verify_errors_.size() < most_errors && std::ranges::find(verify_errors_, error) == verify_errors_.end())
    verify_errors_.push_back(error);
}

/// A path ends in a trust anchor when its last certificate came from the store and needs no further issuer.
void TlsWitness::add_path(X509_STORE_CTX& store) {
  const auto* path = X509_STORE_CTX_get0_chain(&store);
  if (path == nullptr || X509_STORE_CTX_get_num_untrusted(&store) >= sk_X509_num(path)) return;
  const auto unfinished = [](const VerifyError& error) {
    return error.code == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT;
  };
  if (std::ranges::any_of(verify_errors_, unfinished)) return;
  for (int i = 0; i < sk_X509_num(path); ++i)
    verified_path_.push_back(name_text(*X509_get_subject_name(sk_X509_value(path, i))));
}

void TlsWitness::add_alert(std::optional<TlsAlert>& alert, std::string_view message) {
  if (alert || message.size() != 2 || message[0] != fatal) return;
  const auto code = static_cast<std::uint8_t>(message[1]);
  alert = TlsAlert{code, alert_name(code)};
}

void TlsWitness::on_message(int sent, int /*version*/, int type, const void* data, std::size_t length, SSL*,
                            void* self) {
  auto& witness = *static_cast<TlsWitness*>(self);
  const std::string_view message{static_cast<const char*>(data), length};
  if (type == SSL3_RT_ALERT) witness.add_alert(sent != 0 ? witness.sent_ : witness.received_, message);
  if (type != SSL3_RT_HANDSHAKE || sent != 0 || message.empty()) return;
  switch (message[0]) {
    case SSL3_MT_SERVER_HELLO:
      witness.server_hello_ = true;
      break;
    case SSL3_MT_CERTIFICATE_REQUEST:
      witness.certificate_requested_ = true;
      break;
    case SSL3_MT_NEWSESSION_TICKET:
      // Not cancel(): the wait may begin only after this.
      if (witness.on_ticket_ != nullptr) witness.on_ticket_->expires_at(Clock::time_point::min());
      break;
    default:
      break;
  }
}

long TlsWitness::on_transfer(BIO* bio, int operation, const char* data, std::size_t, int, long, int result,
                             std::size_t* processed) {
  if (operation == (BIO_CB_READ | BIO_CB_RETURN) && result > 0) {
    auto& first = reinterpret_cast<TlsWitness*>(BIO_get_callback_arg(bio))->first_bytes_;
    first.append(data, std::min(*processed, most_first_bytes - first.size()));
  }
  return result;
}

std::string TlsWitness::foreign_bytes() {
  if (first_bytes_.empty() || begins_a_record(first_bytes_)) return {};
  // OpenSSL looks at a record's header before it reads on; on_transfer keeps what is read here.
  std::array<char, most_first_bytes> rest;
  while (first_bytes_.size() < most_first_bytes &&
         BIO_read(SSL_get_rbio(&ssl_), rest.data(), static_cast<int>(rest.size())) > 0)
    continue;
  return first_bytes_;
}

}  // namespace fwprobe::probe
