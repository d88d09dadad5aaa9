#pragma once
// A TCP socket before and while it connects, as everything needs it that sends SYNs.

#include <optional>
#include <system_error>

#include <asio/awaitable.hpp>
#include <asio/ip/tcp.hpp>

#include "probe/failure.h"
#include "probe/tcp.h"

namespace fwprobe::probe {

/// setsockopt(2) with an int.
std::error_code set_option(int socket, int level, int name, int value);

/// Turns the error queue on (ip(7), ipv6(7) IP_RECVERR), with what routers add to their messages (RFC 4884).
std::error_code receive_errors(int socket, bool v6);

/// Binds to the source's address and interface; an address of the other family is EAFNOSUPPORT.
std::error_code bind_to(int socket, const TcpSource& source, bool v6);

/// Makes a socket ready for connect(): non-blocking, bound to `source`, and with its error queue on, so that
/// an ICMP error ends an attempt at once and its sender is kept (ip(7), IP_RECVERR).
std::error_code open_stream(asio::ip::tcp::socket& socket, const asio::ip::tcp::endpoint& remote,
                            const TcpSource& source);

struct HandshakeOutcome {
  std::error_code error;  ///< none: established
  std::optional<IcmpError> icmp;
  bool local = false;  ///< see ConnectFailure::local
};

/// connect(2) and the wait for its end; cancelled, it ends with operation_aborted.
asio::awaitable<HandshakeOutcome> three_way_handshake(asio::ip::tcp::socket& socket,
                                                      const asio::ip::tcp::endpoint& remote);

}  // namespace fwprobe::probe
