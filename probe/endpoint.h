#pragma once
// Endpoints of transport protocols, as values: Asio's own, without the sockets and resolvers that its headers
// of the protocols bring along.

#include <asio/ip/basic_endpoint.hpp>

namespace asio::ip {
class tcp;
class udp;
}  // namespace asio::ip

namespace fwprobe::probe {

using TcpEndpoint = asio::ip::basic_endpoint<asio::ip::tcp>;
using UdpEndpoint = asio::ip::basic_endpoint<asio::ip::udp>;

}  // namespace fwprobe::probe
