#pragma once
// How the network says no: the parts of a failure that every layer shares, exactly as they were seen.

#include <cstdint>
#include <optional>
#include <system_error>
#include <vector>

#include <asio/ip/address.hpp>

namespace fwprobe::probe {

/// One entry of the label stack that a packet bore where it expired (RFC 3032 §2.1, RFC 4950 §3).
struct MplsLabel {
  std::uint32_t label = 0;  ///< 20 bits
  std::uint8_t exp = 0;     ///< 3 bits: the traffic class, RFC 5462
  bool bottom = false;      ///< the last entry of its stack
  std::uint8_t ttl = 0;
  bool operator==(const MplsLabel&) const = default;
};

/// An ICMP error that a device sent about one of our packets (RFC 792, RFC 4443 §3).
struct IcmpError {
  enum class Family : std::uint8_t { icmp, icmp6 };
  Family family = Family::icmp;
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  asio::ip::address sender;       ///< SO_EE_OFFENDER, ip(7)
  std::vector<MplsLabel> mpls{};  ///< the outermost first, at most 16; from the message's extension
  bool operator==(const IcmpError&) const = default;
};

/// What ended an operation on a socket without success.
struct TransportFailure {
  std::error_code error;          ///< errno in the system category; asio::error::timed_out at the deadline;
                                  ///< asio::error::eof when the peer closed
  std::optional<IcmpError> icmp;  ///< from the socket's error queue, ip(7) IP_RECVERR
  bool operator==(const TransportFailure&) const = default;
};

/// Whether the deadline, not the network, ended the operation.
bool timed_out(const TransportFailure& failure);
/// Whether the peer ended the connection: FIN (eof) or RST (ECONNRESET, EPIPE).
bool closed_by_peer(const TransportFailure& failure);
/// ECONNRESET or EPIPE: a RST, not a FIN.
bool reset_by_peer(const TransportFailure& failure);

}  // namespace fwprobe::probe
