#pragma once
// Stapled OCSP responses (RFC 6960, RFC 6066 §8): what the certificate's own authority says about it.

#include <span>
#include <string>

#include <openssl/safestack.h>
#include <openssl/x509.h>

#include "probe/facts/tls.h"

namespace fwprobe::probe {

struct StapledStatus {
  OcspStatus status = OcspStatus::not_stapled;
  std::string detail;  ///< "2026-01-31T09:30:00Z, keyCompromise" for revoked; why, for invalid; else empty
};

/// Reads the DER form `response` for the first certificate of `presented`. `good`, `revoked` and `unknown`
/// are said only of a response that is signed by the certificate's issuer, or by a responder it delegated to,
/// under a root of `roots`, and that is valid now; all others are `invalid`.
StapledStatus read_stapled(std::span<const unsigned char> response, STACK_OF(X509) & presented,
                           X509_STORE& roots);

}  // namespace fwprobe::probe
