#pragma once
// A measurement: a fact with its time. Measurements never judge.

#include <variant>

#include "probe/clock.h"
#include "probe/dns.h"
#include "probe/environment.h"
#include "probe/http.h"
#include "probe/measurement_id.h"
#include "probe/path.h"
#include "probe/proxy.h"
#include "probe/ssh.h"
#include "probe/tcp.h"
#include "probe/tls.h"

namespace fwprobe::probe {

using Fact = std::variant<Environment, DnsLookup, TcpConnect, PathTrace, ProxyTunnel, TlsHandshake,
                          HttpExchange, SshBanner>;

/// What can be asked of the network; each is answered by one Fact that holds the question.
using Question = std::variant<EnvironmentQuestion, DnsQuestion, TcpQuestion, PathQuestion, TunnelQuestion,
                              TlsQuestion, HttpQuestion, SshQuestion>;

struct Measurement {
  MeasurementId id;
  Span time;
  Fact fact;
};

}  // namespace fwprobe::probe
