#pragma once
// Firewall rules tried out: real connections through this machine's kernel, in networks that exist for that
// only.

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "probe/clock.h"
#include "probe/endpoint.h"

namespace fwprobe::probe {

/// A program that loads rules, its path first, and what it reads.
struct RuleLoad {
  std::vector<std::string> command;
  std::string text;
  std::string origin;  ///< the rules' file, for messages
};

/// Where the service is: on the machine that has the rules, or on one that it forwards to.
enum class ServicePlace : std::uint8_t { on_firewall, behind_firewall };

struct Rehearsal {
  std::string ip;  ///< the path of ip(8)
  std::vector<RuleLoad> rules;
  std::string interface = "fwprobe0";  ///< the firewall's, towards the sources
  TcpEndpoint service;
  ServicePlace place = ServicePlace::on_firewall;
  std::vector<TcpEndpoint> translated;     ///< where rules may send the connections instead
  std::vector<asio::ip::address> sources;  ///< unicast, of the service's family, each once
  /// Longer than the second after which a SYN is sent again (RFC 6298 §2.1), so that one that was lost for
  /// want of memory is no drop.
  Clock::duration timeout = std::chrono::milliseconds{1500};
};

enum class Passage : std::uint8_t {
  unusable,  ///< without any rule it did not connect either: the kernel does not take it for a source
  allowed,   ///< the service got a byte over the connection
  refused,   ///< a reset or an ICMP error came back
  dropped,   ///< nothing came back
};

/// ICMP errors per second are limited by the kernel. Where that limit is the whole machine's and not the
/// namespace's, a rejected connection may look dropped when there are many.
enum class IcmpErrors : std::uint8_t { all_sent, limited };

struct RehearsalResult {
  std::vector<Passage> passages;  ///< one for each source, in their order
  IcmpErrors errors = IcmpErrors::all_sent;
};

struct RehearsalFailure {
  enum class Kind : std::uint8_t {
    not_possible,   ///< here: what is missing or forbidden
    rules_refused,  ///< by the kernel, or by the program that loads them
  };
  Kind kind = Kind::not_possible;
  std::string message;  ///< one sentence
};

/// All of it happens in a child process in new user and network namespaces: no privilege is needed, nothing
/// of this machine's network is touched, and nothing is left, even when this process is killed. Blocks until
/// the end. The process must have one thread only.
std::expected<RehearsalResult, RehearsalFailure> rehearse(const Rehearsal& rehearsal);

}  // namespace fwprobe::probe
