#pragma once
// What the user asks about, parsed from `https://host[:port]/path`, `tcp://host:port`, `host[:port]`, …

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "probe/url.h"

namespace fwprobe::checks {

enum class Scheme : std::uint8_t { https, http, tcp, tls, ssh };
enum class Profile : std::uint8_t { web, azure_devops_services, azure_devops_server, tcp, tls, ssh };

struct Target {
  Scheme scheme = Scheme::https;
  probe::Host host;
  std::uint16_t port = 0;
  probe::Url url;            ///< for http and https; the path is "/" when none was given
  std::string text() const;  ///< normalised: "https://azure.example.com/", "tcp://host:1433"
  bool operator==(const Target&) const = default;
};

/// The error says what would be right.
std::expected<Target, std::string> parse_target(std::string_view text);

std::string_view name(Scheme scheme);
std::string_view name(Profile profile);
std::optional<Profile> profile_from(std::string_view name);
/// The profile when none was chosen: web for http and https, else the scheme's own.
Profile default_profile(Scheme scheme);
inline bool is_tls(Scheme scheme) { return scheme == Scheme::https || scheme == Scheme::tls; }
inline bool is_http(Scheme scheme) { return scheme == Scheme::https || scheme == Scheme::http; }

}  // namespace fwprobe::checks
