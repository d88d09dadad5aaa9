#include "probe/idle.h"

#include <algorithm>
#include <array>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "probe/stream_socket.h"
#include "probe/tcp_progress.h"

namespace fwprobe::probe {
namespace {

constexpr std::uint64_t most_received = 1024UL * 1024;
/// How often the kernel is asked for the answer to a probe; it wakes nobody for one.
constexpr std::chrono::milliseconds look_every{20};

/// Hears the peer until `until`; nothing while it only speaks or is silent.
asio::awaitable<std::optional<TransportFailure>> hear(Connection& connection, Clock::time_point until,
                                                      std::uint64_t& received) {
  std::array<char, 4096> buffer;
  while (Clock::now() < until) {
    const auto count = co_await connection.read_some(buffer, until);
    if (!count && timed_out(count.error())) break;
    if (!count) co_return count.error();
    received += *count;
    if (received > most_received)
      co_return TransportFailure{std::make_error_code(std::errc::message_size), std::nullopt};
  }
  co_return std::nullopt;
}

/// The kernel sends a probe as soon as it sees that the connection is silent for longer than TCP_KEEPIDLE,
/// and then one a second; it gives none up before we do.
std::error_code start_probing(int socket) {
  struct Option {
    int level, name, value;
  };
  constexpr int every_second = 1, most_probes = 127;
  for (const auto& [level, name, value] :
       {Option{SOL_SOCKET, SO_KEEPALIVE, 1}, Option{IPPROTO_TCP, TCP_KEEPINTVL, every_second},
        Option{IPPROTO_TCP, TCP_KEEPCNT, most_probes}, Option{IPPROTO_TCP, TCP_KEEPIDLE, every_second}})
    if (const auto error = set_option(socket, level, name, value)) return error;
  return {};
}

asio::awaitable<KeepAlive> probe_peer(Connection& connection, Clock::duration timeout) {
  const Stopwatch watch;
  const auto deadline = Clock::now() + timeout;
  const auto socket = connection.socket().native_handle();
  const auto before = tcp_progress(socket);
  KeepAlive probed;
  if (const auto error = start_probing(socket)) {
    probed.failure = TransportFailure{error, std::nullopt};
    co_return probed;
  }
  std::uint64_t received = 0;
  while (Clock::now() < deadline && !probed.answered && !probed.failure) {
    const auto next_look = std::min<Clock::time_point>(deadline, Clock::now() + look_every);
    probed.failure = co_await hear(connection, next_look, received);
    const auto now = tcp_progress(socket);
    if (now) probed.unanswered = now->unanswered;
    // Only an acknowledgement makes the last one younger than it was before the silence ended.
    if (before && now && now->last_acknowledgement < before->last_acknowledgement) probed.answered = true;
  }
  // A peer that answers by closing has answered: only a RST or an ICMP error says that it knows no
  // connection.
  if (probed.failure && probed.failure->error == asio::error::eof) probed.answered = true;
  probed.after = watch.elapsed();
  co_return probed;
}

}  // namespace

asio::awaitable<Idled> keep_idle(IdleQuestion question, Connection connection, Clock::duration timeout) {
  const Stopwatch watch;
  IdleWatch fact{question, {}, {}, 0, {}};
  fact.ended = co_await hear(connection, Clock::now() + question.silence, fact.received);
  fact.kept = watch.elapsed();
  if (fact.ended) co_return Idled{std::move(fact), std::nullopt};
  if (question.use == IdleUse::keep_alive) {
    fact.probed = co_await probe_peer(connection, timeout);
    co_return Idled{std::move(fact), std::nullopt};
  }
  const bool silent = fact.received == 0;
  if (!silent) co_return Idled{std::move(fact), std::nullopt};
  co_return Idled{std::move(fact), std::move(connection)};
}

}  // namespace fwprobe::probe
