#pragma once
// One DNS query over a TCP connection of its own (RFC 7766).

#include <optional>
#include <vector>

#include <asio/awaitable.hpp>
#include <asio/ip/address.hpp>
#include <asio/ip/udp.hpp>

#include "probe/clock.h"
#include "probe/failure.h"

namespace fwprobe::probe {

struct TcpAnswer {
  std::vector<unsigned char> reply;  ///< without its length prefix; empty when there is a failure
  std::optional<TransportFailure>
      failure;  ///< of connecting, or of the connection before the reply was complete
};

/// Asks `server` with `query` (a whole message) until `deadline`.
asio::awaitable<TcpAnswer> ask_over_tcp(std::vector<unsigned char> query, asio::ip::udp::endpoint server,
                                        std::optional<asio::ip::address> source, Clock::time_point deadline);

}  // namespace fwprobe::probe
