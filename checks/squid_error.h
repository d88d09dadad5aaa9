#pragma once
#include <string>

#include "probe/facts/http.h"

namespace fwprobe::checks {

/// What a Squid proxy says that it met, by its X-Squid-Error header: "it could not connect to the server
/// (Connection refused)"; empty for other responses and for refusals of its own.
std::string squid_met(const probe::HttpResponse& response);

}  // namespace fwprobe::checks
