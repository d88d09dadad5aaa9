#pragma once
// Path tracing without privileges: packets with a limited lifetime (TTL, hop limit) on plain sockets. Each
// router that lets one expire says so (RFC 792, RFC 4443 §3.3); what answers nearer than the server is not
// it.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include <asio/awaitable.hpp>
#include <asio/ip/tcp.hpp>

#include "probe/clock.h"
#include "probe/failure.h"
#include "probe/tcp.h"
#include "probe/tls.h"

namespace fwprobe::probe {

/// What is sent with a limited lifetime.
enum class PathFlow : std::uint8_t {
  syn,           ///< SYNs to the port
  udp,           ///< datagrams to the port
  client_hello,  ///< the ClientHello, on connections that were opened with the full lifetime
};

struct PathQuestion {
  asio::ip::tcp::endpoint remote;
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

/// Asks every hop at the same time, each over a flow (source port) of its own. Ends when all hops before the
/// nearest answer of another kind than `expired` have answered, or had their chance (a second flow, or the
/// kernel's retransmission); at the latest after `timeout`. At most 20 packets are under way.
///
///   for (auto step = co_await tracer.next(); step; step = co_await tracer.next()) show(*step);
///   const auto trace = std::move(tracer).take();
class PathTracer {
 public:
  /// `hello` is the ClientHello to send, for that flow.
  PathTracer(PathQuestion question, TcpSource source, Clock::duration timeout, std::string hello = {});
  PathTracer(PathTracer&&) noexcept;
  PathTracer& operator=(PathTracer&&) noexcept;
  ~PathTracer();

  /// Goes on until the next answer comes, in the order of their coming. Nothing: the trace is over, or was
  /// cancelled, and no packet is under way. It must be called until then.
  asio::awaitable<std::optional<PathStep>> next();
  /// Everything, silence as well, when next() has given nothing.
  PathTrace take() &&;

 private:
  class Sweep;
  std::unique_ptr<Sweep> sweep_;
};

/// The whole trace at once.
asio::awaitable<PathTrace> trace_path(PathQuestion question, TcpSource source, Clock::duration timeout,
                                      std::string hello = {});

}  // namespace fwprobe::probe
