#pragma once
#include <string>
#include <string_view>

#include "reports/pseudonyms.h"

namespace fwprobe::reports {

/// A text from anywhere with pseudonyms in place of the addresses, URLs, host names, mail addresses, GUIDs
/// and tokens that are found in it, and of the words that others of the report were given.
std::string redacted_text(Pseudonyms& pseudonyms, std::string_view text);

/// A word of the services that fwprobe asks, which judging looks for and which tells of nobody.
bool is_service_word(std::string_view text);

/// A URL, its user information blanked; of its path and query only what services are known to have stays.
std::string redacted_url(Pseudonyms& pseudonyms, std::string_view url);

/// A reference as Location holds it: a URL, or what is resolved against one (RFC 3986 §4.1).
std::string redacted_reference(Pseudonyms& pseudonyms, std::string_view reference);

/// Segment by segment: "/tfs/path-1/_apis/projects".
std::string redacted_path(Pseudonyms& pseudonyms, std::string_view path);

}  // namespace fwprobe::reports
