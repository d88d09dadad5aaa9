#include "probe/tcp.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "probe/deadline.h"
#include "probe/stream_socket.h"

namespace fwprobe::probe {
namespace {

using asio::ip::tcp;

constexpr std::size_t longest_greeting = 256;

std::optional<tcp_info> kernel_info(int socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return {};
  return info;
}

TcpInfo info_of(int socket) {
  const auto info = kernel_info(socket);
  if (!info) return {};
  return {std::chrono::microseconds{info->tcpi_rtt}, info->tcpi_total_retrans, info->tcpi_pmtu,
          info->tcpi_snd_mss};
}

/// Whether the peer has ended the connection already, without taking anything from it.
std::optional<EarlyEnd> ended_at_once(int socket, const Stopwatch& established) {
  char byte = 0;
  const auto count = recv(socket, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (count > 0 || (count < 0 && errno != ECONNRESET)) return {};
  return EarlyEnd{established.elapsed(), count < 0};
}

/// Listens until the peer ends the connection, has said more than we keep, or the time is over.
awaitable<std::error_code> hear(Connection& connection, Clock::time_point until, std::string& greeting) {
  std::array<char, longest_greeting> buffer;
  while (greeting.size() < longest_greeting) {
    const std::span<char> room{buffer.data(), longest_greeting - greeting.size()};
    const auto heard = co_await connection.read_some(room, until);
    if (!heard) co_return heard.error().error;
    greeting.append(buffer.data(), *heard);
  }
  co_return std::error_code{};
}

/// Before connect(), so that the SYN announces it to the peer as well.
std::error_code bound_segments(int socket, std::uint16_t size) {
  return size == 0 ? std::error_code{} : set_option(socket, IPPROTO_TCP, TCP_MAXSEG, size);
}

TcpConnect failed(const TcpQuestion& question, const ConnectFailure& failure) {
  return {question, std::unexpected{failure}};
}

}  // namespace

std::optional<TcpEnd> tcp_end(int socket) {
  const auto info = kernel_info(socket);
  int unacknowledged = 0;
  if (!info || ioctl(socket, SIOCOUTQ, &unacknowledged) != 0) return {};
  return TcpEnd{static_cast<std::uint32_t>(unacknowledged), info->tcpi_rcv_mss, info->tcpi_pmtu,
                info->tcpi_total_retrans};
}

awaitable<Connected> connect(TcpQuestion question, TcpSource source, Clock::duration timeout,
                             Clock::duration listen_for) {
  const auto deadline = Clock::now() + timeout;
  tcp::socket socket{co_await asio::this_coro::executor};
  if (const auto error = open_stream(socket, question.remote, source))
    co_return Connected{failed(question, {{error, std::nullopt}, 0, true}), std::nullopt};
  if (const auto error = bound_segments(socket.native_handle(), question.max_segment))
    co_return Connected{failed(question, {{error, std::nullopt}, 0, true}), std::nullopt};

  auto outcome = co_await within(deadline, three_way_handshake(socket, question.remote));
  const Stopwatch ended;
  const auto fd = socket.native_handle();
  if (!outcome) outcome = HandshakeOutcome{asio::error::timed_out, read_icmp_error(fd)};
  const auto info = info_of(fd);
  // A RST answers a SYN with ECONNREFUSED; ECONNRESET (EPIPE behind a FIN) says that there was a connection
  // before we looked (Linux, tcp_reset()).
  const bool reset = reset_by_peer({outcome->error, std::nullopt});
  if (outcome->error && !reset) {
    const ConnectFailure failure{{outcome->error, outcome->icmp}, info.retransmits, outcome->local};
    co_return Connected{failed(question, failure), std::nullopt};
  }

  std::error_code unknown;  // leaves an empty endpoint
  TcpEstablished fact{socket.local_endpoint(unknown), info, std::nullopt, {}};
  Connection connection{std::move(socket)};
  if (question.purpose == TcpPurpose::listen) {
    const auto end = co_await hear(connection, Clock::now() + listen_for, fact.greeting);
    const TransportFailure ending{end, std::nullopt};
    if (closed_by_peer(ending)) fact.early_end = EarlyEnd{ended.elapsed(), reset || reset_by_peer(ending)};
    connection.unread(fact.greeting);
  } else {
    fact.early_end = reset ? std::optional{EarlyEnd{ended.elapsed(), true}} : ended_at_once(fd, ended);
  }
  const bool usable = !fact.early_end;
  TcpConnect measured{question, std::move(fact)};
  if (!usable) co_return Connected{std::move(measured), std::nullopt};
  co_return Connected{std::move(measured), std::move(connection)};
}

}  // namespace fwprobe::probe
