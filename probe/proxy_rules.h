#pragma once
// Which proxy, if any, a request goes through: `--proxy`, or the environment's variables as curl reads them.

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "probe/facts/proxy.h"
#include "probe/no_proxy.h"
#include "probe/url.h"

namespace fwprobe::probe {

/// A proxy that the environment names and an exception keeps from being used.
struct BypassedProxy {
  ProxyServer server;
  std::string origin;  ///< "HTTPS_PROXY is set"
  std::string list;    ///< the variable that excepts: "NO_PROXY"
  std::string entry;   ///< of it, as it was written: ".example.com"
};

/// A proxy, or none, and why: "HTTPS_PROXY is set", "NO_PROXY covers example.com", "--no-proxy".
struct ProxyChoice {
  std::optional<ProxyServer> server;
  std::string reason;
  std::optional<BypassedProxy> bypassed;  ///< never beside `server`

  /// The one that a tunnel for this request goes through, be it taken or only compared with.
  const ProxyServer& named() const { return server ? *server : bypassed->server; }
};

class ProxyRules {
 public:
  /// No proxy at all; `reason` says why.
  static ProxyRules direct(std::string reason);
  /// This proxy for everything: `--proxy URL`, see parse_proxy(). The error begins with "--proxy: ".
  static std::expected<ProxyRules, std::string> fixed(std::string_view url);
  /// From variables as given: https_proxy and HTTPS_PROXY, http_proxy (lower case only, for CGI's sake),
  /// all_proxy and ALL_PROXY, no_proxy and NO_PROXY. The lower-case name wins, and an empty variable counts
  /// as unset, as for curl. The error begins with the variable's name.
  static std::expected<ProxyRules, std::string> from_environment(
      const std::map<std::string, std::string>& variables);

  /// `scheme` is the target's: https and tls take HTTPS_PROXY, http takes http_proxy, and all of them, as
  /// others, ALL_PROXY else.
  ProxyChoice choose(std::string_view scheme, const Host& host, std::uint16_t port) const;

 private:
  struct Rule {
    ProxyServer server;
    std::string reason;
  };
  const Rule* rule_for(std::string_view scheme) const;

  std::string direct_reason_ = "no proxy is configured";
  std::map<std::string, Rule, std::less<>> by_scheme_;  ///< "https", "http", "all"
  NoProxy exceptions_;
  std::string exceptions_origin_;
};

}  // namespace fwprobe::probe
