#pragma once
// The measurements of one investigation, as the checks read them.

#include <algorithm>
#include <span>
#include <variant>
#include <vector>

#include "checks/settings.h"
#include "checks/target.h"
#include "probe/measurement.h"

namespace fwprobe::checks {

/// A measurement of a known kind.
template <typename T>
struct Item {
  probe::MeasurementId id;
  probe::Span time;
  const T* fact;
  const T* operator->() const { return fact; }
};

class Evidence {
 public:
  void add(probe::Measurement measurement) { measurements_.push_back(std::move(measurement)); }
  std::span<const probe::Measurement> measurements() const { return measurements_; }

  /// All measurements of one kind, in the order in which they ended.
  template <typename T>
  std::vector<Item<T>> all() const {
    std::vector<Item<T>> found;
    for (const auto& m : measurements_)
      if (const auto* fact = std::get_if<T>(&m.fact)) found.push_back({m.id, m.time, fact});
    return found;
  }

  /// The measurement with this id; null when there is none (yet).
  const probe::Measurement* find(probe::MeasurementId id) const {
    const auto at = std::ranges::find(measurements_, id, &probe::Measurement::id);
    return at == measurements_.end() ? nullptr : &*at;
  }
  template <typename T>
  const T* find(probe::MeasurementId id) const {
    const auto* m = find(id);
    return m ? std::get_if<T>(&m->fact) : nullptr;
  }

  const probe::Environment& environment() const {
    static const probe::Environment none;
    const auto items = all<probe::Environment>();
    return items.empty() ? none : *items.front().fact;
  }

 private:
  std::vector<probe::Measurement> measurements_;
};

/// What a check reads, and all that it may read.
struct Case {
  const Target& target;
  const Settings& settings;
  const Evidence& evidence;
  Profile profile() const { return settings.profile.value_or(default_profile(target.scheme)); }
};

/// The TCP connection that a measurement stands on, through tunnels, handshakes and exchanges; null when
/// unknown.
const probe::TcpConnect* underlying_connection(const Evidence& evidence, probe::MeasurementId id);

/// The TLS handshake that it stands on; null when there is none.
const probe::TlsHandshake* underlying_handshake(const Evidence& evidence, probe::MeasurementId id);

/// Whether it went through a proxy's tunnel, so that its connection leads to the proxy.
bool is_tunnelled(const Evidence& evidence, probe::MeasurementId id);

/// Whether it was measured over a connection that was opened only to compare (TcpPurpose::compare): evidence
/// for a follow-up, and no part of the way that the request took.
bool is_comparison(const Evidence& evidence, probe::MeasurementId id);

/// Nothing at all came back on the ClientHello: silence, RST or FIN.
inline bool ended_on_client_hello(const probe::TlsFailure& failure) {
  return !failure.answered && failure.transport &&
         (closed_by_peer(*failure.transport) || timed_out(*failure.transport));
}

}  // namespace fwprobe::checks
