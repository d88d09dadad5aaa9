#pragma once
// A measurement: a fact with its time. Measurements never judge.

#include <string>
#include <variant>

#include "probe/clock.h"
#include "probe/environment.h"
#include "probe/facts/dns.h"
#include "probe/facts/http.h"
#include "probe/facts/http_trial.h"
#include "probe/facts/idle.h"
#include "probe/facts/path.h"
#include "probe/facts/proxy.h"
#include "probe/facts/ssh.h"
#include "probe/facts/tcp.h"
#include "probe/facts/tls.h"
#include "probe/measurement_id.h"

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
