#pragma once
// The one JSON form of each measurement kind (docs/report.schema.json), written and read by the same
// description.

#include <string>

#include "checks/evidence.h"
#include "probe/measurement.h"
#include "reports/archive.h"

namespace fwprobe::reports {

/// At most so much of a body goes into a report as it is; all of it goes in packed (packed.h).
inline constexpr std::size_t body_excerpt = 16 * 1024;

/// "dns", "tcp", "tls", "proxy", "http", "ssh", "environment"
std::string_view kind_name(const probe::Fact& fact);
/// What a measurement is about: a name, an endpoint, a URL. `evidence` knows the connection under it.
std::string subject_of(const probe::Measurement& measurement, const checks::Evidence& evidence);
Json to_json(const probe::Measurement& measurement, const checks::Evidence& evidence);
/// Refuses a time of measuring with which the checks could not reckon: the clock's type has an end.
void require_plausible(Reader& io, const char* key, probe::WallClock::time_point time);
/// Back again.
void fields(Reader& io, probe::Measurement& measurement);

}  // namespace fwprobe::reports
