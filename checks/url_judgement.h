#pragma once
// What is wrong with a URL that a response names, compared with the address that the user asked for. Pure.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "checks/target.h"
#include "probe/url.h"

namespace fwprobe::checks {

/// Where a URL leads: all that decides whether a client can follow it.
struct Origin {
  std::string scheme;      ///< lower case
  probe::Host host;        ///< 127.1 and the like are the addresses that they mean; IPv4-mapped IPv6 is IPv4
  std::uint16_t port = 0;  ///< 0: none given, and the scheme has no default
  bool operator==(const Origin&) const = default;
  std::string text() const;  ///< "https://host[:port]", the port only when it is not the scheme's default
  std::string host_port() const;  ///< "host:port", "[2001:db8::1]:443"; the port only when there is one
};

Origin origin_of(const probe::Url& url);
/// IPv4-mapped IPv6 addresses as the IPv4 addresses that they are connected to as (RFC 4291 §2.5.5.2).
probe::Host canonical(probe::Host host);

/// What a URL is to the response that holds it.
enum class Role : std::uint8_t {
  mention,    ///< any URL: a link, a script's setting, a schema's name. It may well lead elsewhere
  self_link,  ///< a place where the service names its own address: role_of_field(), a Location header, a
              ///< realm
};

/// What a JSON field (or a header's parameter) of this name holds.
///
/// Azure DevOps builds every absolute URL from its configured public URL, so these fields are self-links:
/// url, href, remoteUrl, validRemoteUrls, sshUrl, webUrl, serverUrl, baseUrl, accessPoint, location, realm.
/// Elsewhere the same names hold anything ("url" in a feed is an article's), so other profiles have no
/// self-links in bodies. On Azure DevOps Services accessPoint and location are a directory of the platform's
/// other hosts, and mere mentions.
Role role_of_field(std::string_view name, Profile profile);

enum class Verdict : std::uint8_t { fine, localhost, private_address, foreign_host, insecure };

/// Whom the user asked, and who answered.
struct Asked {
  Origin target;
  Origin responder;  ///< the request's own origin: another one than the target's after a redirect
  bool is_private =
      false;  ///< asked by a private address, or by a name that resolves to one: the user is inside
  Profile profile = Profile::web;
};

/// - Any URL whose host is this machine's name for itself (localhost, *.localhost, localhost.localdomain, …),
/// a
///   loopback or an unspecified address is `localhost`: whoever follows it reaches himself (RFC 6761 §6.3).
/// - Any URL whose host is a private, link-local, CGNAT or unique local address is `private_address`, unless
/// the
///   user himself is inside (`is_private`).
/// - Neither is held against the very host that the user asked for.
/// - A self-link to another host or port is `foreign_host`; to the same host over http at its usual port,
/// while https
///   was asked, `insecure`. An upgrade from http to https is fine. SSH has its own port, so only its host
///   counts. The hosts of Azure DevOps Services are one service.
Verdict judge_url(const Origin& url, Role role, const Asked& asked);

/// Whether a client that obeys this URL has to reach a host or port that was not asked for (another scheme is
/// another port, or the same connection) and that can be tested: never localhost, which is another machine
/// for every client, unless localhost was asked.
bool leads_elsewhere(const Origin& url, Role role, const Asked& asked);

/// Whether a host is this machine by name (RFC 6761 §6.3 and hosts files), loopback or unspecified.
bool is_localhost(const probe::Host& host);
/// A private, link-local, CGNAT or unique local address; never a name.
bool is_private_address(const probe::Host& host);

}  // namespace fwprobe::checks
