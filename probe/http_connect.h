#pragma once
// A tunnel by HTTP CONNECT (RFC 9110 §9.3.6).

#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include <asio/awaitable.hpp>

#include "probe/clock.h"
#include "probe/connection.h"
#include "probe/http.h"
#include "probe/proxy.h"

namespace fwprobe::probe {

/// Asks for the tunnel; afterwards `connection` is the tunnel, or of no further use.
asio::awaitable<std::expected<TunnelOpen, TunnelFailure>> http_connect(const TunnelQuestion& question,
                                                                       Connection& connection,
                                                                       const ProxyServer& proxy,
                                                                       Clock::time_point deadline);

/// The schemes of a Proxy-Authenticate or WWW-Authenticate value: "Negotiate", "Basic" (RFC 9110 §11.6.1).
/// One header may hold several challenges, and their parameters are separated by commas too.
std::vector<std::string> challenge_schemes(std::string_view value);

}  // namespace fwprobe::probe
