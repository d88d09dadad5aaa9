#pragma once
// A measurement: a fact with its time. Measurements never judge.

#include <string>
#include <variant>

#include "probe/clock.h"
#include "probe/dns.h"
#include "probe/environment.h"
#include "probe/http.h"
#include "probe/http_trial.h"
#include "probe/idle.h"
#include "probe/measurement_id.h"
#include "probe/path.h"
#include "probe/proxy.h"
#include "probe/ssh.h"
#include "probe/tcp.h"
#include "probe/tls.h"

namespace fwprobe::probe {

using Fact = std::variant<Environment, DnsLookup, TcpConnect, PathTrace, ProxyTunnel, TlsHandshake,
                          HttpExchange, SshBanner, HttpTrial, IdleWatch>;

/// What can be asked of the network; each is answered by one Fact that holds the question.
using Question = std::variant<EnvironmentQuestion, DnsQuestion, TcpQuestion, PathQuestion, TunnelQuestion,
                              TlsQuestion, HttpQuestion, SshQuestion, TrialQuestion, IdleQuestion>;

struct Measurement {
  MeasurementId id;
  Span time;
  Fact fact;
  /// Why it was asked for, in words; empty for the steps that every target takes.
  std::string because = {};
};

}  // namespace fwprobe::probe
