#pragma once
// X.509 certificates as plain values (RFC 5280). What a hostile peer presents has limits, see probe/tls.h.

#include <optional>
#include <span>
#include <string>

#include <openssl/types.h>

#include "probe/facts/tls.h"

namespace fwprobe::probe {

Certificate describe(X509& certificate);
/// From DER; nothing when the bytes are no certificate.
std::optional<Certificate> parse_certificate(std::span<const unsigned char> der);

/// RFC 2253 text of a distinguished name, cut to the limit.
std::string name_text(const X509_NAME& name);
/// Clamped to what the clock can tell; the epoch when `time` is absent or unreadable.
WallClock::time_point time_of(const ASN1_TIME* time);

}  // namespace fwprobe::probe
