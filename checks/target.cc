#include "checks/target.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace fwprobe::checks {
namespace {

constexpr std::pair<Scheme, std::string_view> schemes[] = {{Scheme::https, "https"},
                                                           {Scheme::http, "http"},
                                                           {Scheme::tcp, "tcp"},
                                                           {Scheme::tls, "tls"},
                                                           {Scheme::ssh, "ssh"}};

constexpr std::pair<Profile, std::string_view> profiles[] = {
    {Profile::web, "web"},
    {Profile::azure_devops_services, "azure-devops-services"},
    {Profile::azure_devops_server, "azure-devops-server"},
    {Profile::tcp, "tcp"},
    {Profile::tls, "tls"},
    {Profile::ssh, "ssh"}};

template <typename Rows, typename Value>
std::string_view name_in(const Rows& rows, Value value) {
  return std::ranges::find(rows, value, [](const auto& row) { return row.first; })->second;
}

std::string authority(const Target& target) {
  return fmt::format(fmt::runtime(target.host.address && target.host.address->is_v6() ? "[{}]:{}" : "{}:{}"),
                     target.host.name, target.port);
}

/// Messages end up in logs; a password that was typed into a URL must not.
std::string without_userinfo(std::string_view text) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos) return std::string{text};
  const auto slashes = text.find("://");
  const auto begin = slashes == std::string_view::npos || slashes > at ? 0 : slashes + 3;
  return fmt::format("{}…{}", text.substr(0, begin), text.substr(at));
}

std::unexpected<std::string> wrong(std::string_view text, std::string_view what) {
  return std::unexpected{fmt::format("'{}': {}", without_userinfo(text), what)};
}

/// "host", "host:port", "[2001:db8::1]:port": https on 443, tcp on any other port.
std::expected<Target, std::string> parse_bare(std::string_view text) {
  // A colon makes an IPv6 address without brackets look like a port; libc and browsers want the brackets,
  // too.
  if (std::ranges::count(text, ':') > 1 && !text.starts_with('['))
    return wrong(text, "write an IPv6 address in brackets, such as [2001:db8::1]:443");
  const auto url = probe::parse_url(fmt::format("tcp://{}", text));
  if (!url) return wrong(text, url.error().message);
  constexpr std::uint16_t https_port = 443;
  const auto port = url->port == 0 ? https_port : url->port;
  return parse_target(fmt::format("{}://{}", port == https_port ? "https" : "tcp", text));
}

}  // namespace

std::string Target::text() const {
  return is_http(scheme) ? url.text() : fmt::format("{}://{}", name(scheme), authority(*this));
}

std::expected<Target, std::string> parse_target(std::string_view text) {
  if (text.find("://") == std::string_view::npos) return parse_bare(text);
  auto url = probe::parse_url(text);
  if (!url) return wrong(text, url.error().message);
  const auto scheme = std::ranges::find(schemes, url->scheme, [](const auto& row) { return row.second; });
  if (scheme == std::end(schemes))
    return wrong(
        text, fmt::format("the scheme '{}' is not known; write https, http, tcp, tls or ssh", url->scheme));
  if (url->has_userinfo && scheme->first != Scheme::ssh)
    return std::unexpected{
        fmt::format("{}: a user name or password in a URL ends up in logs; leave it out and use --token-env",
                    url->text())};
  if (url->port == 0)
    return wrong(text, fmt::format("the port is missing; write {0}://{1}:443, with the port that you mean",
                                   url->scheme, url->host.name));
  if (!is_http(scheme->first) && (url->path.size() > 1 || !url->query.empty()))
    return wrong(text, fmt::format("{} has no path; write {}://{}:{}", url->scheme, url->scheme,
                                   url->host.name, url->port));
  Target target{scheme->first, url->host, url->port, {}};
  if (is_http(target.scheme)) {
    if (url->path.empty()) url->path = "/";
    target.url = std::move(*url);
  }
  return target;
}

std::string_view name(Scheme scheme) { return name_in(schemes, scheme); }
std::string_view name(Profile profile) { return name_in(profiles, profile); }

std::optional<Profile> profile_from(std::string_view name) {
  const auto at = std::ranges::find(profiles, name, [](const auto& row) { return row.second; });
  if (at == std::end(profiles)) return std::nullopt;
  return at->first;
}

Profile default_profile(Scheme scheme) {
  switch (scheme) {
    case Scheme::tcp:
      return Profile::tcp;
    case Scheme::tls:
      return Profile::tls;
    case Scheme::ssh:
      return Profile::ssh;
    case Scheme::https:
    case Scheme::http:
      break;
  }
  return Profile::web;
}

}  // namespace fwprobe::checks
