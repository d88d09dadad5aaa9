#include "probe/proxy_rules.h"

#include <span>

#include <fmt/format.h>

#include "probe/proxy_url.h"

namespace fwprobe::probe {
namespace {

using Variables = std::map<std::string, std::string>;

/// The first of these variables that is set and not empty.
const Variables::value_type* first_set(const Variables& variables, std::span<const char* const> names) {
  for (const auto* name : names)
    if (const auto at = variables.find(name); at != variables.end() && !at->second.empty()) return &*at;
  return nullptr;
}

struct Source {
  const char* scheme;
  std::span<const char* const> names;
};

constexpr const char* https_names[] = {"https_proxy", "HTTPS_PROXY"};
// HTTP_PROXY is what a CGI server makes of a request's header "Proxy" (CVE-2016-5385); curl does not read it.
constexpr const char* http_names[] = {"http_proxy"};
constexpr const char* all_names[] = {"all_proxy", "ALL_PROXY"};
constexpr const char* exception_names[] = {"no_proxy", "NO_PROXY"};
constexpr Source sources[] = {{"https", https_names}, {"http", http_names}, {"all", all_names}};

}  // namespace

ProxyRules ProxyRules::direct(std::string reason) {
  ProxyRules rules;
  rules.direct_reason_ = std::move(reason);
  return rules;
}

std::expected<ProxyRules, std::string> ProxyRules::fixed(std::string_view url) {
  auto server = parse_proxy(url);
  if (!server) return std::unexpected{fmt::format("--proxy: {}", server.error())};
  ProxyRules rules;
  rules.by_scheme_.emplace("all", Rule{std::move(*server), "--proxy"});
  return rules;
}

std::expected<ProxyRules, std::string> ProxyRules::from_environment(const Variables& variables) {
  ProxyRules rules;
  for (const auto& source : sources) {
    const auto* variable = first_set(variables, source.names);
    if (variable == nullptr) continue;
    auto server = parse_proxy(variable->second);
    if (!server)
      return std::unexpected{fmt::format("{}: {} (or leave the environment's proxies out with --no-proxy)",
                                         variable->first, server.error())};
    rules.by_scheme_.emplace(source.scheme, Rule{std::move(*server), variable->first + " is set"});
  }
  if (const auto* variable = first_set(variables, exception_names)) {
    rules.exceptions_ = NoProxy{variable->second};
    rules.exceptions_origin_ = variable->first;
  }
  return rules;
}

const ProxyRules::Rule* ProxyRules::rule_for(std::string_view scheme) const {
  auto at = by_scheme_.find(scheme == "tls" ? "https" : scheme);
  if (at == by_scheme_.end()) at = by_scheme_.find("all");
  return at == by_scheme_.end() ? nullptr : &at->second;
}

ProxyChoice ProxyRules::choose(std::string_view scheme, const Host& host, std::uint16_t port) const {
  const auto* rule = rule_for(scheme);
  if (rule == nullptr && by_scheme_.empty()) return {std::nullopt, direct_reason_, std::nullopt};
  if (rule == nullptr)
    return {std::nullopt, fmt::format("no proxy is configured for {}", scheme), std::nullopt};
  if (const auto* entry = exceptions_.covering(host, port))
    return {std::nullopt, fmt::format("{} covers {}", exceptions_origin_, host.name),
            BypassedProxy{rule->server, rule->reason, exceptions_origin_, *entry}};
  return {rule->server, rule->reason, std::nullopt};
}

}  // namespace fwprobe::probe
