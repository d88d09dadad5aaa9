#pragma once
// What one DNS question to one resolver asks for, and what came back (RFC 1035, RFC 2308).

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <asio/ip/address.hpp>

#include "probe/endpoint.h"
#include "probe/failure.h"

namespace fwprobe::probe {

enum class DnsType : std::uint16_t { a = 1, ptr = 12, aaaa = 28 };
enum class DnsTransport : std::uint8_t { udp, tcp };  ///< udp: with TCP after a truncated answer, RFC 7766
/// first: the first answer ends it. all: one datagram is sent, over UDP, and what else comes back on it
/// within a second of the first answer is kept, too. Whoever forges answers is faster than the resolver, and
/// cannot keep it silent.
enum class DnsListen : std::uint8_t { first, all };

struct DnsQuestion {
  std::string name;  ///< A-labels, without the final dot
  DnsType type = DnsType::a;
  UdpEndpoint resolver;
  DnsTransport transport = DnsTransport::udp;
  DnsListen listen = DnsListen::first;
  bool operator==(const DnsQuestion&) const = default;
};

struct DnsAlias {
  std::string from;
  std::string to;
  std::chrono::seconds ttl{};
};

struct DnsAddress {
  asio::ip::address address;
  std::chrono::seconds ttl{};
};

/// RCODEs that are told apart (RFC 1035 §4.1.1); `nodata` is NOERROR without a record of the type, RFC 2308
/// §2.2.
enum class DnsStatus : std::uint8_t {
  answered,
  nodata,
  nxdomain,
  servfail,
  refused,
  formerr,
  notimp,
  other_rcode,  ///< the number is in `rcode`
  timeout,
  unreachable,  ///< an errno or ICMP error came back for the resolver itself; see `failure`
  malformed,    ///< cannot be parsed, or does not match the question; see `detail`
  alias_loop,   ///< the CNAME chain of the answer does not end
};

/// What one more answer to the same datagram says.
struct DnsOther {
  DnsStatus status = DnsStatus::answered;
  std::vector<asio::ip::address> addresses;
  bool operator==(const DnsOther&) const = default;
};

struct DnsLookup {
  DnsQuestion question;
  DnsStatus status = DnsStatus::timeout;
  std::vector<DnsAlias> aliases;      ///< the CNAME chain, in order
  std::vector<DnsAddress> addresses;  ///< at the chain's end
  std::vector<std::string> names;     ///< for `ptr`, in place of addresses: at most 16
  std::optional<std::uint8_t> rcode;
  bool truncated_udp = false;               ///< a truncated UDP answer made us ask again over TCP
  std::uint8_t attempts = 1;                ///< UDP datagrams sent; 0 over TCP, or when no turn came in time
  std::optional<TransportFailure> failure;  ///< for `unreachable`
  std::string detail;                       ///< for `malformed`: what was wrong, with the answer or the name
  // For DnsListen::all.
  std::vector<DnsOther> others;  ///< that differ from the first answer and from each other: at most 4
  std::uint32_t strangers = 0;   ///< datagrams that have another ID, or do not answer the question
};

/// Where the names of an address stand: "1.2.0.192.in-addr.arpa" (RFC 1035 §3.5), or 32 nibbles below
/// "ip6.arpa" (RFC 3596 §2.5).
std::string reverse_name(const asio::ip::address& address);

}  // namespace fwprobe::probe
