#pragma once
// Whether an inspecting middlebox issued a chain in place of the site's own authority.

#include <optional>
#include <string>

#include "checks/builders.h"
#include "checks/evidence.h"
#include "checks/finding.h"

namespace fwprobe::checks {

struct Interception {
  std::string product;                         ///< "Zscaler", "the device that issued it"
  std::string issuer;                          ///< the issuer's name, as short as it can be told
  std::string summary;                         ///< one line
  Confidence confidence = Confidence::medium;  ///< never low: what is only possible is a hint
  Ids also;                                    ///< other handshakes that speak for it
};

struct Inspection {
  std::optional<Interception> found;
  std::string hint;  ///< when it cannot be told: what speaks for it, for whoever judges the chain otherwise
};

/// Judges the chain by who issued it (inspection_products.inc, expected_issuers.inc); youth and the company
/// of other hosts only strengthen that.
Inspection find_inspection(const Case& the_case, const Item<probe::TlsHandshake>& handshake);

}  // namespace fwprobe::checks
