#pragma once
// TCP connections (RFC 9293): one attempt to one address, and what the kernel tells about it.

#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include <asio/awaitable.hpp>
#include <asio/ip/tcp.hpp>

#include "probe/clock.h"
#include "probe/connection.h"
#include "probe/failure.h"

namespace fwprobe::probe {

/// What a connection is opened for.
enum class TcpPurpose : std::uint8_t {
  reach,    ///< to go on with TLS, HTTP, …
  listen,   ///< to hear whether the peer closes or speaks before we say anything; nothing is sent
  compare,  ///< evidence only: the same once more with another segment size, or the way that is not taken
};

struct TcpQuestion {
  asio::ip::tcp::endpoint remote;
  TcpPurpose purpose = TcpPurpose::reach;
  int attempt = 1;  ///< 1, 2, …: further connections to the same endpoint
  /// TCP_MAXSEG, tcp(7): bounds the segments of both directions, as the SYN announces it; 0: as the kernel
  /// chooses.
  std::uint16_t max_segment = 0;
  bool operator==(const TcpQuestion&) const = default;
};

/// Where connections start from: `--source`.
struct TcpSource {
  std::optional<asio::ip::address> address;
  std::string interface;  ///< SO_BINDTODEVICE, when not empty (needs no privilege since Linux 5.7)
};

/// From TCP_INFO, tcp(7).
struct TcpInfo {
  std::chrono::microseconds rtt{};
  std::uint32_t retransmits = 0;  ///< tcpi_total_retrans: of the SYN, when read right after connecting
  std::uint32_t path_mtu = 0;
  std::uint32_t segment_size = 0;
};

/// How far a connection had come when its user gave it up.
struct TcpEnd {
  std::uint32_t unacknowledged = 0;    ///< bytes of ours that the peer's TCP has not acknowledged (SIOCOUTQ)
  std::uint32_t largest_received = 0;  ///< of a segment, in bytes; the kernel's guess begins at 536 or less
  std::uint32_t path_mtu = 0;          ///< as this machine knows it by then, also from ICMP
  std::uint32_t retransmits = 0;       ///< segments that we sent again
  bool operator==(const TcpEnd&) const = default;
};

/// How the peer ended a connection on which nothing was said.
struct EarlyEnd {
  Clock::duration after{};
  bool reset = false;  ///< RST; else FIN
};

struct TcpEstablished {
  asio::ip::tcp::endpoint local;
  TcpInfo info;
  std::optional<EarlyEnd> early_end;  ///< for `listen`, and for `reach` when it had happened at once
  std::string greeting;  ///< for `listen`: the first bytes that the peer sent unasked (at most 256)
};

struct ConnectFailure : TransportFailure {
  std::uint32_t syn_retransmits = 0;
  /// This machine refused before any packet was sent: socket(), an option, bind() or connect() itself failed.
  /// Not so for a connect() that fails at once with an ICMP error in the queue, or with an errno that only an
  /// answer makes (ECONNREFUSED): over loopback the answer is there before the call returns.
  bool local = false;
  bool operator==(const ConnectFailure&) const = default;
};

struct TcpConnect {
  TcpQuestion question;
  std::expected<TcpEstablished, ConnectFailure> result;
};

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
