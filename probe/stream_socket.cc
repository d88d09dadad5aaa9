#include "probe/stream_socket.h"

#include <cerrno>

#include <netinet/in.h>
#include <sys/socket.h>

#include "probe/deadline.h"

namespace fwprobe::probe {
namespace {

using asio::ip::tcp;

std::error_code last_error() { return {errno, asio::error::get_system_category()}; }

/// Errors that only an answer from the network makes. Over loopback the answer can be there before connect()
/// returns, so an error at once is not yet a local one.
bool needs_an_answer(const std::error_code& error) {
  return error == asio::error::connection_refused || error == asio::error::connection_reset ||
         error == asio::error::timed_out;
}

}  // namespace

std::error_code set_option(int socket, int level, int name, int value) {
  return setsockopt(socket, level, name, &value, sizeof value) == 0 ? std::error_code{} : last_error();
}

std::error_code receive_errors(int socket, bool v6) {
  // Where the message's extension begins, since Linux 5.9; without it only the messages that do not say so
  // are looked through.
  [[maybe_unused]] const auto unknown_option = v6 ? set_option(socket, IPPROTO_IPV6, IPV6_RECVERR_RFC4884, 1)
                                                  : set_option(socket, IPPROTO_IP, IP_RECVERR_RFC4884, 1);
  return v6 ? set_option(socket, IPPROTO_IPV6, IPV6_RECVERR, 1)
            : set_option(socket, IPPROTO_IP, IP_RECVERR, 1);
}

std::error_code bind_to(int socket, const TcpSource& source, bool v6) {
  if (source.address && source.address->is_v6() != v6) return asio::error::address_family_not_supported;
  if (!source.interface.empty() && setsockopt(socket, SOL_SOCKET, SO_BINDTODEVICE, source.interface.c_str(),
                                              static_cast<socklen_t>(source.interface.size())) != 0)
    return last_error();
  if (!source.address) return {};
  // The port is then chosen by connect(), per destination: many connections do not use up the port range,
  // ip(7). A kernel without the option chooses it here, which is as right.
  [[maybe_unused]] const auto unknown_option = set_option(socket, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
  const tcp::endpoint local{*source.address, 0};
  return ::bind(socket, local.data(), static_cast<socklen_t>(local.size())) == 0 ? std::error_code{}
                                                                                 : last_error();
}

std::error_code open_stream(tcp::socket& socket, const tcp::endpoint& remote, const TcpSource& source) {
  std::error_code error;
  const bool v6 = remote.address().is_v6();
  if (socket.open(remote.protocol(), error); error) return error;
  if (socket.native_non_blocking(true, error); error) return error;
  if (socket.set_option(tcp::no_delay{true}, error); error) return error;
  // Makes an ICMP error end a connection attempt at once, and keeps its sender.
  const auto fd = socket.native_handle();
  if (error = receive_errors(fd, v6); error) return error;
  return bind_to(fd, source, v6);
}

// EINPROGRESS is handled by hand, because an error of the call itself means something else than the same
// error later.
awaitable<HandshakeOutcome> three_way_handshake(tcp::socket& socket, const tcp::endpoint& remote) {
  const auto fd = socket.native_handle();
  if (::connect(fd, remote.data(), static_cast<socklen_t>(remote.size())) == 0) co_return HandshakeOutcome{};
  if (errno != EINPROGRESS) {
    const auto error = last_error();
    const auto icmp = read_icmp_error(fd);
    co_return HandshakeOutcome{error, icmp, !icmp && !needs_an_answer(error)};
  }
  for (;;) {
    auto [interrupted] = co_await socket.async_wait(tcp::socket::wait_write, as_result);
    if (interrupted) co_return HandshakeOutcome{interrupted, std::nullopt};
    int pending = 0;
    socklen_t size = sizeof pending;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &pending, &size) != 0)
      co_return HandshakeOutcome{last_error(), std::nullopt};
    // Emptying the queue clears the pending error, so the error is read first.
    if (pending != 0)
      co_return HandshakeOutcome{{pending, asio::error::get_system_category()}, read_icmp_error(fd)};
    std::error_code not_connected;
    socket.remote_endpoint(not_connected);
    if (!not_connected) co_return HandshakeOutcome{};
  }
}

}  // namespace fwprobe::probe
