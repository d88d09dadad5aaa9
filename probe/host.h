#pragma once
#include <expected>
#include <string_view>

#include "probe/url.h"

namespace fwprobe::probe {

/// The host of a URL, without its brackets: percent-decoded, IDN converted, and an IPv4 address in any
/// spelling that libc would connect to read as that address.
std::expected<Host, UrlError> host_of_url(std::string_view text);

/// RFC 3986 §2.1; what is no complete escape stays as it is.
std::string percent_decoded(std::string_view text);

}  // namespace fwprobe::probe
