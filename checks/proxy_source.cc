#include "checks/proxy_source.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

#include <fmt/format.h>

#include "checks/builders.h"
#include "probe/proxy_url.h"

namespace fwprobe::checks {
namespace {

constexpr std::array proxy_variables{"https_proxy", "HTTPS_PROXY", "http_proxy", "all_proxy", "ALL_PROXY"};
constexpr std::array exception_variables{"no_proxy", "NO_PROXY"};

/// Empty when it is no proxy: then nothing tells what of it is a password.
std::string without_credentials(std::string_view url) {
  const auto proxy = probe::parse_proxy(url);
  if (!proxy) return {};
  return fmt::format("{}://{}{}", proxy->kind == probe::ProxyKind::http ? "http" : "socks5",
                     proxy->user.empty() ? "" : "***@", host_port(proxy->host.name, proxy->port));
}

}  // namespace

std::expected<probe::ProxyRules, std::string> proxy_rules(const ProxySource& source) {
  if (source.kind == ProxySource::Kind::option) return probe::ProxyRules::fixed(source.text);
  if (source.kind == ProxySource::Kind::none) return probe::ProxyRules::direct(source.text);
  std::map<std::string, std::string> variables;
  for (const auto& [name, value] : source.variables) variables.emplace(name, value);
  return probe::ProxyRules::from_environment(variables);
}

ProxySource without_credentials(ProxySource source) {
  if (source.kind == ProxySource::Kind::option) source.text = without_credentials(source.text);
  std::vector<ProxyVariable> kept;
  for (auto& variable : source.variables) {
    if (std::ranges::find(proxy_variables, variable.name) != proxy_variables.end())
      variable.value = without_credentials(variable.value);
    else if (std::ranges::find(exception_variables, variable.name) == exception_variables.end())
      continue;
    if (!variable.value.empty()) kept.push_back(std::move(variable));
  }
  source.variables = std::move(kept);
  return source;
}

}  // namespace fwprobe::checks
