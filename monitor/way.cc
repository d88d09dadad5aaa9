#include "monitor/way.h"

namespace fwprobe::monitor {

Way way_below(const checks::Evidence& evidence, probe::MeasurementId top) {
  Way way;
  for (const auto* at = evidence.find(top); at != nullptr;) {
    probe::MeasurementId next{};
    if (const auto* exchange = std::get_if<probe::HttpExchange>(&at->fact)) {
      if (way.http == nullptr) way.http = at;
      next = exchange->question.connection;
    } else if (const auto* handshake = std::get_if<probe::TlsHandshake>(&at->fact)) {
      way.tls = at;
      next = handshake->question.connection;
    } else if (const auto* tunnel = std::get_if<probe::ProxyTunnel>(&at->fact)) {
      next = tunnel->question.connection;
    } else if (std::holds_alternative<probe::TcpConnect>(at->fact)) {
      way.tcp = at;
    }
    // What it stands on is older, so this ends, also in a report from a file.
    at = next < at->id ? evidence.find(next) : nullptr;
  }
  return way;
}

const probe::Measurement* own_connection(const checks::Evidence& evidence) {
  if (const auto* handshake = first_of<probe::TlsHandshake>(evidence)) return handshake;
  return first_of<probe::TcpConnect>(evidence);
}

}  // namespace fwprobe::monitor
