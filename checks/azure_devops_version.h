#pragma once
// Which Azure DevOps product answers, told by the REST API version that it serves.

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace fwprobe::checks::azure_devops {

struct RestVersion {
  int generation = 0;  ///< "7" of 7.1: the product's generation
  int update = 0;
  auto operator<=>(const RestVersion&) const = default;
  std::string text() const;  ///< "7.1"
};

/// "7.1", "7.1-preview.2".
std::optional<RestVersion> parse_rest_version(std::string_view text);

/// A release and the REST version that it introduced: learn.microsoft.com, "Azure DevOps Services REST API
/// Reference", API and server version mapping.
struct Release {
  RestVersion rest;
  std::string_view product;
  std::string_view build;  ///< the product version's first build with it
};

/// Oldest first.
std::span<const Release> releases();

/// "Azure DevOps Server 2022 (REST 7.0)". A version between two rows is named by the older one.
std::string product_name(RestVersion version);

/// REST 6.0 came with Azure DevOps Server 2020, 5.0 with Server 2019; everything before is Team Foundation
/// Server.
inline constexpr RestVersion first_accepted{6, 0};
inline constexpr RestVersion first_azure_devops{5, 0};
/// REST 7.0: Azure DevOps Server 2022, the first whose SSH service offers key exchanges that are still
/// accepted.
inline constexpr RestVersion first_with_modern_ssh{7, 0};

/// The number behind "The latest REST API version this server supports is" in the answer to a version that is
/// too new (VssVersionOutOfRangeException).
std::optional<RestVersion> latest_supported(std::string_view message);

/// The server's REST level in the answer to `OPTIONS {base}/_apis/`: the released version of core/projects,
/// else the highest of all. "0.0" means that a resource never left preview and says nothing.
std::optional<RestVersion> rest_level(std::string_view options_body);

}  // namespace fwprobe::checks::azure_devops
