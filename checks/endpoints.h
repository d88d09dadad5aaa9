#pragma once
// Where a name leads: the endpoints that are known, and the questions that would tell more.

#include <string>
#include <vector>

#include "checks/ledger.h"
#include "probe/endpoint.h"

namespace fwprobe::checks {

/// The endpoints of a host, as far as its name is resolved, at most 32; asks what is missing,
/// `because` (ledger.h).
std::vector<probe::TcpEndpoint> endpoints(const Case& the_case, Ledger& ledger, const probe::Host& host,
                                          std::uint16_t port, const std::string& because);

}  // namespace fwprobe::checks
