#pragma once
// A proxy as users write it: "http://user:password@proxy.example:3128".

#include <expected>
#include <string>
#include <string_view>

#include "probe/facts/proxy.h"

namespace fwprobe::probe {

/// As curl reads --proxy: [scheme://][user[:password]@]host[:port], http without a scheme, port 1080 for
/// every kind, user name and password percent-encoded, what follows the port ignored. http, socks5 and
/// socks5h are spoken; the proxy resolves names with both of the latter. The error is a sentence without the
/// password.
std::expected<ProxyServer, std::string> parse_proxy(std::string_view text);

}  // namespace fwprobe::probe
