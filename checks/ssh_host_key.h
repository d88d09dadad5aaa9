#pragma once
// A server's host keys, compared with what is published of them.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "checks/evidence.h"
#include "probe/endpoint.h"

namespace fwprobe::checks {

struct PublishedKey {
  std::string type;  ///< "ssh-ed25519"; empty: not said
  std::string fingerprint;
};

/// What the target's host key must be: one of these.
struct PublishedKeys {
  std::vector<PublishedKey> keys;  ///< empty: nobody says
  std::string source;              ///< "--ssh-fingerprint", or where the publisher names them
  bool by_user = false;
};

/// The user's, or those that stand in ssh_fingerprints.inc under the target's name.
PublishedKeys published_keys(const Case& the_case);

/// One of the server's keys is published; it has another in its place; or its key of the type in question was
/// not seen.
enum class HostKeyMatch : std::uint8_t { published, another, undecided };

struct HostKeyComparison {
  HostKeyMatch match = HostKeyMatch::undecided;
  std::vector<probe::SshHostKey> seen;
  /// Types that may hold a published key, that the server offers, and of which no key was seen.
  std::vector<std::string> open_types;
  std::vector<probe::MeasurementId> evidence;  ///< every connection on which the server was asked
};

/// The keys of one server, from all connections to this endpoint.
HostKeyComparison compare_host_keys(const Case& the_case, const PublishedKeys& published,
                                    const probe::TcpEndpoint& remote);

/// Whether a key of this type can be asked for; an offer may hold any names.
bool is_known_key_type(std::string_view type);

}  // namespace fwprobe::checks
