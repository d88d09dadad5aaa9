#pragma once
// What the traces to one address show together: the flow in question, and other flows to the same address as
// its control.

#include <optional>
#include <vector>

#include "checks/evidence.h"
#include "probe/endpoint.h"
#include "probe/facts/path.h"

namespace fwprobe::checks {

struct Hop {
  int number = 0;  ///< 1 = the first router; 0 = this machine
  std::optional<asio::ip::address> address;
};

class PathView {
 public:
  /// `flow`: the kind that is in question, on `remote`. SYNs to the same port are a control for its
  /// ClientHello.
  PathView(const Evidence& evidence, const probe::TcpEndpoint& remote, probe::PathFlow flow);

  bool traced() const { return !own_.empty(); }
  /// Why this machine could not send the flow's packet of this lifetime; what came of later ones does not
  /// count then.
  std::optional<probe::TransportFailure> not_sent(int lifetime) const;
  /// The last hop that let a packet of the flow expire; hop 0 when none did.
  Hop last_expired() const;
  /// The shortest lifetime that drew this answer.
  std::optional<int> nearest(probe::StepAnswer answer) const;
  /// Whether the flow's packet of this lifetime expired, so that what answers the next one stands behind it.
  bool expired_at(int lifetime) const;
  /// The routers go round in a circle: the first hop that comes back.
  std::optional<Hop> loop() const;
  /// One device answers each lifetime from here on, three or more, up to the last that expired: no way is
  /// so, and what it says of the hops behind it is worth nothing.
  std::optional<Hop> stays() const;
  /// Even the longest lifetime expired, so that the end was not seen.
  bool ran_out() const;
  /// The hop at which this device was met: where a packet expired by it, or the shortest lifetime that drew
  /// another error from it, if the hop before is known to be another.
  std::optional<int> hop_of(const asio::ip::address& device) const;

  /// The router that the flow's packet of this lifetime met, when it said so.
  std::optional<asio::ip::address> router_at(int lifetime) const { return router(own_, lifetime); }
  /// A router that a control flow shows at this distance.
  std::optional<asio::ip::address> control_router(int lifetime) const;
  /// Whether control flows get further than this hop: a router behind it, or the server's own answer.
  bool control_passes(int lifetime) const;
  /// Whether a control was sent that could have got further.
  bool control_tries(int lifetime) const;
  /// The distance at which the destination itself answers a control flow: a SYN-ACK, or an ICMP error of its
  /// own. A RST proves nothing, as anybody on the way can write it.
  std::optional<int> server_distance() const;
  /// Whether the control flows went the way of the flow in question, as far as both are known.
  bool same_way_until(int lifetime) const;

  std::vector<probe::MeasurementId> ids() const;

 private:
  using Traces = std::vector<Item<probe::PathTrace>>;
  static std::optional<asio::ip::address> router(const Traces& traces, int lifetime);

  asio::ip::address destination_;
  Traces own_;
  Traces controls_;
};

}  // namespace fwprobe::checks
