#pragma once
// What of a response must not be kept: credentials, cookies' values, and what the server echoes of ours.

#include <string>
#include <vector>

#include "probe/http.h"

namespace fwprobe::probe {

/// Of cookies the names and attributes stay: "VstsSession=<blanked>; domain=example.com"; of credentials
/// nothing. In all others `secrets` are scrubbed.
void blank_secrets(std::vector<HttpHeader>& headers, const HttpSecrets& secrets);

/// The same for text that may be the beginning of a response, well-formed or not.
void blank_secrets(std::string& first_bytes, const HttpSecrets& secrets);

}  // namespace fwprobe::probe
