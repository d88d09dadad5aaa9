#pragma once
// Where a flow comes from, as the firewall in question sees it.

#include <vector>

#include "checks/evidence.h"
#include "checks/flow.h"

namespace fwprobe::checks {

/// The prefix of one address.
allowlist::Prefix single(const asio::ip::address& address);
/// IPv4 first, sorted, without those that another one holds: sets of firewalls refuse what overlaps.
std::vector<allowlist::Prefix> merged(std::vector<allowlist::Prefix> prefixes);

/// The sources that the inbound allowlists publish for this port; destinations of a family that they have no
/// source of are left out. False, and nothing is changed, when they have none.
bool use_published_sources(const Case& the_case, Flow& flow);

/// This machine's address towards the destinations: --egress where addresses are translated, --source, the
/// local end of a connection, the machine's addresses.
void use_own_sources(const Case& the_case, Flow& flow);

}  // namespace fwprobe::checks
