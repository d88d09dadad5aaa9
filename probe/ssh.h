#pragma once
// The identification string of an SSH server (RFC 4253 §4.2); nothing more is said.

#include <expected>
#include <optional>
#include <string>

#include <asio/awaitable.hpp>

#include "probe/clock.h"
#include "probe/connection.h"
#include "probe/failure.h"
#include "probe/measurement_id.h"

namespace fwprobe::probe {

struct SshQuestion {
  MeasurementId connection{};
  bool operator==(const SshQuestion&) const = default;
};

struct SshIdentification {
  std::string protocol;  ///< "2.0"
  std::string software;  ///< "OpenSSH_9.2p1"
  std::string comments;
};

struct SshFailure {
  std::optional<TransportFailure> transport;  ///< nothing (more) came
  std::string first_bytes;                    ///< what came in place of an identification, at most 256
};

struct SshBanner {
  SshQuestion question;
  std::expected<SshIdentification, SshFailure> result;
};

/// Reads lines until the identification (servers may send others before it, at most 8 KiB), within `timeout`.
/// Sends our own identification first, as some servers wait for it.
asio::awaitable<SshBanner> read_banner(SshQuestion question, Connection& connection, Clock::duration timeout);

}  // namespace fwprobe::probe
