#pragma once
// The network of a rehearsal: the sources, the firewall and what is behind it, each a namespace.

#include <expected>
#include <string>

#include "probe/child_program.h"
#include "probe/rehearsal.h"

namespace fwprobe::probe {

struct RehearsalNetwork {
  Descriptor sources;   ///< namespaces(7), for enter()
  Descriptor firewall;  ///< the calling process is here when it has been made
  Descriptor behind;
  IcmpErrors errors = IcmpErrors::all_sent;
};

/// Moves the calling process, which must be single-threaded, into new user and network namespaces. The error
/// is a sentence: what is forbidden here, and which sysctl says so.
std::expected<void, std::string> leave_for_new_namespaces();

/// Makes the others and lays the cables. The error is a sentence.
std::expected<RehearsalNetwork, std::string> make_network(const Rehearsal& rehearsal);

/// Sockets and programs that the calling process makes from now on are in that namespace.
bool enter(const Descriptor& network);

}  // namespace fwprobe::probe
