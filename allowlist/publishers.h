#pragma once
// Who publishes lists that machines can read, and where. `fwprobe allowlist update` fetches them.

#include <chrono>
#include <span>
#include <string>
#include <string_view>

#include "allowlist/allowlist.h"

namespace fwprobe::allowlist {

struct Publisher {
  std::string_view name;  ///< "aws": what the user calls it
  std::string_view title;
  std::string_view publisher;
  std::string_view url;   ///< of the list itself, or of the page that links to the newest one
  Direction direction;    ///< of a list that is for both, what most users need it for
  std::string_view file;  ///< under which it is kept: "aws.json"
  std::chrono::days fresh_for;
};

/// In the table's order (allowlist/publishers.inc).
std::span<const Publisher> publishers();
/// Nothing when there is none of this name.
const Publisher* find_publisher(std::string_view name);

/// Where a publisher's list is kept: "DIRECTORY/aws.json".
std::string kept_file(std::string_view directory, const Publisher& publisher);

}  // namespace fwprobe::allowlist
