#pragma once
// Whether two sides of an SSH connection can agree on algorithms (RFC 4253 §7.1).

#include <optional>
#include <string_view>
#include <vector>

#include "probe/ssh_offer.h"

namespace fwprobe::checks {

/// What the SSH clients of today take by default: OpenSSH 8.8 and newer, and with it git.
const probe::SshOffer& current_clients();

/// The first list in which nothing matches, in OpenSSH's words.
struct NothingInCommon {
  std::string_view what;  ///< "key exchange method", "host key type", "cipher", "MAC"
  const std::vector<std::string>* server = nullptr;
  const std::vector<std::string>* client = nullptr;
};

/// Refers to the two offers.
std::optional<NothingInCommon> nothing_in_common(const probe::SshOffer& server,
                                                 const probe::SshOffer& client);

}  // namespace fwprobe::checks
