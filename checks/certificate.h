#pragma once
// What is to be said about the certificates of one handshake.

#include <string>

#include "checks/checks.h"

namespace fwprobe::checks {

/// Findings about the chain that was presented: one for what breaks it most, and warnings; empty when all is
/// well.
Findings check_certificate(const Case& the_case, const Item<probe::TlsHandshake>& handshake,
                           const std::string& subject, const Facts& facts);

}  // namespace fwprobe::checks
