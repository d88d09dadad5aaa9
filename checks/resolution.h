#pragma once
// Which addresses a name has, by the system's own rules: literal, --resolve, hosts file, then the resolvers
// in order.

#include <cstdint>
#include <string>
#include <vector>

#include <asio/ip/address.hpp>

#include "checks/evidence.h"
#include "probe/endpoint.h"

namespace fwprobe::checks {

enum class NameSource : std::uint8_t { literal, override, hosts_file, resolver };

struct Resolution {
  NameSource source = NameSource::resolver;
  std::vector<asio::ip::address> addresses;   ///< of the wanted families; duplicates removed
  std::vector<probe::DnsQuestion> questions;  ///< all that must be asked for this name, asked or not
  bool settled = true;  ///< false: an answer that may add or change addresses is missing
};

/// The names that the system would ask for: the search list of resolv.conf(5) first for names with fewer dots
/// than `ndots`, then the name as given. Unlike glibc, a name with enough dots is never tried with the search
/// list after NXDOMAIN: such an answer would come from another zone than the one that the user named.
std::vector<std::string> candidate_names(const probe::ResolverConfig& config, const std::string& host);

/// The resolvers to ask: --dns-server, else the system's.
std::vector<probe::UdpEndpoint> resolvers(const Case& the_case);

/// Whether addresses of this family are wanted (-4, -6).
bool wanted(const Settings& settings, const asio::ip::address& address);

/// From the first resolver, in order, that gave addresses; answers of the others are for comparison only.
Resolution resolve_host(const Case& the_case, const probe::Host& host);

}  // namespace fwprobe::checks
