#pragma once
// What is watched, and how: a suite file as values (docs/suites.md). Read by cli/suite.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "allowlist/allowlist.h"
#include "checks/expectation.h"
#include "checks/settings.h"
#include "checks/target.h"
#include "probe/endpoint.h"
#include "probe/secret.h"
#include "probe/tls.h"

namespace fwprobe::monitor {

using checks::Expectation;

/// How something is measured; shared by all targets for which the suite says the same.
struct Manner {
  std::shared_ptr<const checks::Settings> settings;
  std::shared_ptr<probe::TlsContexts> contexts;  ///< used by the measuring thread only
  probe::HttpLimits limits;
  std::shared_ptr<const std::string> options = {};  ///< as the suite says them, without secrets: "timeout 3s"
};

struct Watched {
  /// Unique in its plan and the same after a reload: lower-case letters, digits, '.', '_' and '-'; at most
  /// 100.
  std::string id;
  std::string name;   ///< as people call it; default: the target's text
  std::string group;  ///< empty: none
  std::vector<std::string> tags;
  checks::Target target;
  Manner manner;
  Expectation expect;
  std::chrono::milliseconds interval{60'000};
  int confirm = 2;  ///< so many equal results in a row make a change that is told
};

/// What `/probe?module=NAME` measures by.
struct Module {
  std::string name;
  Manner manner;
};

/// What `/probe` may be asked about: whoever reaches the page cannot scan through it.
struct AllowedTarget {
  std::variant<allowlist::Domain, allowlist::Prefix> where;
  std::vector<allowlist::PortRange> ports;  ///< empty: every port
};

/// The HTTP side of `fwprobe serve`.
struct Web {
  std::vector<probe::TcpEndpoint> listen;
  std::filesystem::path config;  ///< web-config.yml of the Prometheus exporter-toolkit; empty: plain HTTP
  std::string external_url;      ///< how readers of notices reach it; empty: no links
  std::vector<Module> modules;
  std::vector<AllowedTarget> allowed;  ///< empty: `/probe` refuses every target
};

struct History {
  std::filesystem::path database;
  std::chrono::days retention{30};
};

enum class ReceiverKind : std::uint8_t { webhook, alertmanager, slack };

/// Whom changes are told.
struct Receiver {
  std::string name;
  ReceiverKind kind = ReceiverKind::webhook;
  probe::Secret url;                      ///< Slack's holds its credential in the path
  probe::Secret authorization;            ///< the header's whole value; empty: none is sent
  Manner manner;                          ///< roots, proxy, source and timeout of the connection
  std::vector<std::string> groups, tags;  ///< only targets of these; empty: all
};

struct Notices {
  std::vector<Receiver> receivers;
  std::chrono::milliseconds group_wait{10'000};  ///< changes within it go out as one message
  std::size_t queue_limit = 10'000;              ///< of notices that wait on disk; the oldest give way
};

struct Plan {
  std::vector<Watched> targets;
  std::size_t jobs = 0;             ///< targets measured at the same time
  std::size_t per_destination = 2;  ///< of them, to one host and port
  double jitter = 0.1;              ///< of an interval, so that targets spread
  Web web;
  History history;
  Notices notices;
  std::string site;  ///< label of the vantage point
};

}  // namespace fwprobe::monitor
