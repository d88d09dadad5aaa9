#pragma once
// One attempt at a TCP connection (RFC 9293), and what the kernel tells about it.

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>

#include <asio/ip/address.hpp>

#include "probe/clock.h"
#include "probe/endpoint.h"
#include "probe/failure.h"

namespace fwprobe::probe {

/// What a connection is opened for.
enum class TcpPurpose : std::uint8_t {
  reach,    ///< to go on with TLS, HTTP, …
  listen,   ///< to hear whether the peer closes or speaks before we say anything; nothing is sent
  compare,  ///< evidence only: the same once more with another segment size, or the way that is not taken
};

struct TcpQuestion {
  TcpEndpoint remote;
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
  TcpEndpoint local;
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

}  // namespace fwprobe::probe
