#pragma once
// Which lifetimes a path is asked with, and who answered to each.

#include <cstdint>
#include <optional>
#include <vector>

#include "probe/clock.h"
#include "probe/endpoint.h"
#include "probe/facts/tls.h"
#include "probe/failure.h"

namespace fwprobe::probe {

/// What is sent with a limited lifetime.
enum class PathFlow : std::uint8_t {
  syn,           ///< SYNs to the port
  udp,           ///< datagrams to the port
  client_hello,  ///< the ClientHello, on connections that were opened with the full lifetime
};

struct PathQuestion {
  TcpEndpoint remote;
  PathFlow flow = PathFlow::syn;
  int hops = 30;                     ///< lifetimes 1 to this
  std::optional<TlsQuestion> hello;  ///< for client_hello: the handshake whose first record is sent
  bool operator==(const PathQuestion&) const = default;
};

enum class StepAnswer : std::uint8_t {
  silence,
  expired,      ///< a router let it expire. For client_hello `icmp` is empty: Linux keeps no sender then
  unreachable,  ///< another ICMP error; for `udp` port unreachable is the host's own answer
  accepted,     ///< SYN-ACK, a datagram, bytes after the ClientHello
  reset,        ///< RST
  closed,       ///< FIN after the ClientHello
  not_sent,     ///< this machine refused, or (client_hello) the connection could not be opened
};

/// One packet, and its answer.
struct PathStep {
  int lifetime = 0;
  StepAnswer answer = StepAnswer::silence;
  std::optional<IcmpError> icmp;
  std::optional<TransportFailure> failure;  ///< for `not_sent`
  Clock::duration after{};                  ///< from sending to the answer
};

struct PathTrace {
  PathQuestion question;
  std::vector<PathStep> steps;  ///< by lifetime; one that stayed silent may have a second step
};

}  // namespace fwprobe::probe
