#pragma once
// The identification string of an SSH server (RFC 4253 §4.2), what it offers for the key exchange, and its
// host key. No user is named.

#include <expected>
#include <optional>
#include <string>

#include <asio/awaitable.hpp>

#include "probe/clock.h"
#include "probe/connection.h"
#include "probe/failure.h"
#include "probe/measurement_id.h"
#include "probe/ssh_key_exchange.h"

namespace fwprobe::probe {

struct SshQuestion {
  MeasurementId connection{};
  std::string host_key_type{};  ///< the only type of host key to ask for, "ssh-rsa"; empty: any
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
  std::optional<SshOffer> offer{};
  std::optional<SshHostKey> host_key{};
  /// Why there is no host key. Nothing of these three: the server identified itself as of another protocol
  /// than 2.0.
  std::optional<SshKeyFailure> key_failure{};
};

/// SSH 2.0, or both versions: "1.99" (RFC 4253 §5.1).
bool speaks_ssh2(const SshIdentification& identification);

/// Reads lines until the identification (servers may send others before it, at most 8 KiB), within `timeout`.
/// Sends our own identification first, as some servers wait for it. Then exchanges keys, within the same
/// time.
asio::awaitable<SshBanner> read_banner(SshQuestion question, Connection& connection, Clock::duration timeout);

}  // namespace fwprobe::probe
