#pragma once
// Whether something else answers in place of the server: a web filter, a web application firewall, a portal.

#include <cstdint>
#include <optional>
#include <string>

#include "checks/evidence.h"
#include "checks/finding.h"
#include "probe/facts/http.h"

namespace fwprobe::checks {

struct StandIn {
  enum class Kind : std::uint8_t {
    filter,    ///< refuses on the way
    firewall,  ///< refuses in front of the server, for its operators
    portal,    ///< wants a sign-in first
  };
  Kind kind = Kind::filter;
  std::string product;  ///< "FortiGuard (Fortinet)", "a captive portal"
  Confidence confidence = Confidence::high;
  std::string portal;     ///< the origin of the portal, when the response leads there
  std::string reference;  ///< how the operators find this answer: "CF-RAY 8f1…"; empty when it bears none
};

/// Judges the answer to a request for `asked` by the marks in block_pages.inc. A response that bears the
/// service's own marks is never one.
std::optional<StandIn> find_stand_in(const probe::HttpResponse& response, const probe::Url& asked);

/// The finding that says so, without its summary's circumstances: http.block_page or http.captive_portal.
Finding stand_in_finding(const Case& the_case, const Item<probe::HttpExchange>& exchange, const StandIn& who);

}  // namespace fwprobe::checks
