#pragma once
// The flow that a firewall has to let through, so that a remedy can be pasted: what a diagnosis of a blocked
// way boils down to.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "allowlist/allowlist.h"

namespace fwprobe::checks {

struct Case;
struct Finding;

struct Flow {
  /// Which firewall: it decides on the chain and on which side's rules are changed.
  enum class Place : std::uint8_t { this_machine, path, destination };
  /// What is stopped: the packets themselves, TLS on a connection that is let through, or the replies alone.
  enum class Stopped : std::uint8_t { packets, client_hello, replies };
  enum class Origin : std::uint8_t { own, published };

  /// As the firewall sees them, prefixes that hold one another merged; empty: not known.
  std::vector<allowlist::Prefix> sources;
  /// This machine's addresses before address translation, when `sources` are those behind it (--egress).
  std::vector<allowlist::Prefix> untranslated;
  Origin origin = Origin::own;  ///< published: the far side's addresses are an allowlist's
  std::vector<allowlist::Prefix> destinations;
  allowlist::Protocol protocol = allowlist::Protocol::tcp;
  std::uint16_t port = 0;  ///< of the destination
  allowlist::Direction direction = allowlist::Direction::outbound;
  Place place = Place::path;
  Stopped stopped = Stopped::packets;
  /// The firewall's chains that stop it, where its rules are known, as its commands name them: "inet filter
  /// input" for nftables, "filter INPUT" for iptables.
  std::vector<std::string> chains;
  /// The cloud's group that stops it, where its rules are known; what is empty the user has to fill in.
  struct Group {
    std::string name;             ///< "sg-903004f8", "git-nsg"
    std::string resource_group;   ///< Azure's
    std::vector<int> priorities;  ///< Azure's, one for each family of the destinations
  };
  Group group;
  std::uint16_t last_port = 0;  ///< of a range that begins with `port`; 0: that one alone
  std::string device;           ///< "hop 2 (198.51.100.1) or the device right behind it"
};

/// What must be let through for the cause of `root` to go away: the destinations of all findings that are of
/// its kind and place. None when the cause is nothing that a firewall's rule mends, or when its addresses are
/// not known.
std::optional<Flow> flow_to_allow(const Case& the_case, const std::vector<Finding>& findings,
                                  const Finding& root);

/// "Allow outbound TCP from 10.1.2.3 to 203.0.113.9 port 443 at hop 2 (198.51.100.1) …." Long lists are cut.
std::string sentence(const Flow& flow);
/// What whoever writes the rule must know besides, a sentence each.
std::vector<std::string> remarks(const Flow& flow);

/// "443", "8000-8010".
std::string ports_text(const Flow& flow, std::string_view between = "-");

/// "203.0.113.9", "192.0.2.0/24".
std::string text(const allowlist::Prefix& prefix);

}  // namespace fwprobe::checks
