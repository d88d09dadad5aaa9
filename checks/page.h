#pragma once
// What a person would see of an HTML response: its title and heading, and where it sends its reader.

#include <string>
#include <string_view>
#include <vector>

#include "probe/facts/http.h"

namespace fwprobe::checks {

struct Page {
  std::string title;    ///< without tags and character references, blanks as one space
  std::string heading;  ///< the first <h1>, in the same way
  std::string body;     ///< the beginning in lower case; empty for what is no HTML
  bool asks_for_password = false;
  std::vector<probe::Url> leads_to;  ///< Location, Refresh, <meta> refresh, and scripts that set the location
};

/// So much of a body is read: as much as reports keep, so that a report judged again says the same.
inline constexpr std::size_t page_read = std::size_t{16} * 1024;

/// Reads the answer to a request for `asked`. Nothing in it is trusted: limits hold for all that is kept.
Page read_page(const probe::HttpResponse& response, const probe::Url& asked);

/// Whether a page is there to sign in: it asks for a password, or its title says so.
bool is_sign_in_page(const Page& page);

}  // namespace fwprobe::checks
