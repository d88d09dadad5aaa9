#pragma once
// Addresses and names at which DNS filters put the names that they block (sinkholes.inc).

#include <optional>
#include <string>
#include <string_view>

#include <asio/ip/address.hpp>

#include "checks/finding.h"

namespace fwprobe::checks {

struct Sinkhole {
  std::string_view filter;  ///< "Cisco Umbrella (OpenDNS)"
  Confidence confidence = Confidence::high;
};

/// The filter that answers with this address, for a host that is not the filter's own.
std::optional<Sinkhole> listed_sinkhole(const asio::ip::address& address, std::string_view host);
/// The filter to which an alias leads, for a host that is not that very name. A trailing dot does not matter.
std::optional<Sinkhole> listed_sinkhole(std::string_view alias, std::string_view host);

}  // namespace fwprobe::checks
