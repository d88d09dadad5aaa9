#pragma once
// Sees one handshake from inside OpenSSL: what its callbacks tell while it happens, and is lost afterwards.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <asio/steady_timer.hpp>
#include <openssl/types.h>

#include "probe/facts/tls.h"

namespace fwprobe::probe {

/// Watches a handshake of a context that was prepared, from its construction to its end of life; `ssl` must
/// live as long. Handshakes whose chain no witness verifies fail.
class TlsWitness {
 public:
  explicit TlsWitness(SSL& ssl);
  ~TlsWitness();
  TlsWitness(const TlsWitness&) = delete;
  TlsWitness& operator=(const TlsWitness&) = delete;

  /// Makes verification collect errors instead of ending handshakes.
  static void prepare(SSL_CTX& context);

  const std::vector<VerifyError>& verify_errors() const { return verify_errors_; }
  const std::vector<std::string>& verified_path() const { return verified_path_; }
  bool verified() const { return chain_seen_ && verify_errors_.empty(); }
  const std::optional<TlsAlert>& received() const { return received_; }
  const std::optional<TlsAlert>& sent() const { return sent_; }
  bool answered() const { return !first_bytes_.empty(); }
  bool server_hello() const { return server_hello_; }
  bool certificate_requested() const { return certificate_requested_; }
  /// The first bytes that came when they are no TLS record, else empty. Takes what OpenSSL has not read yet.
  std::string foreign_bytes();

  /// `timer` expires as soon as a NewSessionTicket comes.
  void expire_on_ticket(asio::steady_timer& timer) { on_ticket_ = &timer; }

 private:
  static int verify(X509_STORE_CTX* store, void*);
  static int on_verdict(int ok, X509_STORE_CTX* store);
  static void on_message(int sent, int version, int type, const void* data, std::size_t length, SSL*,
                         void* self);
  static long on_transfer(BIO*, int operation, const char* data, std::size_t, int, long, int result,
                          std::size_t* processed);
  void add_error(X509_STORE_CTX& store);
  void add_path(X509_STORE_CTX& store);
  void add_alert(std::optional<TlsAlert>& alert, std::string_view message);

  SSL& ssl_;
  std::vector<VerifyError> verify_errors_;
  std::vector<std::string> verified_path_;
  std::optional<TlsAlert> received_;
  std::optional<TlsAlert> sent_;
  std::string first_bytes_;
  asio::steady_timer* on_ticket_ = nullptr;
  bool chain_seen_ = false;
  bool server_hello_ = false;
  bool certificate_requested_ = false;
};

}  // namespace fwprobe::probe
