#pragma once
// How far the bytes of a connection have come, as the kernel counts them (TCP_INFO, tcp(7)). Needs no
// privilege.

#include <chrono>
#include <cstdint>
#include <optional>

namespace fwprobe::probe {

struct TcpProgress {
  std::uint64_t acknowledged = 0;  ///< by the peer's TCP, since the connection began, TLS records included
  std::uint64_t queued = 0;        ///< given to the kernel and not acknowledged (SIOCOUTQ)
  std::uint32_t retransmits = 0;   ///< segments that were sent again, since the connection began
  std::uint32_t unanswered = 0;    ///< keep-alive probes in a row that were not answered
  std::chrono::milliseconds last_acknowledgement{};  ///< ago
};

/// Nothing when the kernel does not say (before Linux 4.1).
std::optional<TcpProgress> tcp_progress(int socket);

}  // namespace fwprobe::probe
