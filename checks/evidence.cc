#include "checks/evidence.h"

namespace fwprobe::checks {

namespace {

/// The first measurement of a kind that this one stands on.
template <typename T>
const T* underlying(const Evidence& evidence, probe::MeasurementId id) {
  // Each measurement goes over an earlier one, so the way down ends; the bound is for reports from elsewhere.
  for (std::size_t step = 0; step <= evidence.measurements().size(); ++step) {
    const auto* measurement = evidence.find(id);
    if (measurement == nullptr) return nullptr;
    if (const auto* fact = std::get_if<T>(&measurement->fact)) return fact;
    id = std::visit(
        [](const auto& fact) -> probe::MeasurementId {
          if constexpr (requires { fact.question.connection; }) return fact.question.connection;
          return {};
        },
        measurement->fact);
  }
  return nullptr;
}

}  // namespace

const probe::TcpConnect* underlying_connection(const Evidence& evidence, probe::MeasurementId id) {
  return underlying<probe::TcpConnect>(evidence, id);
}

const probe::TlsHandshake* underlying_handshake(const Evidence& evidence, probe::MeasurementId id) {
  return underlying<probe::TlsHandshake>(evidence, id);
}

bool is_tunnelled(const Evidence& evidence, probe::MeasurementId id) {
  return underlying<probe::ProxyTunnel>(evidence, id) != nullptr;
}

bool is_comparison(const Evidence& evidence, probe::MeasurementId id) {
  const auto* base = underlying_connection(evidence, id);
  return base != nullptr && base->question.purpose == probe::TcpPurpose::compare;
}

}  // namespace fwprobe::checks
