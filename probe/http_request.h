#pragma once
// A request as it goes on the wire (RFC 9112 §3).

#include <expected>
#include <string>
#include <string_view>

#include "probe/http.h"
#include "probe/http_secrets.h"  // IWYU pragma: export

namespace fwprobe::probe {

/// RFC 9110 §5.6.2: a method, or a field's name.
bool is_token(std::string_view text);

/// The request's bytes, credentials included: the caller overwrites them when they are sent. The user's
/// headers replace all others of their name, and the request's own replace the usual ones (Host, User-Agent,
/// Accept, Accept-Encoding). The error says what may not be sent: a name or value that would break the
/// message in two, a header that announces a body that there is not, or the token when the URL is not https.
std::expected<std::string, std::string> serialize(const HttpQuestion& question, const HttpSecrets& secrets);

}  // namespace fwprobe::probe
