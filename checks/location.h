#pragma once
// At which hop a flow ends: from a verdict about an address and the traces to it, to the verdict with its
// place (docs/how-it-tells.md).

#include "checks/connect_failure.h"
#include "checks/evidence.h"
#include "probe/endpoint.h"
#include "probe/facts/path.h"

namespace fwprobe::checks {

/// The verdict about a connection attempt, with what the traces say: the hop, and whether a RST is the
/// server's own. Without a trace that tells, it stays as it was.
ConnectVerdict located(const Case& the_case, const probe::TcpConnect& attempt, ConnectVerdict verdict);

/// Whether the RST to SYNs is shown to be the destination's own: it comes from the distance at which the
/// destination answers other packets.
bool resets_itself(const Evidence& evidence, const probe::TcpEndpoint& remote);

/// Where a flow that got a connection ends all the same.
struct FlowEnd {
  Location location{Where::path, {}, {}, {}, {}};
  Confidence confidence = Confidence::medium;
  std::string words;  ///< "; …", to be added to a summary; empty when nothing is known
  std::vector<probe::MeasurementId> evidence;
};
/// Where the ClientHello dies or is answered with an end.
FlowEnd locate_hello(const Case& the_case, const probe::TcpEndpoint& remote, bool ended_by_peer);
/// Where the connection over which `id` was measured is accepted, when something answers in place of the
/// server: on the way, as far as the traces show that; else without a hop.
FlowEnd locate_stand_in(const Case& the_case, probe::MeasurementId id);

}  // namespace fwprobe::checks
