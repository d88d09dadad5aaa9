#pragma once
// The way that a target's own request took, layer by layer.

#include "checks/investigation.h"

namespace fwprobe::monitor {

/// Measurements that one stands on, itself included; null where it has none of the kind.
struct Way {
  const probe::Measurement* tcp = nullptr;
  const probe::Measurement* tls = nullptr;
  const probe::Measurement* http = nullptr;  ///< the last exchange on it
};

/// Down from a measurement to its connection.
Way way_below(const checks::Evidence& evidence, probe::MeasurementId top);

/// The first that is not there only to compare; one that succeeded before one that did not.
template <typename Fact>
const probe::Measurement* first_of(const checks::Evidence& evidence) {
  const probe::Measurement* first = nullptr;
  for (const auto& measurement : evidence.measurements()) {
    const auto* fact = std::get_if<Fact>(&measurement.fact);
    if (fact == nullptr || checks::is_comparison(evidence, measurement.id)) continue;
    if (fact->result) return &measurement;
    if (first == nullptr) first = &measurement;
  }
  return first;
}

/// What a target without requests came to: its handshake, else its connection; null: neither.
const probe::Measurement* own_connection(const checks::Evidence& evidence);

}  // namespace fwprobe::monitor
