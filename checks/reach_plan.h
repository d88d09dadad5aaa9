#pragma once
// What of an outbound list is probed: the ports, addresses and names of each entry.

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include <asio/ip/address.hpp>

#include "allowlist/allowlist.h"
#include "checks/settings.h"

namespace fwprobe::checks {

struct ReachChoice {
  std::optional<std::size_t> sample = 5;  ///< so many addresses of a prefix; none: all of them
  std::uint16_t port = 443;               ///< for entries that are for any port
  std::optional<Family> family;           ///< -4, -6
  std::chrono::year_month_day day;        ///< on which entries must be in force
};

struct ReachPlan {
  const allowlist::Entry* entry = nullptr;
  std::string skipped;  ///< why nothing of it is probed; empty: it is
  std::vector<std::uint16_t> ports;
  std::vector<asio::ip::address> addresses;  ///< of a prefix
  std::vector<std::string> hosts;            ///< of a domain; a wildcard's examples
  std::string note;                          ///< what is assumed or left out, for whoever reads the verdict
};

/// The entries in force, in their order. The error says which choice would make it feasible.
std::expected<std::vector<ReachPlan>, std::string> plan_reach(const allowlist::Allowlist& list,
                                                              const ReachChoice& choice);

/// Always the same: the first and the last address that a host can have, and those between at equal
/// distances. All of a prefix that has no more than `count`, without the ends that no host can have (RFC 4632
/// §3.1, RFC 4291 §2.6.1). Where a wide prefix runs through loopback, multicast and the like, only what is
/// beside them.
std::vector<asio::ip::address> sample(const allowlist::Prefix& prefix, std::size_t count);

}  // namespace fwprobe::checks
