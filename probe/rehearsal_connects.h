#pragma once
// Connections from many source addresses to one service, side by side, and what became of each.

#include <expected>
#include <string>
#include <vector>

#include "probe/rehearsal_network.h"

namespace fwprobe::probe {

/// Sockets that accept connections, where the service is and where rules may send its connections instead.
struct RehearsalListeners {
  std::vector<Descriptor> sockets;
};
std::expected<RehearsalListeners, std::string> listen_everywhere(const Rehearsal& rehearsal,
                                                                 const RehearsalNetwork& network);

/// One connection from each source; `unusable` where the kernel does not let the source be used. The calling
/// process is in the sources' namespace. The error says what the system refused.
std::expected<std::vector<Passage>, std::string> connect_from_all(const Rehearsal& rehearsal,
                                                                  const RehearsalListeners& listeners);

}  // namespace fwprobe::probe
