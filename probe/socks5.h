#pragma once
// A tunnel by SOCKS version 5 (RFC 1928), with the user name and password of RFC 1929.

#include <expected>

#include <asio/awaitable.hpp>

#include "probe/clock.h"
#include "probe/connection.h"
#include "probe/proxy.h"

namespace fwprobe::probe {

/// Asks for the tunnel; afterwards `connection` is the tunnel, or of no further use.
asio::awaitable<std::expected<TunnelOpen, TunnelFailure>> socks5_connect(const TunnelQuestion& question,
                                                                         Connection& connection,
                                                                         const ProxyServer& proxy,
                                                                         Clock::time_point deadline);

}  // namespace fwprobe::probe
