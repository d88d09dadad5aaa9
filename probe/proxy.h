#pragma once
// Tunnels through a proxy: HTTP CONNECT (RFC 9110 §9.3.6) and SOCKS5 (RFC 1928, RFC 1929).

#include <optional>

#include <asio/awaitable.hpp>

#include "probe/clock.h"
#include "probe/connection.h"
#include "probe/facts/proxy.h"

namespace fwprobe::probe {

struct Tunnelled {
  ProxyTunnel fact;
  std::optional<Connection> connection;
};

/// Asks the proxy behind `connection` for a tunnel; credentials are `proxy`'s.
asio::awaitable<Tunnelled> open_tunnel(TunnelQuestion question, Connection connection,
                                       const ProxyServer& proxy, Clock::duration timeout);

}  // namespace fwprobe::probe
