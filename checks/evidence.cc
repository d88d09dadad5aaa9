#include "checks/evidence.h"

namespace fwprobe::checks {

const probe::TcpConnect* underlying_connection(const Evidence& evidence, probe::MeasurementId id) {
  // Each measurement goes over an earlier one, so the way down ends; the bound is for reports from elsewhere.
  for (std::size_t step = 0; step <= evidence.measurements().size(); ++step) {
    const auto* measurement = evidence.find(id);
    if (measurement == nullptr) return nullptr;
    if (const auto* connect = std::get_if<probe::TcpConnect>(&measurement->fact)) return connect;
    id = std::visit(
        [](const auto& fact) -> probe::MeasurementId {
          if constexpr (requires { fact.question.connection; }) return fact.question.connection;
          return {};
        },
        measurement->fact);
  }
  return nullptr;
}

bool is_comparison(const Evidence& evidence, probe::MeasurementId id) {
  const auto* base = underlying_connection(evidence, id);
  return base != nullptr && base->question.purpose == probe::TcpPurpose::compare;
}

}  // namespace fwprobe::checks
