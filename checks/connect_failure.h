#pragma once
// What a failed connection attempt means, by errno and ICMP error. One reading for servers, proxies and
// links.

#include <optional>
#include <string>
#include <vector>

#include "checks/evidence.h"
#include "checks/finding.h"
#include "probe/facts/tcp.h"

namespace fwprobe::checks {

struct ConnectVerdict {
  Cause cause = Cause::tcp_filtered;
  std::string words;  ///< "no answer to 3 SYNs within 5.0 s"
  Location location;
  Confidence confidence = Confidence::high;
  std::vector<probe::MeasurementId> evidence;  ///< besides the attempt
};

/// RFC 792, RFC 1812 §5.2.7.1, RFC 4443 §3.1, and what Linux makes of them (docs/causes.md).
ConnectVerdict judge_connect(const probe::TcpConnect& attempt, probe::Clock::duration elapsed,
                             const probe::Environment& environment, const probe::TcpSource& source);

/// What this machine itself made of a datagram for `destination`: its kernel's errno without an ICMP message,
/// or an ICMP error from one of its own addresses. Nothing when the datagram left.
std::optional<ConnectVerdict> refused_here(const probe::TransportFailure& failure,
                                           const asio::ip::address& destination,
                                           const probe::Environment& environment,
                                           const probe::TcpSource& source);

/// What remedies of such causes are about: the destination, or the source when this machine does not have it.
Facts::value_type blamed_address(const probe::TransportFailure& failure, const asio::ip::address& destination,
                                 const probe::TcpSource& source);

/// The facts that remedies of such causes name.
Facts connect_facts(const probe::TcpConnect& attempt, const probe::Environment& environment,
                    const probe::TcpSource& source);

}  // namespace fwprobe::checks
