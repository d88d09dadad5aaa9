#pragma once
// Where a target's request comes through: of the traces, the resolver's and the proxy's address, and the
// diagnosis' location one row of places.

#include <vector>

#include "reports/path_picture.h"

namespace fwprobe::reports {

/// At least this machine and the server. With a diagnosis on the path a place for it is there, if only an
/// unknown one.
std::vector<PathPlace> places_of(const checks::Investigation& investigation);

}  // namespace fwprobe::reports
