#pragma once
// Everything that the options of `check` decide, parsed; nothing in here is text that still means something.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include <asio/ip/address.hpp>

#include "allowlist/allowlist.h"
#include "checks/proxy_source.h"
#include "checks/target.h"
#include "probe/clock.h"
#include "probe/endpoint.h"
#include "probe/environment.h"
#include "probe/facts/http.h"
#include "probe/facts/tcp.h"
#include "probe/facts/tls.h"
#include "probe/proxy_rules.h"

namespace fwprobe::checks {

enum class Family : std::uint8_t { ipv4, ipv6 };
/// `--trace`: locate the hop when something fails, also when nothing does, or never.
enum class TraceMode : std::uint8_t { automatic, always, never };
enum class NameScope : std::uint8_t { any, expect_public, expect_private };

/// `--resolve HOST=ADDR[,ADDR…]`.
struct ResolveOverride {
  std::string name;
  std::vector<asio::ip::address> addresses;
};

/// "200", "3xx": first and last status.
struct StatusRange {
  std::uint16_t first = 200;
  std::uint16_t last = 299;
};

struct Settings {
  std::optional<Profile> profile;  ///< none: default_profile() of the target
  std::vector<probe::UdpEndpoint> dns_servers;
  std::vector<ResolveOverride> overrides;
  std::optional<Family> family;  ///< -4, -6
  NameScope name_scope = NameScope::any;
  std::vector<allowlist::Prefix> expected_addresses;  ///< --expect-address
  probe::TcpSource source;
  int attempts = 1;
  TraceMode trace = TraceMode::automatic;
  int hops = 30;          ///< the longest lifetime of a trace
  bool hop_names = true;  ///< ask for the names of its hops
  probe::TlsCredentials tls;
  std::string server_name;                    ///< --sni
  std::vector<std::string> ssh_fingerprints;  ///< "SHA256:…": the host key must have one of these
  probe::ProxyRules proxies = probe::ProxyRules::direct("no proxy is configured");
  ProxySource proxy_source;  ///< of `proxies`, without credentials: what a report says
  std::vector<probe::HttpHeader> headers;
  std::vector<StatusRange> expected_status;  ///< empty: 2xx, and 3xx when followed to one
  std::string collection;
  std::optional<probe::Secret> token;
  std::vector<allowlist::Allowlist> allowlists;
  std::vector<asio::ip::address> egress;
  probe::Clock::duration timeout = std::chrono::seconds{5};
  probe::Clock::duration deadline = std::chrono::seconds{30};  ///< without the silence of `idle`
  // Opt-in trials of what the way lets through.
  std::optional<probe::Clock::duration> idle;  ///< --idle: so long a connection is kept silent
  std::optional<std::uint64_t> upload;         ///< --upload: bytes
  bool methods = false;                        ///< --methods
  std::chrono::days expiry_warning{14};
  std::string site;
  probe::SystemFiles system_files;
};

}  // namespace fwprobe::checks
