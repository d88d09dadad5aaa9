#pragma once
// The way of the web profile's request: the target's URL and the redirects that follow from it (RFC 9110
// §15.4).

#include <cstdint>
#include <optional>
#include <vector>

#include "checks/evidence.h"
#include "checks/plan.h"

namespace fwprobe::checks {

struct Visit {
  probe::Url url;
  probe::MeasurementId id;                        ///< of the exchange; none while it is not answered
  const probe::HttpExchange* exchange = nullptr;  ///< null while it is not answered
};

struct Walk {
  enum class End : std::uint8_t {
    answered,      ///< the last visit has an answer that leads nowhere else
    pending,       ///< the last visit has no answer (yet)
    loop,          ///< a redirect led back, or to more than ten others
    bad_location,  ///< a redirect names nothing that can be asked over http or https
  };
  std::vector<Visit> visits;
  End end = End::pending;
};

/// Whether a status is what the user asked for: --expect-status, else 2xx.
bool is_expected(const Settings& settings, std::uint16_t status);

Walk walk(const Case& the_case);

/// The request that visits a URL: GET, without any credential.
probe::HttpRequest request_for(const probe::Url& url);

}  // namespace fwprobe::checks
