#pragma once
// What this machine brings along: its resolvers, hosts file, addresses and routes. Nothing is sent.

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <asio/ip/address.hpp>

#include "probe/endpoint.h"

namespace fwprobe::probe {

/// resolv.conf(5).
struct ResolverConfig {
  std::vector<UdpEndpoint> servers;  ///< in order; 127.0.0.1 and ::1 when the file names none
  std::vector<std::string> search;
  int ndots = 1;
};

/// One name of hosts(5) with its addresses, in the file's order.
struct HostsEntry {
  std::string name;
  std::vector<asio::ip::address> addresses;
  int line = 0;
};

struct EnvironmentQuestion {
  std::vector<std::string> names;  ///< whose entries of the hosts file are wanted
  bool operator==(const EnvironmentQuestion&) const = default;
};

struct Environment {
  EnvironmentQuestion question;
  std::string host;  ///< gethostname(2)
  std::vector<asio::ip::address>
      addresses;            ///< of all interfaces that are up, loopback and link-local left out
  bool ipv4_route = false;  ///< a route to a global IPv4 address exists
  bool ipv6_route = false;
  ResolverConfig resolver;
  bool hosts_before_dns = true;   ///< the `hosts:` line of nsswitch.conf(5)
  std::vector<HostsEntry> hosts;  ///< the entries for the question's names
};

/// The files read; other values serve tests and containers.
struct SystemFiles {
  std::filesystem::path resolv_conf = "/etc/resolv.conf";
  std::filesystem::path hosts = "/etc/hosts";
  std::filesystem::path nsswitch_conf = "/etc/nsswitch.conf";
};

/// Unreadable files count as absent, as for the system.
Environment read_environment(EnvironmentQuestion question, const SystemFiles& files = {});

/// gethostname(2); empty when it has none.
std::string host_name();
ResolverConfig parse_resolv_conf(std::string_view text);
std::vector<HostsEntry> parse_hosts(std::string_view text, const std::vector<std::string>& names);
bool hosts_before_dns(std::string_view nsswitch_conf);

}  // namespace fwprobe::probe
