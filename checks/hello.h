#pragma once
// The handshake that a place is asked for, whichever way leads there.

#include "checks/evidence.h"

namespace fwprobe::checks {

/// --sni stands in for the target's own name, in the ClientHello and in what the certificate must say.
probe::Host verified_name(const Case& the_case, const probe::Host& host);

probe::TlsQuestion hello(const Case& the_case, Scheme scheme, const probe::Host& host,
                         probe::MeasurementId connection);

}  // namespace fwprobe::checks
