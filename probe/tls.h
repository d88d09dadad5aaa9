#pragma once
// TLS handshakes (RFC 8446, RFC 5246): what the peer presented, what it refused, and what verification said.

#include <expected>
#include <memory>
#include <optional>
#include <string>

#include <asio/awaitable.hpp>
#include <asio/ssl/context.hpp>

#include "probe/clock.h"
#include "probe/connection.h"
#include "probe/facts/tls.h"

namespace fwprobe::probe {

/// Contexts for both policies. The system's roots come from its hashed directory where there is one. What is
/// not needed is not loaded: without a client certificate a context is made when it is first asked for.
class TlsContexts {
 public:
  /// Reads the credentials. An error names the file, what is wrong with it, and what would be right.
  static std::expected<TlsContexts, std::string> load(TlsCredentials credentials);
  TlsContexts(TlsContexts&&) noexcept;
  TlsContexts& operator=(TlsContexts&&) noexcept;
  ~TlsContexts();

  asio::ssl::context& context(TlsPolicy policy);
  /// A directory or file; empty before the first context was made, and when there is none.
  const std::string& trusted_roots() const;

 private:
  struct Impl;
  explicit TlsContexts(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

struct Handshaken {
  TlsHandshake fact;
  /// When the handshake ended, the chain verified without an error, no stapled response says revoked, and the
  /// policy is standard.
  std::optional<Connection> connection;
};

/// The handshake on `connection`, within `timeout`. Verification never ends it: every error is collected, and
/// then the connection is closed instead of handed on.
///
/// In TLS 1.3 the client is done before the server has judged its certificate, or the lack of one (RFC 8446
/// §2), so the alert that refuses it would hit whoever reads first. After a handshake with a
/// CertificateRequest we therefore wait for the server's first word: an alert is this handshake's failure; a
/// NewSessionTicket, which a server that asks for certificates cannot send earlier (RFC 8446 §4.6.1), or data
/// ends the wait at once; and silence ends it after three times the handshake's own duration (at least 100
/// ms, at most 1 s). A server slower than that is heard by the next reader as a failed read. In all other
/// handshakes nothing is waited for.
///
/// A server that refuses the lack of a certificate shows as client_certificate_requested together with the
/// received alert certificate_required, handshake_failure or bad_certificate (RFC 5246 §7.4.6 lets TLS 1.2
/// choose).
asio::awaitable<Handshaken> handshake(TlsQuestion question, Connection connection, TlsContexts& contexts,
                                      Clock::duration timeout);

/// The ClientHello record that a handshake begins with (RFC 8446 §4.1.2), for those who send it by other
/// means; empty when the question cannot be asked.
std::string client_hello(const TlsQuestion& question, TlsContexts& contexts);

}  // namespace fwprobe::probe
