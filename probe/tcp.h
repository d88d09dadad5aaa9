#pragma once
// TCP connections (RFC 9293): one attempt to one address, and what the kernel tells about it.

#include <chrono>
#include <optional>

#include <asio/awaitable.hpp>

#include "probe/clock.h"
#include "probe/connection.h"
#include "probe/facts/tcp.h"
#include "probe/failure.h"

namespace fwprobe::probe {

struct Connected {
  TcpConnect fact;
  std::optional<Connection> connection;  ///< when established and not ended; it gives the greeting again
};

/// One attempt within `timeout`. With `listen` the connection is then watched in silence for `listen_for`, or
/// until the peer ends it or has sent 256 bytes. ICMP errors go on being reported on the connection
/// (IP_RECVERR), as errors of its next operation. A source address of the other family is a local failure,
/// EAFNOSUPPORT.
asio::awaitable<Connected> connect(TcpQuestion question, TcpSource source, Clock::duration timeout,
                                   Clock::duration listen_for = std::chrono::seconds{1});

/// From TCP_INFO and SIOCOUTQ, tcp(7); none when the kernel does not tell.
std::optional<TcpEnd> tcp_end(int socket);

/// Reads the error queue of a socket (MSG_ERRQUEUE): the newest ICMP error, if any.
std::optional<IcmpError> read_icmp_error(int socket);

}  // namespace fwprobe::probe
