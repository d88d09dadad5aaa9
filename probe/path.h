#pragma once
// Path tracing without privileges: packets with a limited lifetime (TTL, hop limit) on plain sockets. Each
// router that lets one expire says so (RFC 792, RFC 4443 §3.3); what answers nearer than the server is not
// it.

#include <memory>
#include <optional>
#include <string>

#include <asio/awaitable.hpp>

#include "probe/clock.h"
#include "probe/facts/path.h"

namespace fwprobe::probe {

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
