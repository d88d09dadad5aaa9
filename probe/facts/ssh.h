#pragma once
// What an SSH server tells before anybody logs in (RFC 4253): its identification, its offer, its host key.

#include <expected>
#include <optional>
#include <string>

#include "probe/failure.h"
#include "probe/measurement_id.h"
#include "probe/ssh_offer.h"

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

/// Why there is no host key.
struct SshKeyFailure {
  std::optional<TransportFailure> transport;  ///< the connection ended, or the deadline came
  std::string reason;                         ///< of the library, or what is wrong with what came
  std::optional<SshOffer> ours;               ///< what we offered, when we came so far
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

}  // namespace fwprobe::probe
