#include "probe/path_step.h"

#include <array>
#include <cerrno>

#include <asio/buffer.hpp>
#include <asio/ip/udp.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>
#include <netinet/in.h>

#include "probe/deadline.h"
#include "probe/stream_socket.h"

namespace fwprobe::probe {
namespace {

using namespace std::chrono_literals;
using asio::ip::tcp;
using asio::ip::udp;

/// A lost datagram is sent again as a SYN would be, RFC 6298 §2.
constexpr auto retransmit_after = 1s;

std::error_code limit_lifetime(int socket, bool v6, int hops) {
  return v6 ? set_option(socket, IPPROTO_IPV6, IPV6_UNICAST_HOPS, hops)
            : set_option(socket, IPPROTO_IP, IP_TTL, hops);
}

/// -1: the system's own, ip(7) and ipv6(7).
std::error_code restore_lifetime(int socket, bool v6) { return limit_lifetime(socket, v6, -1); }

/// A connection that is not ours to use ends at once, without TIME_WAIT here or data sent again.
void abort(tcp::socket& socket) {
  std::error_code already_closed;
  socket.set_option(asio::socket_base::linger{true, 0}, already_closed);
  socket.close(already_closed);
}

bool is_expiry(const IcmpError& icmp) {
  return icmp.family == IcmpError::Family::icmp ? icmp.type == 11 : icmp.type == 3;
}

void answered(PathStep& step, StepAnswer answer, const Stopwatch& watch) {
  step.answer = answer;
  step.after = watch.elapsed();
}

void answered(PathStep& step, const IcmpError& icmp, const Stopwatch& watch) {
  step.icmp = icmp;
  answered(step, is_expiry(icmp) ? StepAnswer::expired : StepAnswer::unreachable, watch);
}

void not_sent(PathStep& step, const std::error_code& error) {
  step.answer = StepAnswer::not_sent;
  step.failure = TransportFailure{error, std::nullopt};
}

awaitable<void> send_syn(PathStep& step, const TcpEndpoint& remote, const TcpSource& source) {
  tcp::socket socket{co_await asio::this_coro::executor};
  const bool v6 = remote.address().is_v6();
  if (const auto error = open_stream(socket, remote, source)) co_return not_sent(step, error);
  if (const auto error = limit_lifetime(socket.native_handle(), v6, step.lifetime))
    co_return not_sent(step, error);
  const Stopwatch watch;
  const auto outcome = co_await three_way_handshake(socket, remote);
  if (outcome.error == asio::error::operation_aborted) co_return;
  if (!outcome.error) {
    answered(step, StepAnswer::accepted, watch);
    // The RST must reach the server, which would wait else.
    [[maybe_unused]] const auto closed_by_now = restore_lifetime(socket.native_handle(), v6);
    co_return abort(socket);
  }
  if (outcome.icmp) co_return answered(step, *outcome.icmp, watch);
  if (outcome.local) co_return not_sent(step, outcome.error);
  if (outcome.error == asio::error::connection_refused || outcome.error == asio::error::connection_reset)
    co_return answered(step, StepAnswer::reset, watch);
  // The kernel gave up by itself, or an ICMP error came without its message.
  if (outcome.error != asio::error::timed_out) answered(step, StepAnswer::unreachable, watch);
}

/// Waits for a datagram or an ICMP error; nothing when `until` came first.
awaitable<std::error_code> wait_for_answer(udp::socket& socket, Clock::time_point until) {
  const auto waited = co_await within(until, [](udp::socket& s) -> awaitable<std::error_code> {
    auto [error] = co_await s.async_wait(udp::socket::wait_read, as_result);
    co_return error;
  }(socket));
  co_return waited.value_or(asio::error::timed_out);
}

awaitable<void> send_datagram(PathStep& step, const TcpEndpoint& remote, const TcpSource& source) {
  udp::socket socket{co_await asio::this_coro::executor};
  const bool v6 = remote.address().is_v6();
  const UdpEndpoint peer{remote.address(), remote.port()};
  std::error_code error;
  if (socket.open(peer.protocol(), error); error) co_return not_sent(step, error);
  const auto fd = socket.native_handle();
  error = receive_errors(fd, v6);
  if (!error) error = limit_lifetime(fd, v6, step.lifetime);
  if (!error) error = bind_to(socket.native_handle(), source, v6);
  if (!error) socket.connect(peer, error);
  if (error) co_return not_sent(step, error);
  // What traceroute sends: nothing that a service could take for a request.
  constexpr std::array<char, 32> nothing{};
  Stopwatch watch;
  for (auto again = Clock::now();; again += retransmit_after) {
    socket.send(asio::buffer(nothing), 0, error);
    if (const auto icmp = read_icmp_error(fd)) co_return answered(step, *icmp, watch);
    if (error) co_return not_sent(step, error);
    error = co_await wait_for_answer(socket, again + retransmit_after);
    if (error == asio::error::operation_aborted) co_return;
    if (error == asio::error::timed_out) continue;
    if (const auto icmp = read_icmp_error(fd)) co_return answered(step, *icmp, watch);
    co_return answered(step, StepAnswer::accepted, watch);
  }
}

awaitable<void> send_hello(PathStep& step, const TcpEndpoint& remote, const TcpSource& source,
                           std::string_view hello, Clock::duration patience) {
  tcp::socket socket{co_await asio::this_coro::executor};
  const bool v6 = remote.address().is_v6();
  if (const auto error = open_stream(socket, remote, source)) co_return not_sent(step, error);
  const auto established = co_await within(Clock::now() + patience, three_way_handshake(socket, remote));
  if (!established) co_return not_sent(step, asio::error::timed_out);
  if (established->error == asio::error::operation_aborted) co_return;
  if (established->error) co_return not_sent(step, established->error);

  const auto fd = socket.native_handle();
  if (const auto error = limit_lifetime(fd, v6, step.lifetime)) co_return not_sent(step, error);
  const Stopwatch watch;
  auto [failure, written] = co_await asio::async_write(socket, asio::buffer(hello), as_result);
  std::array<char, 1> first;
  if (!failure) {
    auto [error, count] = co_await socket.async_read_some(asio::buffer(first), as_result);
    failure = error;
  }
  // Until here the connection's packets did not get to the server; what ends it must (see path.h on `abort`).
  [[maybe_unused]] const auto closed_by_now = restore_lifetime(fd, v6);
  abort(socket);
  if (failure == asio::error::operation_aborted) co_return;
  if (!failure) co_return answered(step, StepAnswer::accepted, watch);
  if (failure == asio::error::eof) co_return answered(step, StepAnswer::closed, watch);
  if (reset_by_peer({failure, std::nullopt})) co_return answered(step, StepAnswer::reset, watch);
  // On an established connection Linux keeps no ICMP message; time exceeded becomes EHOSTUNREACH (icmp(7)).
  if (failure == asio::error::host_unreachable) co_return answered(step, StepAnswer::expired, watch);
  if (failure != asio::error::timed_out) answered(step, StepAnswer::unreachable, watch);
}

}  // namespace

awaitable<void> take_step(PathStep& step, const PathQuestion& question, const TcpSource& source,
                          std::string_view hello, Clock::duration patience) {
  switch (question.flow) {
    case PathFlow::syn:
      return send_syn(step, question.remote, source);
    case PathFlow::udp:
      return send_datagram(step, question.remote, source);
    case PathFlow::client_hello:
      break;
  }
  return send_hello(step, question.remote, source, hello, patience);
}

}  // namespace fwprobe::probe
