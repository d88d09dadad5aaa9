#pragma once
// How collections, organizations and projects stand in URLs.

#include <string>
#include <string_view>
#include <vector>

#include "checks/evidence.h"

namespace fwprobe::checks::azure_devops {

/// RFC 3986 §2.1: all but the unreserved characters escaped.
std::string encode(std::string_view text);

/// A collection in its segments: {"tfs", "DefaultCollection"}. From --collection, else from the server URL's
/// path.
std::vector<std::string> collection_segments(const Case& the_case);
std::string join(const std::vector<std::string>& segments);
/// "/tfs/My%20Collection"; empty for none.
std::string path_of(const std::vector<std::string>& collection);

/// Upgrades from Team Foundation Server keep its virtual directory /tfs, fresh installations have none: which
/// of the two it is, is the commonest mistake in the collection's name. Takes the prefix off, or puts it on.
std::vector<std::string> with_prefix_turned(std::vector<std::string> collection);

/// The older form of Azure DevOps Services' addresses: https://{organization}.visualstudio.com/.
bool names_organization(std::string_view host);

/// Whether the server URL has a path, which belongs into --collection.
bool url_has_path(const Target& target);

}  // namespace fwprobe::checks::azure_devops
