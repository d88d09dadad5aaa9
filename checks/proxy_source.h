#pragma once
// What proxy rules are made of, so that a report can hold it and judging again comes to the same rules.

#include <expected>
#include <string>
#include <vector>

#include "probe/proxy_rules.h"

namespace fwprobe::checks {

struct ProxyVariable {
  std::string name;
  std::string value;
};

struct ProxySource {
  enum class Kind : std::uint8_t { none, option, environment };
  Kind kind = Kind::none;
  std::string text = "no proxy is configured";  ///< `none`: why; `option`: the URL of --proxy
  std::vector<ProxyVariable> variables;         ///< `environment`
};

/// The error begins with the option or variable that is wrong.
std::expected<probe::ProxyRules, std::string> proxy_rules(const ProxySource& source);

/// The same rules, fit for a report: of the environment only the variables that name proxies and exceptions,
/// and in place of a user and password "***".
ProxySource without_credentials(ProxySource source);

}  // namespace fwprobe::checks
