#pragma once
// What a TLS handshake asks for, and what the peer presented, refused, and how its chain verified (RFC 8446,
// RFC 5246).

#include <cstdint>
#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <asio/ip/address.hpp>

#include "probe/clock.h"
#include "probe/facts/tcp.h"
#include "probe/failure.h"
#include "probe/measurement_id.h"
#include "probe/url.h"

namespace fwprobe::probe {

enum class TlsPolicy : std::uint8_t {
  standard,    ///< TLS 1.2 and newer, security level 2, SSL_CTX_set_security_level(3)
  permissive,  ///< TLS 1.0 and newer, security level 0: to learn what the server offers; never used further
  comparison,  ///< as standard, with another server name: to learn whether the name decides; never used
               ///< further
};

struct TlsQuestion {
  MeasurementId connection{};  ///< the TCP connection or tunnel it goes over
  std::string server_name;     ///< SNI (RFC 6066 §3); empty: none is sent. Never an address
  Host verify;                 ///< whom the certificate must name (RFC 9525)
  TlsPolicy policy = TlsPolicy::standard;
  std::vector<std::string> alpn;  ///< RFC 7301, in order of preference
  bool operator==(const TlsQuestion&) const = default;
};

/// Texts are valid UTF-8 of at most 1 KiB; a byte that is no character stands as \XX.
struct Certificate {
  std::string subject;  ///< RFC 2253 text
  std::string issuer;
  std::vector<std::string> dns_names;       ///< subjectAltName dNSName; control and non-ASCII bytes as \XX
  std::vector<asio::ip::address> ip_names;  ///< of both kinds of names at most 1000
  /// As near as the clock can tell: for 9999-12-31 (RFC 5280 §4.1.2.5) its last second; unreadable: the
  /// epoch.
  WallClock::time_point not_before;
  WallClock::time_point not_after;
  std::string serial;    ///< lower-case hexadecimal
  std::string key_type;  ///< "RSA", "EC P-256", "Ed25519", …
  int key_bits = 0;
  std::string signature;     ///< "sha256WithRSAEncryption", …
  std::string sha256;        ///< of the DER form, lower-case hexadecimal
  bool public_log = false;   ///< carries proof of a public log (RFC 6962 §3.3), as a public authority's do
  bool self_issued = false;  ///< issuer equals subject
};

/// One verdict of the library about the chain, X509_STORE_CTX_get_error(3).
struct VerifyError {
  int code = 0;      ///< X509_V_ERR_…
  std::string text;  ///< the library's words
  int depth = 0;     ///< 0 = leaf; where the path stops when an issuer is missing
  bool operator==(const VerifyError&) const = default;
};

struct TlsAlert {
  std::uint8_t code = 0;  ///< RFC 8446 §6
  std::string name;       ///< "handshake_failure", …
  bool operator==(const TlsAlert&) const = default;
};

/// A stapled OCSP response (RFC 6066 §8, RFC 6960).
enum class OcspStatus : std::uint8_t { not_stapled, good, revoked, unknown, invalid };

struct TlsSession {
  std::string version;  ///< "TLSv1.0" to "TLSv1.3"
  std::string cipher;   ///< RFC name, "TLS_AES_128_GCM_SHA256"
  std::string group;    ///< "X25519", "P-256", "DH 2048"; empty when the key exchange has none
  std::string alpn;     ///< empty when none was agreed
  bool client_certificate_requested = false;
};

struct TlsFailure {
  std::optional<TransportFailure> transport;  ///< the connection ended or the deadline came
  std::optional<TlsAlert> received;           ///< fatal ones only
  std::optional<TlsAlert> sent;
  std::string reason;         ///< the library's words: "wrong version number"; empty when `transport` says it
  std::string first_bytes;    ///< what came in place of a TLS record, at most 64 bytes, as it came
  bool answered = false;      ///< at least one byte came from the peer
  bool server_hello = false;  ///< a ServerHello was read
  bool acknowledged = false;  ///< the peer's TCP has acknowledged all that we sent (TCP_INFO): it arrived
  std::optional<TcpEnd> tcp = {};  ///< of the connection, when it is known
};

struct TlsHandshake {
  TlsQuestion question;
  /// As presented, leaf first, at most 32; kept also when verification or the handshake fails.
  std::vector<Certificate> chain;
  std::vector<VerifyError> verify_errors;  ///< all of them, name check included; empty with a chain: verified
  OcspStatus ocsp = OcspStatus::not_stapled;
  std::string ocsp_detail;                 ///< revocation time and reason, or why it is invalid
  std::vector<std::string> verified_path;  ///< subjects from leaf to trust anchor, when a path was built
  std::string trusted_roots;  ///< where the trust anchors come from; empty: this machine has none
  bool client_certificate_requested = false;
  /// A handshake that ended; a bad certificate is no failure here.
  std::expected<TlsSession, TlsFailure> result;
};

/// Roots and client certificate of a run; loaded once. All files are PEM.
struct TlsCredentials {
  std::filesystem::path ca_file;             ///< trusted in place of the system's roots, when not empty
  std::filesystem::path client_certificate;  ///< leaf first, then its intermediates
  std::filesystem::path client_key;          ///< not encrypted; empty: it stands in the certificate's file
};

/// RFC 8446 §6's name of an alert, "alert_N" when it has none.
std::string alert_name(std::uint8_t code);

}  // namespace fwprobe::probe
