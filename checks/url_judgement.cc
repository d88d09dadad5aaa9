#include "checks/url_judgement.h"

#include <algorithm>

#include <fmt/format.h>

#include "allowlist/prefix.h"

namespace fwprobe::checks {
namespace {

/// Names for the machine itself: RFC 6761 §6.3, and what the hosts files of Debian and Red Hat define.
constexpr std::string_view loopback_names[] = {"localhost",     "localhost.localdomain",
                                               "localhost6",    "localhost6.localdomain6",
                                               "ip6-localhost", "ip6-loopback"};

/// Self-links of Azure DevOps, lower case; `directory`: on Services they list the platform's other hosts.
struct SelfLinkField {
  std::string_view name;
  bool directory = false;
};
constexpr SelfLinkField self_link_fields[] = {
    {"url"},       {"href"},    {"remoteurl"},   {"validremoteurls"},   {"sshurl"},         {"weburl"},
    {"serverurl"}, {"baseurl"}, {"realm", true}, {"accesspoint", true}, {"location", true},
};

/// The domains of Azure DevOps Services, by Microsoft's page on allowed addresses and URLs
/// (allow-list-ip-url).
constexpr std::string_view services_domains[] = {"azure.com",   "visualstudio.com",    "vsassets.io",
                                                 "windows.net", "microsoftonline.com", "microsoft.com"};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equals_lower(std::string_view text, std::string_view lower_case) {
  return std::ranges::equal(text, lower_case, {}, lower);
}

bool is_in_domain(std::string_view name, std::string_view domain) {
  return name == domain || (name.ends_with(domain) && name[name.size() - domain.size() - 1] == '.');
}

bool is_known_host_of_services(const probe::Host& host, const Asked& asked) {
  return asked.profile == Profile::azure_devops_services && !host.address &&
         std::ranges::any_of(services_domains, [&](auto domain) { return is_in_domain(host.name, domain); });
}

bool same_host(const probe::Host& one, const probe::Host& other) {
  if (one.address || other.address) return one.address == other.address;
  return one.name == other.name;
}

std::uint16_t usual_port(std::string_view scheme) { return probe::default_port(scheme); }

bool is_ssh(const Origin& url) { return url.scheme == "ssh"; }

/// https in place of http, each at its usual port, on the same host.
bool is_upgrade(const Origin& url, const Origin& asked) {
  return asked.scheme == "http" && url.scheme == "https" && asked.port == 80 && url.port == 443;
}

Verdict compare(const Origin& url, const Origin& asked) {
  if (!same_host(url.host, asked.host)) return Verdict::foreign_host;
  if (is_ssh(url) || url.port == asked.port || url.port == 0) {
    return asked.scheme == "https" && url.scheme == "http" ? Verdict::insecure : Verdict::fine;
  }
  if (is_upgrade(url, asked)) return Verdict::fine;
  if (asked.scheme == "https" && url.scheme == "http" && url.port == usual_port("http"))
    return Verdict::insecure;
  return Verdict::foreign_host;
}

}  // namespace

std::string Origin::host_port() const {
  const bool brackets = host.address && host.address->is_v6();
  auto text = brackets ? fmt::format("[{}]", host.name) : host.name;
  return port == 0 ? text : fmt::format("{}:{}", text, port);
}

std::string Origin::text() const {
  if (port != usual_port(scheme)) return scheme + "://" + host_port();
  return scheme + "://" + Origin{scheme, host, 0}.host_port();
}

Origin origin_of(const probe::Url& url) { return {url.scheme, canonical(url.host), url.port}; }

probe::Host canonical(probe::Host host) {
  if (host.address && host.address->is_v6() && host.address->to_v6().is_v4_mapped()) {
    host.address = asio::ip::make_address_v4(asio::ip::v4_mapped, host.address->to_v6());
    host.name = host.address->to_string();
  }
  return host;
}

Role role_of_field(std::string_view name, Profile profile) {
  const bool services = profile == Profile::azure_devops_services;
  if (!services && profile != Profile::azure_devops_server) return Role::mention;
  const auto is_self_link = [&](const SelfLinkField& field) {
    return equals_lower(name, field.name) && !(services && field.directory);
  };
  return std::ranges::any_of(self_link_fields, is_self_link) ? Role::self_link : Role::mention;
}

bool is_localhost(const probe::Host& host) {
  if (!host.address) {
    return std::ranges::find(loopback_names, host.name) != std::end(loopback_names) ||
           host.name.ends_with(".localhost");
  }
  const auto scope = allowlist::scope(*host.address);
  return scope == allowlist::Scope::loopback || scope == allowlist::Scope::unspecified;
}

bool is_private_address(const probe::Host& host) {
  return host.address && allowlist::is_private(allowlist::scope(*host.address));
}

Verdict judge_url(const Origin& url, Role role, const Asked& asked) {
  if (!same_host(url.host, asked.target.host)) {
    if (is_localhost(url.host)) return Verdict::localhost;
    if (is_private_address(url.host) && !asked.is_private) return Verdict::private_address;
  }
  if (role == Role::mention || is_known_host_of_services(url.host, asked)) return Verdict::fine;
  const auto verdict = compare(url, asked.target);
  // Behind a redirect, the one who answered may speak of himself.
  if (verdict == Verdict::foreign_host && !same_host(asked.target.host, asked.responder.host))
    return compare(url, asked.responder);
  return verdict;
}

bool leads_elsewhere(const Origin& url, Role role, const Asked& asked) {
  if (role == Role::mention || url.port == 0) return false;
  // Where this machine itself is asked, its other ports are meant.
  if (is_localhost(url.host) && !same_host(url.host, asked.target.host)) return false;
  if (is_known_host_of_services(url.host, asked)) return false;
  return !same_host(url.host, asked.target.host) || url.port != asked.target.port;
}

}  // namespace fwprobe::checks
