#pragma once
// The key exchange of SSH (RFC 4253 §7, §8) as far as the host key: no user is named, nothing is asked for.

#include <optional>
#include <string>

#include <asio/awaitable.hpp>

#include "probe/clock.h"
#include "probe/connection.h"
#include "probe/facts/ssh.h"
#include "probe/ssh_offer.h"

namespace fwprobe::probe {

struct SshKeyExchange {
  std::optional<SshOffer> offer;       ///< the server's
  std::optional<SshHostKey> host_key;  ///< the server has proved that it holds it
  std::optional<SshKeyFailure> failure;
};

/// Both identification strings, without their line ends: they are part of what the server signs.
struct SshIdentities {
  std::string own;
  std::string peer;
};

/// Exchanges keys on a connection on which both sides have identified themselves, and says goodbye.
/// `host_key_type`: the only type of host key to ask for; empty: any. At most 256 KiB are read.
asio::awaitable<SshKeyExchange> exchange_keys(Connection& connection, SshIdentities identities,
                                              std::string host_key_type, Clock::time_point deadline);

}  // namespace fwprobe::probe
