#pragma once
// Whether an answer says that a client certificate is what the request lacks: TLS lets a server ask for one
// and go on without it, so that only its HTTP answer tells.

#include <optional>

#include "checks/evidence.h"
#include "checks/finding.h"
#include "probe/facts/http.h"

namespace fwprobe::checks {

/// tls.client_certificate_required, when the answer's own words or status say so. That a certificate was
/// asked for proves nothing: many servers ask and need none.
std::optional<Finding> missing_client_certificate(const Case& the_case,
                                                  const Item<probe::HttpExchange>& exchange);

/// Whether the server asked for a client certificate in the handshake under this measurement, and got none.
bool lacks_client_certificate(const Case& the_case, probe::MeasurementId id);

}  // namespace fwprobe::checks
